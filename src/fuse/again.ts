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
import { evaluationOf, loopEvaluation } from '../schedule/cost.ts';
import { isTiled } from '../schedule/laneWork.ts';
import { touchedBytes } from '../schedule/touched.ts';
import { finishOf, multiplyAdds } from '../schedule/work.ts';
import { tooLargeToRepeat } from './bulk.ts';
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
  const large = tooLargeToRepeat([value], consumers.length);
  if (large !== null) return { taken: false, reason: { kind: 'rule', text: large } };
  const elements = tensorSize(tensor);
  const { arithmetic, loads } = evaluationOf(value);
  const isOfStep = loadsIn(value).every(isOfStepAlone);
  if (elements === 1 && isOfStep)
    return { taken: true, reason: { kind: 'rule', text: 'it reads nothing: it is a constant of the step' } };
  if (isOfStep && consumers.every((consumer) => evaluationsIn(consumer, producer, machine) <= elements)) {
    const text =
      'it reads nothing of its own, and is made of the step and the place of an element where it is read';
    return { taken: true, reason: { kind: 'rule', text } };
  }
  const { perOperation, perByte } = rates(machine);
  const own = tensorsRead(producer);
  // By itself it would be one more output of what makes its operands.
  const once = Math.max(elements * (arithmetic + machine.load) * perOperation, 4 * elements * perByte);
  let stored = once;
  let again = 0;
  // What makes an operand for this loop alone stores this loop's value in its place, but only if this loop is one of its outputs.
  const swapped = [...own].filter((operand) => operand.role === 'temp' && isOnlyReadBy(operand));
  for (const operand of swapped) again += 4 * tensorSize(operand) * perByte;
  const savesMemory = swapped.reduce((n, operand) => n + tensorSize(operand), 0) < elements / 2;
  for (const consumer of consumers) {
    const evaluations = evaluationsIn(consumer, producer, machine);
    const known = tensorsRead(consumer);
    const more = [...own].filter((operand) => !known.has(operand));
    const moved = more.reduce((n, operand) => n + 4 * Math.min(tensorSize(operand), elements), 0);
    const { operations, bytes } = effortOf(consumer, machine);
    stored += Math.max(operations * perOperation, bytes * perByte);
    again += Math.max(
      (operations + evaluations * (arithmetic + (loads - 1) * machine.load)) * perOperation,
      (bytes - 4 * Math.min(evaluations, elements) + moved) * perByte,
    );
  }
  const text = `computed where it is read its readers take ${microsText(again)} of a full machine, stored and loaded ${microsText(stored)}`;
  // Where times are as good as equal, by what the value itself takes, memory decides.
  const margin = INDIFFERENCE * (once + 4 * elements * perByte * consumers.length);
  return {
    taken: again <= stored + (savesMemory ? margin : -margin),
    reason: { kind: 'rule', text },
  };
}

/** Whether a load is one for all elements, of what no loop of the step makes: a word of a key. */
function isOfStepAlone({ tensor, at }: Load): boolean {
  return tensor.role === 'state' && at.every(({ kind }) => kind === 'const');
}

/** What a loop takes in all: operations of all its invocations, and bytes of each tensor once. */
function effortOf(loop: Loop, machine: Machine): { readonly operations: number; readonly bytes: number } {
  const { term } = loopEvaluation(loop);
  const outputs = domainSize(loop.axes);
  const reduced = domainSize(loop.reduceAxes);
  const finish = finishOf(loop, machine);
  const bytes = touchedBytes(loop, [], () => false);
  const c = contractionOf(loop);
  if (c === null) {
    const terms = loop.reductions.length === 0 ? 0 : reduced * multiplyAdds(term, machine);
    return { operations: outputs * (terms + finish), bytes };
  }
  const [rows, columns] = tileOf(loop, machine);
  const [m, n, sets] = [domainSize(c.m), domainSize(c.n), domainSize(c.batch) * reduced];
  const staged =
    m * tiles(n, columns) * multiplyAdds(evaluationOf(...c.a), machine) +
    n * tiles(m, rows) * multiplyAdds(evaluationOf(...c.b), machine);
  return { operations: sets * (m * n + staged) + outputs * finish, bytes };
}

/**
 * By how much of what a value takes to compute, store and load once its two times may differ and be as good as equal:
 * assumed, three times the error of the model, since only what surrounds the value is known here.
 */
const INDIFFERENCE = 3 * MODEL_ERROR;

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
  const evaluated = loadsOf(c.a).length * m * tiles(n, columns) + loadsOf(c.b).length * n * tiles(m, rows);
  return evaluated * sets + later;
}

/** How many tiles an extent takes: one of them may be without end. */
function tiles(extent: number, side: number): number {
  return extent === 0 ? 0 : Math.max(1, Math.ceil(extent / side));
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
