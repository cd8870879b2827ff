import { elementCount } from '../runtime/init.ts';
import type { StateSlot } from '../runtime/program.ts';
import { type Converted, converted } from './elements.ts';
import type { Placing } from './placing.ts';
import { type OpenWeights, piecesOf } from './source.ts';

/** Elements of a state that are put together at once, where their order is not the file's: 16 MiB. */
const WINDOW = 2 ** 22;

/**
 * Reads tensors, and writes a state of them, a piece after the other. Elements that lie in the state's order are passed on as they
 * are read; others are put together in windows, for each of which the tensors are read once.
 */
export async function fill(
  slot: StateSlot,
  parts: readonly Placing[],
  isSum: boolean,
  weights: OpenWeights,
  write: (values: Converted, from: number) => Promise<void>,
): Promise<void> {
  const size = elementCount(slot.shape);
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && isInOrder(only)) {
    for await (const [values, at] of pieces(slot, only, weights)) await write(values, at);
    return;
  }
  for (let start = 0; start < size; start += WINDOW) {
    const window = converted(slot.dtype, 'U8', new Uint8Array(Math.min(WINDOW, size - start)), slot.name);
    for (const part of parts)
      for await (const [values, at] of pieces(slot, part, weights))
        scatter(values, at, part, window, start, isSum);
    await write(window, start);
  }
}

/** The elements of a tensor as the state's, and where each piece of them begins. */
async function* pieces(
  { dtype }: StateSlot,
  { name, place }: Placing,
  weights: OpenWeights,
): AsyncGenerator<readonly [values: Converted, at: number]> {
  for await (const [data, at] of piecesOf(weights, place))
    yield [converted(dtype, place.dtype, data, name, at), at];
}

/** Whether all elements go where they come. */
function isInOrder({ shape, from, to, base, strides }: Placing): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 0;
    if (extent !== 1 && strides[axis] !== stride) return false;
    if (from[axis] !== 0 || to[axis] !== extent) return false;
    stride *= extent;
  }
  return base === 0;
}

/** Puts elements of a tensor, from the `first`th on, into the window of a state that begins at `start`. */
function scatter(
  values: Converted,
  first: number,
  { shape, from, to, base, strides }: Placing,
  window: Converted,
  start: number,
  isSum: boolean,
): void {
  const last = shape.length - 1;
  const row = shape[last] ?? 1;
  const step = strides[last] ?? 1;
  for (let k = 0; k < values.length; ) {
    const at = first + k;
    const column = at % row;
    const count = Math.min(row - column, values.length - k);
    let rest = Math.floor(at / row);
    let target = base - start;
    let isMeant = true;
    for (let axis = last - 1; axis >= 0; axis--) {
      const extent = shape[axis] ?? 1;
      const coordinate = rest % extent;
      rest = Math.floor(rest / extent);
      target += coordinate * (strides[axis] ?? 0);
      isMeant &&= coordinate >= (from[axis] ?? 0) && coordinate < (to[axis] ?? 0);
    }
    if (isMeant) {
      // Of the row those columns that are meant, and lie in the window.
      const low = Math.max(column, from[last] ?? 0, Math.ceil(-target / step));
      const high = Math.min(column + count, to[last] ?? row, Math.ceil((window.length - target) / step));
      for (let c = low; c < high; c++) {
        const value = values[k + c - column] ?? 0;
        const place = target + c * step;
        window[place] = isSum ? (window[place] ?? 0) + value : value;
      }
    }
    k += count;
  }
}
