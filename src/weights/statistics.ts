import { decode } from './dtypes.ts';
import type { TensorPlace } from './header.ts';
import { type OpenWeights, piecesOf } from './source.ts';

/** What the elements of a tensor are like, those that are not NaN where it is of numbers. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The standard deviation of all elements, as of a population. */
  readonly deviation: number;
  readonly nan: number;
  readonly zeros: number;
}

/** How two tensors of one shape differ. */
export interface Difference {
  /** Elements that are not equal; two NaN are. */
  readonly count: number;
  readonly maxAbsolute: number;
  /** The largest difference as a share of the larger of both magnitudes. */
  readonly maxRelative: number;
}

/**
 * The elements of a tensor as float64, a piece after the other; of a type that is not read, nothing.
 *
 * @param heard is given the bytes as they are read
 */
export async function* numbersOf(
  weights: OpenWeights,
  place: TensorPlace,
  heard: (bytes: Uint8Array) => void = () => {},
): AsyncGenerator<Float64Array | undefined> {
  for await (const [data] of piecesOf(weights, place)) {
    heard(data);
    const elements = decode(place.dtype, data);
    yield elements && Float64Array.from({ length: elements.length }, (_, i) => Number(elements[i]));
  }
}

/** Gathers statistics of numbers piece by piece, by the means and deviations of pieces (Chan et al. 1979). */
export class Gathered {
  #min = Infinity;
  #max = -Infinity;
  #count = 0;
  #mean = 0;
  /** Squares of distances to the mean, added up. */
  #spread = 0;
  #nan = 0;
  #zeros = 0;

  add(numbers: Float64Array): void {
    let [count, sum] = [0, 0];
    for (const x of numbers) {
      if (Number.isNaN(x)) {
        this.#nan++;
        continue;
      }
      if (x === 0) this.#zeros++;
      if (x < this.#min) this.#min = x;
      if (x > this.#max) this.#max = x;
      count++;
      sum += x;
    }
    if (count === 0) return;
    const mean = sum / count;
    let spread = 0;
    for (const x of numbers) if (!Number.isNaN(x)) spread += (x - mean) ** 2;
    const all = this.#count + count;
    const apart = mean - this.#mean;
    this.#spread += spread + (apart * apart * this.#count * count) / all;
    this.#mean += (apart * count) / all;
    this.#count = all;
  }

  /** What they come to; all are NaN where there is no number. */
  statistics(): Statistics {
    const some = this.#count > 0;
    return {
      min: some ? this.#min : Number.NaN,
      max: some ? this.#max : Number.NaN,
      mean: some ? this.#mean : Number.NaN,
      deviation: some ? Math.sqrt(this.#spread / this.#count) : Number.NaN,
      nan: this.#nan,
      zeros: this.#zeros,
    };
  }
}

/** How the elements of two tensors differ, that have equally many; undefined where their types are not read. */
export async function differenceOf(
  [a, b]: readonly [OpenWeights, OpenWeights],
  [first, second]: readonly [TensorPlace, TensorPlace],
): Promise<Difference | undefined> {
  let [count, maxAbsolute, maxRelative] = [0, 0, 0];
  const others = numbersOf(b, second);
  for await (const mine of numbersOf(a, first)) {
    const { value: theirs } = await others.next();
    if (mine === undefined || !(theirs instanceof Float64Array)) return undefined;
    for (const [k, x] of mine.entries()) {
      const y = theirs[k] ?? Number.NaN;
      if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
      count++;
      const apart = Math.abs(x - y);
      const share = apart / Math.max(Math.abs(x), Math.abs(y));
      // A NaN beside a number, and infinities, are as far apart as can be.
      maxAbsolute = Math.max(maxAbsolute, Number.isNaN(apart) ? Infinity : apart);
      maxRelative = Math.max(maxRelative, Number.isNaN(share) ? Infinity : share);
    }
  }
  return { count, maxAbsolute, maxRelative };
}
