import type { Module } from '../graph/index.ts';
import { entryOf, firstValues, type Given, type OnNode, referenceStep } from '../reference/index.ts';
import { nonFiniteOf, type Origin } from './nonFinite.ts';

/** One step of an entry, and all that it is given. */
export interface Moment {
  readonly entry: string;
  /** Number of the entry's step, from 1. */
  readonly step: number;
  /** States before the step. */
  readonly states: Readonly<Record<string, Given>>;
  readonly inputs: Readonly<Record<string, Given>>;
  readonly params: Readonly<Record<string, number>>;
  readonly live: Readonly<Record<string, number>>;
}

/** Where a NaN or an infinity begins, for people. */
export interface OriginText {
  /** The node, `h = log(%12)`. */
  readonly node: string;
  /** `model.ts:9`, where it is known. */
  readonly source: string | undefined;
  /** `element [0, 3] is NaN, log(-0.25)`. */
  readonly text: string;
}

/** Seconds after which the evaluator, which is slow, is not waited for (assumed). */
const MOST_SECONDS = 60;

/**
 * Where the NaN of a step begins, or the infinity that it is made of: the first node that has one, by the reference evaluator
 * from the states before the step. Undefined where the step has none, or the evaluator takes too long.
 */
export function nanOrigin(module: Module, moment: Moment): OriginText | undefined {
  const { entry, step, inputs, params, live } = moment;
  const declared = entryOf(module, entry);
  const states = firstValues(module, moment.states, 0);
  const end = performance.now() + 1000 * MOST_SECONDS;
  const onNode: OnNode = () => {
    if (performance.now() > end) throw TOO_LONG;
  };
  try {
    const situation = { states, step, inputs, params, live };
    const taken = {
      f64: referenceStep(declared, situation, 'f64', onNode),
      f32: referenceStep(declared, situation, 'f32', onNode),
    };
    const found = nonFiniteOf(declared, { entry, step }, taken);
    const first = found?.infinity ?? found?.origin;
    return first === undefined ? undefined : textOf(first);
  } catch (error) {
    if (error === TOO_LONG) return undefined;
    throw error;
  }
}

const TOO_LONG = new Error('the reference evaluator takes too long');

function textOf({ node, index, value, operands, float64 }: Origin): OriginText {
  const made =
    operands.length === 0 ? 'as it is given' : `${node.op}(${operands.map((x) => x ?? '…').join(', ')})`;
  const where = index.length === 0 ? 'its value' : `element [${index.join(', ')}]`;
  const large = float64 === null ? '' : `, in float64 ${float64}`;
  return { node: node.text, source: node.source ?? undefined, text: `${where} is ${value}, ${made}${large}` };
}
