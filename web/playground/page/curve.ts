/** Points that are drawn at most: two for each pixel of a wide screen. */
const MOST_POINTS = 2048;

/**
 * A quantity over steps, for a plot: means of runs of what was given, and a smoothed line through them. A curve of a million steps is
 * as large as one of a thousand: where there are too many points, neighbours become one.
 */
export class Curve {
  #stride = 1;
  /** The last step of each point. */
  #steps: number[] = [];
  #means: number[] = [];
  #sum = 0;
  #count = 0;

  /** Values that a point is the mean of. */
  get stride(): number {
    return this.#stride;
  }

  /** Adds values, and the steps that they are of: later ones than those before. */
  push(values: ArrayLike<number>, at: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      this.#sum += values[i] ?? Number.NaN;
      this.#count++;
      if (this.#count < this.#stride) continue;
      this.#steps.push(at[i] ?? Number.NaN);
      this.#means.push(this.#sum / this.#count);
      this.#sum = 0;
      this.#count = 0;
      if (this.#steps.length >= MOST_POINTS) this.#halve();
    }
  }

  /** Takes back what came after a step: training goes on from there. */
  cut(step: number): void {
    const kept = this.#steps.findLastIndex((last) => last <= step) + 1;
    this.#steps.length = kept;
    this.#means.length = kept;
    this.#sum = 0;
    this.#count = 0;
  }

  /** What a plot draws: steps, raw values, and the smoothed ones. */
  series(): [steps: number[], raw: number[], smooth: number[]] {
    return [this.#steps, this.#means, smoothed(this.#means)];
  }

  #halve(): void {
    const pairs = this.#steps.length >> 1;
    for (let i = 0; i < pairs; i++) {
      this.#steps[i] = this.#steps[2 * i + 1] ?? 0;
      this.#means[i] = ((this.#means[2 * i] ?? 0) + (this.#means[2 * i + 1] ?? 0)) / 2;
    }
    this.#steps.length = pairs;
    this.#means.length = pairs;
    this.#stride *= 2;
  }
}

/**
 * An exponential mean, unbiased at its beginning, over an eightieth of what is shown. What is not a number is passed over, and has none.
 */
export function smoothed(values: readonly number[]): number[] {
  const keep = 1 - 1 / Math.max(1, Math.min(25, values.length / 80));
  let [mean, weight] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    mean = keep * mean + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return mean / weight;
  });
}
