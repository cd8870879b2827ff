import { loadMnist } from '../../src/browser/index.ts';
import type { Digits, Mnist } from '../../src/data/index.ts';
import { FormatError } from '../../src/runtime/index.ts';

/** Hears how much of a file has come, from 0 to 1, where that is known. */
export type Hear = (doing: string, part?: number) => void;

/** Files of the site that examples train on: each is fetched once. */
export class Shelf {
  readonly #base: URL;
  readonly #hear: Hear;
  #first: Promise<Mnist> | undefined;
  #all: Promise<Digits> | undefined;
  #pages: Promise<string> | undefined;

  /** @param base the folder of the data */
  constructor(base: URL, hear: Hear) {
    this.#base = base;
    this.#hear = hear;
  }

  /** Some thousand digits, which are there soon. @throws FormatError */
  firstDigits(): Promise<Mnist> {
    this.#first ??= this.#mnist('mnist/first/', this.#hear);
    // What did not come may come another time.
    this.#first.catch(() => {
      this.#first = undefined;
    });
    return this.#first;
  }

  /** All digits to train on. @throws FormatError */
  allDigits(): Promise<Digits> {
    this.#all ??= this.#mnist('mnist/', () => {}).then(({ train }) => train);
    this.#all.catch(() => {
      this.#all = undefined;
    });
    return this.#all;
  }

  /** The text of this project's pages. @throws FormatError */
  pages(): Promise<string> {
    this.#pages ??= this.#text('pages.txt');
    this.#pages.catch(() => {
      this.#pages = undefined;
    });
    return this.#pages;
  }

  async #text(name: string): Promise<string> {
    this.#hear('fetching the text');
    const response = await fetch(new URL(name, this.#base));
    if (!response.ok)
      throw new FormatError('file', `${name}: cannot be fetched: the server answers ${response.status}`);
    return response.text();
  }

  #mnist(folder: string, hear: Hear): Promise<Mnist> {
    return loadMnist(new URL(folder, this.#base), {
      packed: true,
      onProgress: ({ loaded, total }) =>
        hear('fetching digits', total === undefined ? undefined : loaded / total),
    });
  }
}
