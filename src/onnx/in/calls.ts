import {
  concat,
  einsum,
  full,
  type InGraph,
  iota,
  type ModuleBuilder,
  Tensor,
  type ValueDtype,
  wordsOf,
} from '../../graph/index.ts';
import * as nn from '../../nn/index.ts';
import type { Recorder } from './recorder.ts';

/** Functions of the package beside the methods of tensors, by which operators are written. */
export const functions = { concat, einsum, full, iota };

/** A state that is to be declared. */
export interface StateOf {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: ValueDtype;
  readonly isTrainable: boolean;
  readonly values: () => ArrayLike<number>;
}

/**
 * What operators are written with: the functions of the package, and what declares. A recorder has the same, which it keeps
 * a text of (`recorder.ts`), so that one table makes modules and TypeScript.
 */
export interface Calls {
  /** What says where to build: the `m` of `defineModule`, or a graph of its own. */
  readonly where: InGraph;
  readonly nn: typeof nn;
  readonly s: typeof functions;
  /** A given array. */
  readonly literal: (values: ArrayLike<number>, shape: readonly number[], dtype: ValueDtype) => Tensor;
  readonly state: (state: StateOf) => Tensor;
  /** Says what the name of a value is made of. */
  readonly name: (tensor: Tensor, name: string) => void;
}

/** Calls that build in a graph of its own, which is there to be computed at once. */
export function foldingCalls(where: InGraph): Calls {
  return {
    where,
    nn,
    s: functions,
    literal: (values, shape, dtype) => {
      const attrs = { words: wordsOf(values, dtype), shape, dtype };
      return new Tensor(where.graph, where.graph.build('literal', [], attrs));
    },
    state: ({ name }) => {
      throw new RangeError(`the state ${name} is not known while importing`);
    },
    name: () => {},
  };
}

/** Calls that declare in a module. */
export function moduleCalls(m: ModuleBuilder): Calls {
  return {
    where: m,
    nn,
    s: functions,
    literal: (values, shape, dtype) => m.literal(values, { shape, dtype }),
    state: ({ name, shape, dtype, isTrainable, values }) =>
      m.state(name, { shape, dtype, trainable: isTrainable, init: nn.init.values(values()) }),
    name: (tensor, name) => {
      if (printable.test(name)) tensor.named(name);
    },
  };
}

/** Names that listings and kernels show. */
const printable = /^[\w./:-]+$/;

/**
 * Calls that a recorder keeps. States are declared without their values, which lie in a file beside the text.
 *
 * @param m what declares, through the recorder
 */
export function recordedCalls(m: ModuleBuilder, recorder: Recorder): Calls {
  return {
    where: m,
    nn: recorder.namespace('nn', nn),
    s: recorder.namespace('', functions),
    literal: (values, shape, dtype) =>
      m.literal(Array.from(values), { shape, ...(dtype === 'f32' ? {} : { dtype }) }),
    state: ({ name, shape, dtype, isTrainable }) =>
      m.state(name, {
        shape,
        ...(dtype === 'f32' ? {} : { dtype }),
        ...(isTrainable || dtype !== 'f32' ? {} : { trainable: false }),
      }),
    name: (tensor, name) => recorder.name(tensor, name),
  };
}
