import { requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { ShapeError, stack, type Tensor } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';

/** Options of {@link residuals}. */
export interface ResidualOptions {
  /** A number near the mean of the targets, so that few digits cancel in their variance; 0 by default. */
  readonly center?: number;
}

/**
 * What errors of a regression come to, for {@link r2}, {@link rmse} and {@link mae}: means over samples, which
 * `session.evaluate` weighs by samples, of the squared error, the absolute error, the target and its square.
 *
 * ```ts
 * m.entry('evaluate', { residuals: metrics.residuals(prediction, y) });
 * const { outputs } = await session.evaluate('evaluate', { data });
 * metrics.r2(outputs.residuals);
 * ```
 *
 * @param prediction `[batch, ...rest]`, f32
 * @param target of the same shape; integers are cast
 * @returns `[4, ...rest]`, f32; targets less the `center`
 * @throws ShapeError where the shapes differ
 */
export function residuals(prediction: Tensor, target: Tensor, options: ResidualOptions = {}): Tensor<'f32'> {
  const op = 'residuals';
  requireOptions(op, options, ['center']);
  const { center = 0 } = options;
  requireOption(op, 'center', center, Number.isFinite(Math.fround(center)), 'a finite number (f32)');
  for (const tensor of [prediction, target]) requireTensor(op, tensor);
  requireFloat(op, prediction.node);
  if (prediction.shape.length === 0 || !sameShape(prediction.shape, target.shape)) {
    const [given, wanted] = [prediction, target].map(({ shape }) => shapeText(shape));
    const text = `prediction ${given} and target ${wanted} must have one shape, [batch, ...]`;
    throw new ShapeError('shape-mismatch', op, text);
  }
  const wanted = target.cast('f32');
  const error = prediction.sub(wanted);
  const own = center === 0 ? wanted : wanted.sub(center);
  return stack([error.square(), error.abs(), own, own.square()].map((x) => x.mean(0)));
}
