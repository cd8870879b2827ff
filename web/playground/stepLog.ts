import type { Tell } from './protocol.ts';
import type { Slice } from './slices.ts';

/** Milliseconds between two words about steps. */
const APART = 100;

/** What steps came to, as the page is told. */
export type Logged = Pick<Extract<Tell, { kind: 'steps' }>, 'losses' | 'at' | 'metrics'>;

/** Gathers what steps came to, and tells it ten times a second. */
export class StepLog {
  readonly #lossName: string;
  readonly #tell: (logged: Logged) => void;
  #losses: number[] = [];
  #at: number[] = [];
  #metrics: Record<string, number> = {};
  #toldAt = 0;

  /** @param lossName the scalar output that is plotted as the loss; others are metrics */
  constructor(lossName: string, tell: (logged: Logged) => void) {
    this.#lossName = lossName;
    this.#tell = tell;
  }

  /** Some steps ended. */
  take({ at, means }: Slice): void {
    const { [this.#lossName]: loss = Number.NaN, ...others } = means;
    this.#losses.push(loss);
    this.#at.push(at);
    Object.assign(this.#metrics, others);
    if (performance.now() - this.#toldAt >= APART) this.flush();
  }

  /** Something else was measured: it is told with the next steps. */
  measured(name: string, value: number): void {
    this.#metrics[name] = value;
  }

  /** Tells what was gathered. */
  flush(): void {
    this.#toldAt = performance.now();
    if (this.#losses.length === 0) return;
    this.#tell({
      losses: Float32Array.from(this.#losses),
      at: Float64Array.from(this.#at),
      metrics: this.#metrics,
    });
    this.#losses = [];
    this.#at = [];
    this.#metrics = {};
  }
}
