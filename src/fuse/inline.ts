import { expressionsOf, hasMoreNodes } from '../loops/complexity.ts';
import {
  type Axis,
  axisRef,
  type Expr,
  type Load,
  type Loop,
  loopLoads,
  mapExpr,
  mapLoop,
  type Out,
  substituteAxes,
  type Tensor,
} from '../loops/index.ts';
import { tooLarge } from './bulk.ts';

/** Gives expressions of the same value that are no larger; the same object where there is nothing to simplify. */
export type Simplify = (expr: Expr) => Expr;

/**
 * A reader with a producer's expression in place of every load of its output; the reason where that would be too large.
 *
 * @param isOnly whether nothing else reads the producer, which is then gone: its axes may become the consumer's
 */
export function inlined(
  reader: Loop,
  producer: Loop,
  { tensor, at, value }: Out,
  isOnly: boolean,
  simplify: Simplify,
): Loop | string {
  const consumer = isOnly ? alongAxes(reader, tensor, at) : reader;
  const memo = new Map<Expr, Expr>();
  const element = (l: Load): Expr =>
    at.every((axis, d) => isAxis(indexAt(l, d), axis))
      ? value
      : substituteAxes(value, new Map(at.map((axis, d) => [axis, indexAt(l, d)] as const)));
  const rewrite = (expr: Expr): Expr =>
    mapExpr(expr, (e) => (e.kind === 'load' && e.tensor === tensor ? element(e) : e), memo);
  const raw = mapLoop(consumer, rewrite);
  const large = tooLarge(raw);
  if (large !== null) return large;
  return { ...mapLoop(raw, simplify), origin: [...new Set([...producer.origin, ...consumer.origin])] };
}

/**
 * A reader that runs along a producer's own axes, where it reads each element at its own place: what the producer computes
 * then stays as it is. A chain that is inlined link by link would otherwise be written again at each of them.
 */
function alongAxes(reader: Loop, tensor: Tensor, at: readonly Axis[]): Loop {
  const [first, ...others] = loopLoads(reader).filter((l) => l.tensor === tensor);
  if (first === undefined || others.some((l) => l.at.some((index, d) => !isAxis(index, axisAt(first, d)))))
    return reader;
  const to = new Map<Axis, Axis>();
  for (const [d, axis] of at.entries()) {
    const own = axisAt(first, d);
    const isSame =
      own?.name === axis.name &&
      own.extent === axis.extent &&
      own.live?.size.name === axis.live?.size.name &&
      own.live?.factor === axis.live?.factor;
    if (own === undefined || !isSame || to.has(own)) return reader;
    to.set(own, axis);
  }
  // Large ones are written again as well as the producer.
  if (hasMoreNodes(expressionsOf(reader), MOST_RENAMED)) return reader;
  const renamed = (axis: Axis): Axis => to.get(axis) ?? axis;
  const by = new Map([...to].map(([from, axis]) => [from, axisRef(axis)] as const));
  const memo = new Map<Expr, Expr>();
  const along = mapLoop(reader, (expr) => substituteAxes(expr, by, memo));
  return {
    ...along,
    axes: reader.axes.map(renamed),
    reduceAxes: reader.reduceAxes.map(renamed),
    outs: along.outs.map((out) => ({ ...out, at: out.at.map(renamed) })),
  };
}

/**
 * Nodes of a reader that runs along a producer's axes, at most. Assumed: a saving of compiling alone, where a chain is inlined link
 * by link. Half and twice as many give the same programs of the workloads w2, w3, w8 and w9, of a recurrence of 32 steps and of six
 * residual layers.
 */
const MOST_RENAMED = 32;

function axisAt(l: Load, d: number): Axis | undefined {
  const index = l.at[d];
  return index?.kind === 'axis' ? index.axis : undefined;
}

function isAxis(index: Expr, axis: Axis | undefined): boolean {
  return index.kind === 'axis' && index.axis === axis;
}

function indexAt(l: Load, d: number): Expr {
  const index = l.at[d];
  if (index === undefined) throw new RangeError(`load of ${l.tensor.name} has no index ${d}`);
  return index;
}
