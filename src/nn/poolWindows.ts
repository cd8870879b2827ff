import { requireFlag } from '../graph/arguments.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { positionsOf, type SlideLists, type Sliding, slidingAlong, spanOf } from '../graph/ops/geometry.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { type Padding, type PerAxis, paddingOf, perAxis, type Space } from './space.ts';

/** How a pooling's windows slide. */
export interface PoolSlides {
  /** With padding behind as far as the last windows reach. */
  readonly lists: SlideLists;
  /** How much of that lies beyond the padding that was asked for, along each axis of space. */
  readonly beyond: readonly number[];
}

/** What poolings are told of their windows. */
interface WindowOptions {
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  readonly ceilMode?: boolean;
}

/**
 * How the windows of a pooling slide.
 *
 * @throws GraphError where an option is unknown or out of range, ShapeError where a window fits nowhere or meets padding alone
 */
export function poolSlides(
  op: string,
  x: Tensor,
  kernel: PerAxis,
  space: Space,
  { stride, padding = 'valid', dilation = 1, ceilMode = false }: WindowOptions,
): PoolSlides {
  requireFlag(op, 'ceilMode', ceilMode);
  const rank = space.axes.length;
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  const slides = {
    window,
    stride: stride === undefined ? window : perAxis(op, 'stride', stride, rank, 1),
    dilation: perAxis(op, 'dilation', dilation, rank, 1),
  };
  const asked = { ...slides, ...paddingOf(op, padding, x, space, slides) };
  const beyond = slidingsOf(space, asked).map((along) => (ceilMode ? reachBeyond(along) : 0));
  const lists = { ...asked, high: asked.high.map((high, d) => high + (beyond[d] ?? 0)) };
  const alone = slidingsOf(space, lists).findIndex(meetsPaddingAlone);
  if (alone < 0) return { lists, beyond };
  const [low = 0, high = 0] = [asked.low[alone], asked.high[alone]];
  const text = `a window of ${window[alone]} along axis ${space.axes[alone]} of ${shapeText(x.shape)} meets padding alone`;
  const sides = [
    ...(low > 0 ? [`less than ${low} before`] : []),
    ...(high > 0 ? [`less than ${high} after`] : []),
  ];
  throw new ShapeError('window', op, `${text}: pad ${sides.join(', or ')}`);
}

/** The windows along each axis of space. */
export function slidingsOf({ extents }: Space, lists: SlideLists): Sliding[] {
  return extents.map((extent, d) => slidingAlong(extent, d, lists));
}

/**
 * How far one more window reaches beyond the padded axis: there is one where the others leave some of it out, and if it starts
 * before the end of what is not padding behind.
 */
function reachBeyond(along: Sliding): number {
  const { extent, low, high, stride, window, windowDilation } = along;
  const start = positionsOf(along) * stride;
  const [span, room] = [spanOf(window, windowDilation), extent + low + high];
  const isLeftOut = start - stride + span < room;
  return isLeftOut && start < extent + low ? start + span - room : 0;
}

/** Whether a window at some position has no element. */
function meetsPaddingAlone(along: Sliding): boolean {
  const last = positionsOf(along) - 1;
  // Only windows that step further than the axis is long can pass over it in between.
  const between = along.windowDilation > along.extent ? Math.min(last, along.windowDilation) : 0;
  for (let p = 0; p <= between; p++) if (elementsAt(along, p) === 0) return true;
  return elementsAt(along, last) === 0;
}

/** How many elements, without padding, a window at a position has. */
export function elementsAt(
  { extent, window, stride, low, windowDilation }: Sliding,
  position: number,
): number {
  const from = low - position * stride;
  const first = Math.max(0, Math.ceil(from / windowDilation));
  const end = Math.min(window, Math.floor((extent - 1 + from) / windowDilation) + 1);
  return Math.max(0, end - first);
}

/** The same with padding, except so much of it behind. */
export function paddedElementsAt(along: Sliding, position: number, beyond: number): number {
  const { extent, low, high } = along;
  return elementsAt({ ...along, extent: extent + low + high - beyond, low: 0, high: 0 }, position);
}

/** What no element lies below: the padding of a maximum. */
export function lowest(op: string, dtype: Dtype): number {
  switch (dtype) {
    case 'f32':
      return -Infinity;
    case 'i32':
      return -(2 ** 31);
    case 'u32':
      return 0;
    case 'bool':
    case 'u8':
      throw new ShapeError('dtype', op, `operand of type ${dtype}; takes f32, i32, u32: cast it first`);
    default:
      return dtype satisfies never;
  }
}
