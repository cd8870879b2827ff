import { requireOneOf, requireOption, requireOptions } from '../../graph/arguments.ts';
import type { Module } from '../../graph/index.ts';
import { named } from '../../issues.ts';
import { isWhole } from '../../runtime/issues.ts';
import { encodeModel, type OnnxModel } from '../proto/index.ts';
import { graphOf } from './graph.ts';
import { OWN_DOMAIN } from './writer.ts';

/** Options of {@link toOnnx}. */
export interface ToOnnxOptions {
  /** The entry: what the model computes. */
  readonly entry: string;
  /** The version of ONNX's operators, from 21 (the default) to 25. */
  readonly opset?: number;
  /**
   * What states are: constants of the model (`initializers`), or inputs, each with its value until a caller gives another one.
   * By default inputs where the entry updates any.
   */
  readonly states?: 'initializers' | 'inputs';
  /** Values of states by name, in place of their declared first ones. */
  readonly weights?: Readonly<Record<string, ArrayLike<number>>>;
  /** What first values are drawn with: 0 by default, as in sessions. */
  readonly seed?: number;
  /** What the file says that it was made by, with a version: `sinter` by default. */
  readonly producer?: string;
}

const OPTIONS = [
  'entry',
  'opset',
  'states',
  'weights',
  'seed',
  'producer',
] as const satisfies readonly (keyof ToOnnxOptions)[];

/** Versions of the file's format, by the versions of operators that came with them. */
const IR_VERSIONS: ReadonlyMap<number, number> = new Map([
  [21, 10],
  [22, 10],
  [23, 11],
  [24, 12],
  [25, 13],
]);

/**
 * An entry of a module as an ONNX file: `predict`, or a whole training step.
 *
 * - Inputs have their names; a bounded size is a dimension of that name, and extents are what is given, with no padding.
 *   A size that no input has is an input itself, a 64-bit integer, with its maximum until a caller gives another one.
 * - States that the entry reads or updates are constants, or inputs of their names; the next value of state `w` is the output
 *   `w.next`. Other outputs have their names. Run-time scalars are inputs with their initial values, the number of the step,
 *   `step`, is one of them: it counts from 1.
 * - A name that is taken gets a number behind it. The model's metadata have all of them as JSON: `sinter.inputs`,
 *   `sinter.states`, `sinter.params`, `sinter.outputs`.
 * - What has no operator in ONNX is a function that the model brings with it, in the domain `sinter`.
 *
 * ```ts
 * await writeFile('model.onnx', toOnnx(module, { entry: 'predict', weights }));
 * ```
 *
 * @throws UnknownNameError where there is no such entry or state; GraphError `option` for other options, `values` for weights
 *   that are not numbers of their state's type; OnnxError `weights` where they are not as many, `too-large` from 2 GiB on
 */
export function toOnnx(module: Module, options: ToOnnxOptions): Uint8Array {
  return encodeModel(onnxModel(module, options));
}

/** The same as plain data. */
export function onnxModel(module: Module, options: ToOnnxOptions): OnnxModel {
  requireOptions('toOnnx', options, OPTIONS);
  const { opset = 21, states = 'inputs', seed = 0 } = options;
  const irVersion = IR_VERSIONS.get(opset) ?? 0;
  const range = `a whole number from ${Math.min(...IR_VERSIONS.keys())} to ${Math.max(...IR_VERSIONS.keys())}`;
  requireOption('toOnnx', 'opset', opset, IR_VERSIONS.has(opset), range);
  requireOneOf('toOnnx', 'states', states, ['initializers', 'inputs']);
  requireOption('toOnnx', 'seed', seed, isWhole(seed, 0, 2 ** 32 - 1), 'a whole number of 32 bits');
  const entry = named('entry', options.entry, module.entries);
  const opsets = [
    { domain: '', version: opset },
    { domain: OWN_DOMAIN, version: 1 },
  ];
  const { graph, functions, names } = graphOf(module, entry, { domain: '', version: opset }, options);
  return {
    irVersion,
    opsets: functions.length === 0 ? opsets.slice(0, 1) : opsets,
    producer: options.producer ?? 'sinter',
    graph,
    functions,
    metadata: Object.entries(names).map(([key, value]) => [`sinter.${key}`, JSON.stringify(value)]),
  };
}
