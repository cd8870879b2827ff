import type { FitPlace } from './place.ts';

/** How far a fit is: steps, and seconds that those of the epoch took, without what runs between them. */
export class Count {
  #totalSteps = 0;
  #steps = 0;
  #seconds = 0;
  #since: number | undefined;

  /** Steps of all epochs. */
  get totalSteps(): number {
    return this.#totalSteps;
  }

  /** Steps of the epoch. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether its steps run. */
  get isRunning(): boolean {
    return this.#since !== undefined;
  }

  /** Seconds that the steps of the epoch took. */
  get seconds(): number {
    return this.#seconds + (this.#since === undefined ? 0 : (performance.now() - this.#since) / 1000);
  }

  /** Its steps run from now on. */
  start(): void {
    this.#since = performance.now();
  }

  /** Its steps run no more. */
  stop(): void {
    this.#seconds = this.seconds;
    this.#since = undefined;
  }

  /** So many steps of the epoch are done. */
  reach(step: number): void {
    this.#totalSteps += step - this.#steps;
    this.#steps = step;
  }

  /** The epoch is over. */
  next(): void {
    this.#steps = 0;
    this.#seconds = 0;
  }

  /** What a checkpoint keeps of it. */
  state(): Pick<FitPlace, 'totalSteps' | 'steps' | 'seconds'> {
    return { totalSteps: this.#totalSteps, steps: this.#steps, seconds: this.seconds };
  }

  /** Takes what a checkpoint kept. */
  restore({ totalSteps, steps, seconds }: Pick<FitPlace, 'totalSteps' | 'steps' | 'seconds'>): void {
    this.#totalSteps = totalSteps;
    this.#steps = steps;
    this.#seconds = seconds;
  }
}
