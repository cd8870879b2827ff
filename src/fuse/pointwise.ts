import { tensorSize, tensorsRead, withoutDead } from '../loops/edges.ts';
import {
  type Axis,
  accessesOf,
  axisOf,
  axisRef,
  type Expr,
  type Loop,
  mapExpr,
  substituteAxes,
  type Tensor,
} from '../loops/index.ts';
import { simplifier } from '../loops/simplify.ts';
import type { Machine } from '../machine/index.ts';
import { computedAgain, evaluationsIn, isNextOfState, outOf } from './again.ts';
import { tooLarge } from './bulk.ts';
import { Dataflow, loopAccess } from './dataflow.ts';
import type { Decisions, Reason } from './decisions.ts';
import { inlined, type Simplify } from './inline.ts';
import { movementText } from './movement.ts';
import { byRank, type Rank, ranksOf } from './ranks.ts';

/**
 * Moves 1 and 2 of fusion. A pointwise loop whose value nobody needs in memory disappears:
 *
 * - *inline* into its one pointwise reader, or into all readers where computing it again takes less time than to store
 *   and load it;
 * - *epilogue*: it becomes one more output of the loop that makes its operand, over the same elements
 *   (bias, activation, the optimizer's update).
 *
 * Chains collapse first, so that an epilogue takes a whole chain at once. Loops are visited by rank, so that what comes out
 * does not depend on the order in which nodes were declared.
 */
export function fusePointwise(loops: readonly Loop[], machine: Machine, decisions: Decisions): Loop[] {
  const ranks = ranksOf(loops);
  // One simplifier: of an expression that was put together of simple ones, only the seams are new to it.
  const simplify = simplifier();
  // Who reads a state late holds its update back: only prices of the whole step see that, and `partition` has them.
  const updated = new Set(loops.flatMap((loop) => loop.outs.flatMap(({ tensor }) => tensor.over ?? [])));
  const again: InlineRule = (producer, consumers, flow) => {
    if ([...tensorsRead(producer)].some((tensor) => updated.has(tensor)))
      return { taken: false, reason: null };
    const isOnlyReadBy = (operand: Tensor): boolean => flow.readersOf(operand).length === 1;
    return computedAgain(producer, consumers, isOnlyReadBy, machine);
  };
  const inline = (some: readonly Loop[], rule: InlineRule): Loop[] =>
    inlineWhere(some, rule, ranks, simplify, decisions);
  const collapsed = inline(inline(inline(loops, chain), again), chain);
  return withoutDead(inline(mergeEpilogues(collapsed, ranks, simplify, decisions), again));
}

type Ranks = ReadonlyMap<Tensor, Rank>;

/** Loops by the last of the ranks of what each makes. */
function inRankOrder(loops: readonly Loop[], ranks: Ranks): Loop[] {
  const ranked = loops.map((loop) => {
    const own = loop.outs.flatMap(({ tensor }) => ranks.get(tensor) ?? []).sort(byRank);
    return { loop, rank: own.at(-1) ?? { depth: 0, key: '' } };
  });
  return ranked.sort((a, b) => byRank(a.rank, b.rank)).map(({ loop }) => loop);
}

/** Whether a loop is computed where it is read, and why; null where there is nothing to say. */
type InlineRule = (
  producer: Loop,
  readers: readonly Loop[],
  flow: Dataflow<Loop>,
) => { readonly taken: boolean; readonly reason: Reason | null };

/** A chain of pointwise loops is one loop: nothing is computed more often. */
const chain: InlineRule = (producer, consumers) => {
  const [only, ...others] = consumers;
  const once =
    only !== undefined &&
    others.length === 0 &&
    !isNextOfState(producer, consumers) &&
    evaluationsIn(only, producer) <= tensorSize(outOf(producer).tensor);
  return {
    taken: once,
    reason: once ? { kind: 'rule', text: 'its only reader reads each element once' } : null,
  };
};

function inlineWhere(
  loops: readonly Loop[],
  rule: InlineRule,
  ranks: Ranks,
  simplify: Simplify,
  decisions: Decisions,
): Loop[] {
  const flow = new Dataflow(loops, loopAccess);
  for (const { tensor } of inRankOrder(loops, ranks).flatMap((loop) => loop.outs.slice(0, 1))) {
    const producer = flow.writerOf(tensor);
    const [out, ...others] = producer?.outs ?? [];
    if (producer === undefined || out === undefined || others.length > 0) continue;
    if (producer.reductions.length > 0 || out.tensor.role !== 'temp') continue;
    const consumers = flow.readersOf(out.tensor);
    if (consumers.length === 0) continue;
    const { taken, reason } = rule(producer, consumers, flow);
    if (!taken || reason === null) {
      if (reason !== null)
        for (const consumer of consumers) decisions.refuse('inline', producer, consumer, reason);
      continue;
    }
    const become = consumers.map((consumer) =>
      inlined(consumer, producer, out, consumers.length === 1, simplify),
    );
    const large = become.find((loop) => typeof loop === 'string');
    for (const [k, consumer] of consumers.entries()) {
      const loop = become[k];
      if (large !== undefined || typeof loop !== 'object') {
        if (large !== undefined) decisions.refuse('inline', producer, consumer, large);
        continue;
      }
      decisions.take('inline', producer, consumer, reason);
      flow.replace(consumer, loop);
    }
    if (large === undefined) flow.remove(producer);
  }
  return flow.items;
}

function mergeEpilogues(
  loops: readonly Loop[],
  ranks: Ranks,
  simplify: Simplify,
  decisions: Decisions,
): Loop[] {
  const flow = new Dataflow(loops, loopAccess);
  for (const consumer of inRankOrder(loops, ranks)) {
    if (!flow.has(consumer) || consumer.reductions.length > 0) continue;
    const sources = flow.sourcesOf(consumer);
    // The latest producer first: the others then come before it.
    for (const producer of inRankOrder([...sources], ranks).reverse()) {
      const late = [...sources].find((other) => other !== producer && flow.dependsOn(other, producer));
      if (late !== undefined) {
        decisions.refuse('epilogue', producer, consumer, `it also reads ${late.name}, which comes after`);
        continue;
      }
      const map = alignment(producer, consumer);
      if (typeof map === 'string') {
        decisions.refuse('epilogue', producer, consumer, map);
        continue;
      }
      const merged = merge(producer, consumer, map, simplify);
      const large = tooLarge(merged);
      if (large !== null) {
        decisions.refuse('epilogue', producer, consumer, large);
        continue;
      }
      decisions.take('epilogue', producer, consumer, 'same elements in the same order');
      const isRead = (tensor: Tensor): boolean =>
        flow.readersOf(tensor).some((l) => l !== producer && l !== consumer);
      flow.join(producer, consumer, withoutUnread(merged, isRead));
      break;
    }
  }
  return flow.items;
}

/**
 * The map from the consumer's axes to the producer's, where the consumer reads the producer's outputs only at
 * its own element and both run over the same elements; else the reason why not. Axes of extent 1 do not count.
 */
function alignment(producer: Loop, consumer: Loop): Map<Axis, Axis> | string {
  const map = new Map<Axis, Axis>();
  const outs = new Map(producer.outs.map((o) => [o.tensor, o]));
  for (const access of accessesOf(consumer)) {
    const l = access.load;
    const out = outs.get(l.tensor);
    if (out === undefined) continue;
    for (const [d, axis] of out.at.entries()) {
      const index = access.dimensions[d];
      if (axis.extent === 1 || index === undefined) continue;
      const own = axisOf(index);
      if (own === undefined || own.extent !== axis.extent) return movementText(consumer, access, d);
      const known = map.get(own);
      if (known !== undefined && known !== axis)
        return `it reads ${l.tensor.name} transposed or on a diagonal`;
      map.set(own, axis);
    }
  }
  const wide = (axes: readonly Axis[]): number => axes.filter((axis) => axis.extent !== 1).length;
  const images = new Set(map.values());
  if (images.size !== map.size) return 'two axes of the reader run along one of the producer';
  if (wide(producer.axes) !== map.size || wide(consumer.axes) !== map.size)
    return 'they run over different elements';
  return map;
}

/** Producer and consumer as one loop: the consumer's outputs, with the producer's values in place of loads. */
function merge(producer: Loop, consumer: Loop, map: ReadonlyMap<Axis, Axis>, simplify: Simplify): Loop {
  // Axes of one element are all alike: the consumer's are the producer's, as far as there are enough.
  const free = producer.axes.filter((axis) => axis.extent === 1);
  const unit = consumer.axes.filter((axis) => axis.extent === 1);
  const further = unit.slice(free.length);
  const at = new Map([...map, ...unit.map((axis, k) => [axis, free[k] ?? axis] as const)]);
  const to = new Map<Axis, Expr>([...map].map(([from, axis]) => [from, axisRef(axis)] as const));
  const values = new Map(producer.outs.map((o) => [o.tensor, o.value]));
  const memo = new Map<Expr, Expr>();
  const rewrite = (expr: Expr): Expr =>
    mapExpr(substituteAxes(expr, to), (e) => (e.kind === 'load' ? (values.get(e.tensor) ?? e) : e), memo);
  const outs = consumer.outs.map((o) => ({
    tensor: o.tensor,
    at: o.at.map((axis) => at.get(axis) ?? axis),
    value: simplify(rewrite(o.value)),
  }));
  return {
    ...producer,
    name: nameOf(producer, consumer),
    axes: [...producer.axes, ...further],
    outs: [...producer.outs, ...outs],
    origin: [...new Set([...producer.origin, ...consumer.origin])],
  };
}

/** The more telling name: a name that a user gave rather than one made of an operation and a number. */
function nameOf(producer: Loop, consumer: Loop): string {
  const made = (loop: Loop): boolean => /_\d+$/.test(loop.name);
  if (made(producer) !== made(consumer)) return (made(producer) ? consumer : producer).name.replace(/'$/, '');
  return consumer.outs.some((o) => o.tensor.role === 'temp') ? consumer.name : producer.name;
}

/** A loop without the temporary outputs that no other loop reads; a loop keeps at least one output. */
function withoutUnread(loop: Loop, isRead: (tensor: Tensor) => boolean): Loop {
  const outs = loop.outs.filter((o) => o.tensor.role !== 'temp' || isRead(o.tensor));
  return outs.length === 0 || outs.length === loop.outs.length ? loop : { ...loop, outs };
}
