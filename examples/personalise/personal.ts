/** A reader of digits that learns the hand of whoever writes, where they write: in a page, with the runtime alone. */
import type { Session } from 'sinter/runtime';
import { loadWeights, type Store } from 'sinter/weights';

/** What it makes of a drawing. */
export interface Reading {
  /** 0 to 9. */
  readonly digit: number;
  /** How sure it is of each digit; they sum to 1. */
  readonly shares: readonly number[];
}

/** A drawing: 28 × 28 pixels, 0 to 255, and which digit it is. */
export interface Example {
  readonly pixels: Uint8Array;
  readonly digit: number;
}

/** Passes over all examples when one is added. */
const EPOCHS = 20;

const SAVED = 'hand.safetensors';

/** The reader of a page: a session, what it was shown, and where it keeps what it learned. */
export class Personal {
  readonly #session: Session;
  readonly #store: Store;
  readonly #shown: Example[] = [];

  private constructor(session: Session, store: Store) {
    this.#session = session;
    this.#store = store;
  }

  /** Begins with what was learned here before, else with weights that came with the page. */
  static async open(session: Session, weights: Uint8Array, store: Store): Promise<Personal> {
    const saved = await store.read(SAVED);
    if (saved === undefined) await loadWeights(session, weights);
    else await session.load(saved);
    return new Personal(session, store);
  }

  /** Drawings that it was shown. */
  get count(): number {
    return this.#shown.length;
  }

  /** Reads one drawing. */
  async read(pixels: Uint8Array): Promise<Reading> {
    const { label, shares } = await this.#session.run('predict', { x: pixels });
    return { digit: Number(label?.data[0]), shares: [...(shares?.data ?? [])] };
  }

  /**
   * Learns from all that it was shown, this one included, and keeps what it learned.
   *
   * @returns the mean loss over the examples in the last pass
   */
  async learn(example: Example, { epochs = EPOCHS } = {}): Promise<number> {
    this.#shown.push(example);
    const x = new Uint8Array(784 * this.#shown.length);
    for (const [k, { pixels }] of this.#shown.entries()) x.set(pixels, 784 * k);
    const y = this.#shown.map(({ digit }) => digit);
    const passes = await this.#session.train({ data: { x, y }, epochs, shuffle: true });
    await this.#store.write(SAVED, await this.#session.save());
    return passes.at(-1)?.loss ?? Number.NaN;
  }

  /** Forgets what it learned here. */
  async forget(): Promise<void> {
    await this.#store.remove(SAVED);
  }
}
