import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import type { Operators } from './operator.ts';

/** Elements of an axis that one of the result is made of: places and shares. */
interface Taps {
  readonly places: readonly number[];
  readonly shares: readonly number[];
}

/** Elements of a result along one axis, and taps, beyond which there is no table. */
const MOST_TAPS = 2 ** 16;

/** Images in another size, and at given places. */
export const resizing = {
  Resize: { since: 10, unfolded: true, import: (ctx) => resized(ctx) },
  Upsample: { since: 7, unfolded: true, import: (ctx) => resized(ctx) },
  GridSample: {
    since: 16,
    unfolded: true,
    import: (ctx) => {
      const mode = ctx.text('mode', ctx.opset < 20 ? 'bilinear' : 'linear');
      const padding = ctx.text('padding_mode', 'zeros');
      if (mode !== 'bilinear' && mode !== 'linear' && mode !== 'nearest') return ctx.refuse(`mode ${mode}`);
      if (padding !== 'zeros' && padding !== 'border' && padding !== 'reflection')
        return ctx.fail(`padding_mode ${padding}`);
      if (ctx.shape(0).length !== 4) return ctx.refuse('volumes');
      return ctx.nn.gridSample(ctx.tensor(0), ctx.tensor(1), {
        ...(mode === 'nearest' ? { method: 'nearest' } : {}),
        ...(padding === 'zeros' ? {} : { padding }),
        ...(ctx.flag('align_corners') ? { alignCorners: true } : {}),
      });
    },
  },
} satisfies Operators;

function resized(ctx: NodeContext): Tensor {
  const x = ctx.tensor(0);
  const rank = x.shape.length;
  const isOld = ctx.opset < 11;
  const mode = ctx.text('mode', 'nearest');
  const transform = isOld ? 'asymmetric' : ctx.text('coordinate_transformation_mode', 'half_pixel');
  const axes = (ctx.ints('axes') ?? x.shape.map((_, k) => k)).map((axis) => ctx.axis(axis, rank));
  const [scalesAt, sizesAt] = isOld ? [1, 3] : [2, 3];
  const hasSizes = ctx.has(sizesAt) && ctx.shape(sizesAt)[0] !== 0;
  const scales = hasSizes
    ? undefined
    : (ctx.attribute('scales', 'floats')?.value ?? ctx.numbers(scalesAt, 'scales'));
  const sizes = hasSizes ? ctx.elements(sizesAt, 'sizes') : undefined;
  const roi = transform === 'tf_crop_and_resize' ? ctx.numbers(1, 'roi') : undefined;
  const policy = ctx.text('keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, k) => {
    const size = sizes?.[k];
    const dim = x.shape[axis];
    return typeof size === 'number' && typeof dim === 'number' ? size / dim : 1;
  });
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.reduce((y, axis, k) => {
    const dim = x.shape[axis];
    const size = sizes?.[k];
    // A bounded batch stays as it is.
    if (typeof dim !== 'number')
      return scales === undefined || scales[k] === 1 ? y : ctx.refuse('a bounded axis gets another size');
    if (typeof size === 'object') return ctx.refuse('a size is a bounded size');
    const isKept = policy !== 'stretch' && size !== undefined;
    const scale = isKept ? common : size === undefined ? (scales?.[k] ?? 1) : size / dim;
    const extent = isKept ? Math.round(common * dim) : (size ?? Math.floor(dim * scale));
    if (extent === dim && scale === 1 && roi === undefined) return y;
    const [start, end] = [roi?.[k] ?? 0, roi?.[k + axes.length] ?? 1];
    const place = placing(ctx, transform, dim, extent, scale, start, end);
    return along(ctx, y, axis, dim, extent, scale, mode, place);
  }, x);
}

type Place = (i: number) => number;

/** Where an element of the result lies in the operand. */
function placing(
  ctx: NodeContext,
  transform: string,
  from: number,
  to: number,
  scale: number,
  start: number,
  end: number,
): Place {
  switch (transform) {
    case 'half_pixel':
      return (i) => (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = to / (scale * from);
      const offset = (from / 2) * (1 - adjustment);
      return (i) => offset + (i + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return (i) => (to > 1 ? (i + 0.5) / scale - 0.5 : 0);
    case 'align_corners':
      return (i) => (to === 1 ? 0 : (i * (from - 1)) / (to - 1));
    case 'asymmetric':
      return (i) => i / scale;
    case 'tf_half_pixel_for_nn':
      return (i) => (i + 0.5) / scale;
    case 'tf_crop_and_resize':
      return (i) =>
        to > 1
          ? start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1)
          : 0.5 * (start + end) * (from - 1);
    default:
      return ctx.refuse(`coordinate_transformation_mode ${transform}`);
  }
}

/** One axis in another size: each element of the result is a sum of some, by shares. */
function along(
  ctx: NodeContext,
  x: Tensor,
  axis: number,
  from: number,
  to: number,
  scale: number,
  mode: string,
  place: Place,
): Tensor {
  if (from === 0 || to === 0) return ctx.refuse('an axis without elements');
  const isSmooth = ctx.flag('antialias') && scale < 1 && mode !== 'nearest';
  const reach = { nearest: 0.5, linear: 1, cubic: 2 }[mode];
  if (reach === undefined) return ctx.refuse(`mode ${mode}`);
  const width = isSmooth ? scale : 1;
  const start = Math.floor(-reach / width) + 1;
  if (to * (2 - 2 * start) > MOST_TAPS) return ctx.refuse(`${to} elements along an axis`);
  const isBeyond = (at: number): boolean =>
    ctx.text('coordinate_transformation_mode', '') === 'tf_crop_and_resize' && (at < 0 || at > from - 1);
  const places = Array.from({ length: to }, (_, i) => place(i));
  const taps = places.map((at): Taps => {
    if (mode === 'nearest') return { places: [nearest(ctx, at)], shares: [1] };
    const first = Math.ceil(at) - 1 + start;
    const own = Array.from({ length: 2 - 2 * start }, (_, k) => first + k);
    const kernel = mode === 'linear' ? triangle : cubic(ctx.float('cubic_coeff_a', -0.75));
    const excludes = ctx.flag('exclude_outside');
    const shares = own.map((n) => (excludes && (n < 0 || n >= from) ? 0 : kernel((n - at) * width)));
    const sum = excludes || isSmooth ? shares.reduce((a, b) => a + b, 0) : 1;
    return { places: own, shares: shares.map((share) => share / sum) };
  });
  const count = Math.max(...taps.map((own) => own.places.length));
  const outside = places.some(isBeyond);
  const parts = Array.from({ length: count }, (_, k) => {
    const at = taps.map((own) => Math.min(Math.max(own.places[k] ?? 0, 0), from - 1));
    const shares = taps.map((own) => own.shares[k] ?? 0);
    if (shares.every((share) => share === 0)) return undefined;
    const part = x.take(ctx.literal(at, [to], 'i32'), axis);
    if (shares.every((share) => share === 1)) return part;
    const shape = part.shape.map((_, d) => (d === axis ? to : 1));
    return part.mul(ctx.literal(shares, shape));
  }).filter((part) => part !== undefined);
  const [first, ...rest] = parts;
  if (first === undefined) return ctx.fail('no element has a share');
  const sum = rest.reduce((a, b) => a.add(b), first);
  if (!outside) return sum;
  const shape = sum.shape.map((_, d) => (d === axis ? to : 1));
  const holds = ctx.literal(
    places.map((at) => (isBeyond(at) ? 1 : 0)),
    shape,
    'bool',
  );
  return holds.where(ctx.float('extrapolation_value', 0), sum);
}

function nearest(ctx: NodeContext, at: number): number {
  const rounding = ctx.opset < 11 ? 'floor' : ctx.text('nearest_mode', 'round_prefer_floor');
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(at - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    default:
      return ctx.fail(`nearest_mode ${rounding}`);
  }
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** The curve through four neighbours (Keys 1981). */
function cubic(a: number): (distance: number) => number {
  return (distance) => {
    const t = Math.abs(distance);
    if (t >= 2) return 0;
    return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  };
}
