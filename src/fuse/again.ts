import { tensorSize, tensorsRead } from '../loops/edges.ts';
import {
  contractionOf,
  domainSize,
  type Expr,
  type Load,
  type Loop,
  loadsIn,
  type Out,
  type Tensor,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { evaluationOf } from '../schedule/cost.ts';
import { isTiled } from '../schedule/tasks.ts';
import type { Reason } from './decisions.ts';
import { MODEL_ERROR, microsText } from './price.ts';

/**
 * Move 7 of fusion, store or compute again: what a pointwise loop makes is computed wherever it is read if a full
 * machine takes less time for that than to store it and load it. Arithmetic, loads and bytes are weighed at the rates of the machine.
 *
 * @param isOnlyReadBy whether nothing but the producer reads an operand of it
 * @returns whether it is, and the two times
 */
export function computedAgain(
  producer: Loop,
  consumers: readonly Loop[],
  isOnlyReadBy: (operand: Tensor) => boolean,
  machine: Machine,
): { readonly taken: boolean; readonly reason: Reason } {
  if (isNextOfState(producer, consumers))
    return {
      taken: false,
      reason: { kind: 'rule', text: 'it is the next value of a state, which is stored anyhow' },
    };
  const { tensor, value } = outOf(producer);
  const elements = tensorSize(tensor);
  const { arithmetic, loads } = evaluationOf(value);
  if (elements === 1 && loads === 0)
    return { taken: true, reason: { kind: 'rule', text: 'it reads nothing: it is a constant of the step' } };
  const { perOperation, perByte } = rates(machine);
  const own = tensorsRead(producer);
  let [again, stored] = [0, elements * (arithmetic + machine.load) * perOperation + 4 * elements * perByte];
  // What makes an operand for this loop alone stores this loop's value in its place, but only if this loop is one of its outputs.
  for (const operand of own)
    if (operand.role === 'temp' && isOnlyReadBy(operand))
      again += tensorSize(operand) * (machine.load * perOperation + 4 * perByte);
  for (const consumer of consumers) {
    const evaluations = evaluationsIn(consumer, producer, machine);
    const known = tensorsRead(consumer);
    const more = [...own].filter((operand) => !known.has(operand));
    const bytes = more.reduce((n, operand) => n + 4 * Math.min(tensorSize(operand), elements), 0);
    again += evaluations * (arithmetic + loads * machine.load) * perOperation + bytes * perByte;
    stored += evaluations * machine.load * perOperation + 4 * Math.min(evaluations, elements) * perByte;
  }
  return {
    taken: again < (1 - MODEL_ERROR) * stored,
    reason: {
      kind: 'rule',
      text: `computed where it is read it takes ${microsText(again)} of a full machine, stored and loaded ${microsText(stored)}`,
    },
  };
}

/** Microseconds of a full machine for one multiply-add, and for one byte. */
function rates({ cores, lanes, neighbours, clock, cacheRate, features }: Machine): {
  perOperation: number;
  perByte: number;
} {
  // Tasks compute one vector at a time outside of tiles.
  const wide = features.has('tasks') ? neighbours : lanes;
  return { perOperation: 1 / (cores * wide * clock), perByte: 1 / cacheRate };
}

/**
 * Whether a loop makes the next value of a state out of the old one. It is stored anyhow; inlined, all who read the new
 * value would read the old one instead, and the state could be written over only after the last of them.
 */
export function isNextOfState(producer: Loop, consumers: readonly Loop[]): boolean {
  const made = outOf(producer).tensor;
  const old = tensorsRead(producer);
  return consumers.some(({ outs }) =>
    outs.some(
      ({ tensor: { over }, value }) =>
        over !== undefined && old.has(over) && value.kind === 'load' && value.tensor === made,
    ),
  );
}

/** The only output of a pointwise loop. */
export function outOf(loop: Loop): Out {
  const [out] = loop.outs;
  if (out === undefined) throw new RangeError(`${loop.name} has no output`);
  return out;
}

/**
 * How often a loop evaluates what it reads of a producer, at all its elements together. An operand of a contraction is
 * evaluated once for each tile that it is in, where a machine is given; else once a product.
 */
export function evaluationsIn(consumer: Loop, producer: Loop, machine?: Machine): number {
  const { tensor } = outOf(producer);
  const loadsOf = (exprs: readonly Expr[]): Load[] => loadsIn(...exprs).filter((l) => l.tensor === tensor);
  const outer = domainSize(consumer.axes);
  const later = loadsOf(consumer.outs.map((o) => o.value)).length * outer;
  const bodies = loadsOf(consumer.reductions.map((r) => r.body)).length;
  if (bodies === 0) return later;
  const reduced = domainSize(consumer.reduceAxes);
  const c = machine === undefined ? null : contractionOf(consumer);
  if (machine === undefined || c === null || consumer.reductions.length > 1)
    return bodies * outer * reduced + later;
  const [rows, columns] = tileOf(consumer, machine);
  const sets = domainSize(c.batch) * reduced;
  const [m, n] = [domainSize(c.m), domainSize(c.n)];
  const evaluated =
    loadsOf(c.a).length * m * Math.ceil(n / columns) + loadsOf(c.b).length * n * Math.ceil(m / rows);
  return evaluated * sets + later;
}

/**
 * Rows and columns of the tile that a contraction has, about: two by two outputs for each invocation of a workgroup; where
 * invocations compute alone, a square of their sums; all of them where tasks pack operands once.
 */
function tileOf(loop: Loop, machine: Machine): readonly [number, number] {
  if (machine.features.has('tasks')) return isTiled(loop) ? [Infinity, Infinity] : [1, 1];
  const side = machine.features.has('barriers') ? 2 * Math.sqrt(machine.workgroup) : Math.sqrt(machine.sums);
  return [side, side];
}
