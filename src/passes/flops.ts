import {
  type Axis,
  axesIn,
  changedWhere,
  childrenOf,
  domainSize,
  type Expr,
  isFloat,
  type Loop,
  subexpressions,
  type Walk,
  walkOf,
} from '../loops/index.ts';

/**
 * Floating-point operations of one run of a loop: each float operation of its expressions is one, whatever it
 * costs, for each combination of the axes that it depends on (so the decoding of a contraction's operand
 * counts once for each of its elements, not for each product); each combination of a reduction is one more.
 * Conversions, comparisons and selects do not count.
 */
export function loopFlops(loop: Loop): number {
  const combined = loop.reductions.filter((r) => isFloat(r.body.dtype)).length;
  const walk = walkOf(loop);
  const size = sizeWith(walk, changedWhere(loop) !== null);
  return combined * size([...loop.axes, ...loop.reduceAxes]) + operations(walk?.loop ?? loop, size);
}

/**
 * How many combinations of some axes there are: of a position with the rows of its list, one. Where rows without a
 * position stay as they are, there are no more rows than positions.
 */
function sizeWith(walk: Walk | null, isPartial: boolean): (axes: Iterable<Axis>) => number {
  if (walk === null) return domainSize;
  const rows = axesIn(walk.first);
  const most = isPartial ? walk.position.extent : Infinity;
  return (axes) => {
    const all = new Set(axes);
    const others = [...all].filter((axis) => !rows.has(axis));
    if (all.has(walk.position)) return domainSize(others);
    return domainSize(others) * Math.min(most, domainSize([...all].filter((axis) => rows.has(axis))));
  };
}

function operations(loop: Loop, size: (axes: Iterable<Axis>) => number): number {
  const roots = [...loop.reductions.map((r) => r.body), ...loop.outs.map((out) => out.value)];
  const axesOf = new Map<Expr, ReadonlySet<Axis>>();
  let count = 0;
  for (const e of subexpressions(...roots)) {
    const axes = new Set(childrenOf(e).flatMap((child) => [...(axesOf.get(child) ?? [])]));
    if (e.kind === 'axis') axes.add(e.axis);
    // What was reduced is there once for each element.
    if (e.kind === 'acc') for (const axis of loop.axes) axes.add(axis);
    axesOf.set(e, axes);
    if (e.kind !== 'apply' || !isFloat(e.dtype) || e.op === 'select' || e.op === 'cast') continue;
    count += size(axes);
  }
  return count;
}
