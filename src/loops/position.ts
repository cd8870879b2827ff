import { type Axis, apply, axisRef, type Expr, int, liveExtent } from './expr.ts';
import { type Dim, extentOf } from './size.ts';

/** Row-major flat index of the element `at` of a shape. */
export function flatten(at: readonly Expr[], shape: readonly Dim[]): Expr {
  return at.reduce<Expr>(
    (flat, e, d) => apply('add', apply('mul', flat, int(extentOf(shape[d] ?? 1))), e),
    int(0),
  );
}

/** Row-major number over axes. */
export function positionOver(axes: readonly Axis[]): Expr {
  return flatten(
    axes.map(axisRef),
    axes.map((axis) => axis.extent),
  );
}

/** Where a loop over an axis ends: its live extent where it has one. */
export function axisEnd(axis: Axis): Expr {
  if (axis.live === undefined) return int(axis.extent);
  const live = liveExtent(axis.live.size);
  return axis.live.factor === 1 ? live : apply('mul', live, int(axis.live.factor));
}
