/** A reader of digits that learns the hand of whoever writes, where they write: in a page, with the runtime alone. */
import { FormatError, type Session } from 'sinter/runtime';
import {
  loadWeights,
  readSafetensors,
  type SafeTensor,
  type Store,
  withMetadata,
  writeSafetensors,
} from 'sinter/weights';

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
const SHOWN = 'drawings.safetensors';

/** The reader of a page: a session, what it was shown, and where it keeps what it learned. */
export class Personal {
  readonly #session: Session;
  readonly #store: Store;
  readonly #shown: Example[];

  private constructor(session: Session, store: Store, shown: Example[]) {
    this.#session = session;
    this.#store = store;
    this.#shown = shown;
  }

  /**
   * Begins with what was learned here before, else with weights that came with the page: for whoever comes first, and where what
   * was kept is of a reader that the page had before. The drawings count again then.
   */
  static async open(session: Session, weights: Uint8Array, store: Store): Promise<Personal> {
    const saved = await unlessUnfit(() => store.read(SAVED));
    const isLoaded = await unlessUnfit(async () => {
      if (saved === undefined) return false;
      await session.load(saved);
      return true;
    });
    if (isLoaded !== true) await loadWeights(session, weights);
    const drawings = await unlessUnfit(() => store.read(SHOWN));
    return new Personal(session, store, drawings === undefined ? [] : examplesOf(drawings));
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
    await this.#store.write(SHOWN, fileOf(this.#shown));
    return passes.at(-1)?.loss ?? Number.NaN;
  }

  /** Forgets what it learned here. */
  async forget(): Promise<void> {
    await this.#store.remove(SAVED);
    await this.#store.remove(SHOWN);
  }
}

/** What comes of a file; nothing where it is not one that fits here. */
async function unlessUnfit<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Drawings as a file with a checksum. */
function fileOf(shown: readonly Example[]): Uint8Array {
  const pixels = new Uint8Array(784 * shown.length);
  for (const [k, example] of shown.entries()) pixels.set(example.pixels, 784 * k);
  const digits = Uint8Array.from(shown, ({ digit }) => digit);
  const tensors = [
    ['pixels', { dtype: 'U8', shape: [shown.length, 28, 28], data: pixels }],
    ['digits', { dtype: 'U8', shape: [shown.length], data: digits }],
  ] as const;
  return withMetadata(writeSafetensors(new Map<string, SafeTensor>(tensors)), {});
}

function examplesOf(file: Uint8Array): Example[] {
  const { tensors } = readSafetensors(file);
  const pixels = tensors.get('pixels')?.data ?? new Uint8Array();
  const digits = [...(tensors.get('digits')?.data ?? [])];
  return digits.map((digit, k) => ({ pixels: pixels.slice(784 * k, 784 * (k + 1)), digit }));
}
