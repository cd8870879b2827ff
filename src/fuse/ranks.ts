import { type Axis, childrenOf, type Expr, extentOf, type Loop, type Tensor } from '../loops/index.ts';

/** Where a tensor stands among those that a step makes, however its nodes were declared. */
export interface Rank {
  /** Loops on the longest way from what was there before the step. */
  readonly depth: number;
  /** What it is computed of, down to names that a user gave; equal for tensors that are computed alike. */
  readonly key: string;
}

/**
 * The rank of every tensor that some loops make. It depends on what the tensors are, and not on the order or the numbers
 * of nodes: what chooses among equals by it chooses the same in any order of declaration.
 *
 * @param loops in an order that runs
 */
export function ranksOf(loops: readonly Loop[]): ReadonlyMap<Tensor, Rank> {
  const ranks = new Map<Tensor, Rank>();
  for (const loop of loops) {
    let depth = 0;
    const places = new Map<Axis, number>([...loop.axes, ...loop.reduceAxes].map((axis, k) => [axis, k]));
    const keys = new Map<Expr, string>();
    const tensorKey = (tensor: Tensor): string => {
      const rank = ranks.get(tensor);
      if (rank === undefined) return nameKey(tensor);
      depth = Math.max(depth, rank.depth + 1);
      return rank.key;
    };
    const keyOf = (expr: Expr): string => {
      let key = keys.get(expr);
      if (key === undefined) {
        const children = childrenOf(expr).map(keyOf);
        key = digest(`${headOf(expr, places, tensorKey)}(${children.join()})`);
        keys.set(expr, key);
      }
      return key;
    };
    const axesKey = [...loop.axes, ...loop.reduceAxes].map((axis) => axis.extent).join('×');
    const reductions = loop.reductions.map(({ monoid, body }) => `${monoid} ${keyOf(body)}`).join();
    const own = loop.outs.map((out) => {
      const at = out.at.map((axis) => places.get(axis)).join();
      const name = out.tensor.role === 'temp' ? '' : nameKey(out.tensor);
      return {
        tensor: out.tensor,
        key: digest(`${axesKey};${reductions};${at};${keyOf(out.value)};${name}`),
      };
    });
    for (const { tensor, key } of own) ranks.set(tensor, { depth, key });
  }
  return ranks;
}

/** Compares by depth, what comes first before; then by what they are. */
export function byRank(a: Rank, b: Rank): number {
  if (a.depth !== b.depth) return a.depth - b.depth;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** What was there before has a name of its own; a literal's may be the number of its node. */
function nameKey({ name, role, shape, dtype }: Tensor): string {
  return role === 'constant' ? `${role} ${dtype} ${shape.map(extentOf).join('×')}` : `${role} ${name}`;
}

function headOf(
  expr: Expr,
  places: ReadonlyMap<Axis, number>,
  tensorKey: (tensor: Tensor) => string,
): string {
  switch (expr.kind) {
    case 'const':
      return `${expr.value} ${expr.dtype}`;
    case 'axis':
      return `axis ${places.get(expr.axis)}`;
    case 'live':
      return `live ${expr.size.name}`;
    case 'param':
      return `param ${expr.param.name}`;
    case 'acc':
      return `acc ${expr.reduction}.${expr.part}`;
    case 'var':
      return `var ${expr.name}`;
    case 'load':
      return `load ${tensorKey(expr.tensor)}`;
    case 'apply':
      return `${expr.op} ${expr.dtype}`;
    case 'parts':
      return 'parts';
    default:
      return expr satisfies never;
  }
}

/** A short text for a long one, nearly always another for another: two that share one are ranked by their places. */
function digest(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let k = 0; k < text.length; k++) {
    const code = text.charCodeAt(k);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return `${(high >>> 0).toString(36)}.${(low >>> 0).toString(36)}`;
}
