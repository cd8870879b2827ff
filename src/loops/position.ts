import { AffineForms } from './affine.ts';
import { type Axis, apply, axisRef, type Expr, int, type Load, liveExtent, type Tensor } from './expr.ts';
import type { Out } from './loop.ts';
import { memoized } from './memo.ts';
import { simplify } from './simplify.ts';
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

/**
 * Whether a load reads the very place that an output is written at, where both tensors lie over one memory: places in
 * row-major order are compared, since the two may be seen as other shapes.
 */
export function isOwnElement(load: Load, out: Out): boolean {
  return isSameIndex(load.at, load.tensor, out) || isSamePlace(out)(load);
}

/** The same by arithmetic: loads and outputs are immutable, and each search for memory asks again. */
const isSamePlace = memoized((out: Out) =>
  memoized(({ tensor, at }: Load): boolean => {
    const forms = new AffineForms();
    const written = simplify(flatten(out.at.map(axisRef), out.tensor.shape));
    const read = simplify(flatten(at, tensor.shape));
    const { terms, constant } = forms.add(forms.of(written), forms.of(read), -1);
    return terms.length === 0 && constant === 0;
  }),
);

/** Whether a load has the indices that an output has, in a tensor of the same shape: the case that needs no arithmetic. */
function isSameIndex(at: readonly Expr[], { shape }: Tensor, out: Out): boolean {
  const own = out.tensor.shape;
  return (
    own.length === shape.length &&
    at.every((index, d) => index.kind === 'axis' && index.axis === out.at[d]) &&
    own.every((dim, d) => extentOf(dim) === extentOf(shape[d] ?? 0))
  );
}
