import type { Ask, View } from '../protocol.ts';
import { type Bench, type Gallery, gives, type Lesson, type LessonData } from './lesson.ts';
import { labelAt, mnist, pixelsAt } from './mnist.ts';
import { digitImage, firstKernel, kernelImages, outputImages } from './pictures.ts';

/** Reading digits: what the first layer looks for, and what becomes of one digit, drawn by hand or of the test set. */
export const digits: Lesson = {
  tries: 'digit',
  data: (_, shelf) => mnist(shelf),
  gallery: (bench, data) => new DigitGallery(bench, data),
};

class DigitGallery implements Gallery {
  readonly #bench: Bench;
  readonly #data: LessonData;
  #pixels: Uint8Array<ArrayBuffer>;
  #title = 'A digit of the test set';
  /** The row of the test set that was shown last. */
  #row = 0;

  constructor(bench: Bench, data: LessonData) {
    this.#bench = bench;
    this.#data = data;
    this.#pixels = pixelsAt(this.#test, 0);
  }

  async views(): Promise<readonly View[]> {
    return [...(await this.#ofDigit()), ...(await this.#weights())];
  }

  async attempt({ pixels, digit }: Extract<Ask, { kind: 'try' }>): Promise<readonly View[]> {
    if (pixels !== undefined) {
      this.#pixels = Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
      this.#title = 'Your digit';
    } else if (digit !== undefined) {
      this.#row = this.#next(digit);
      this.#pixels = pixelsAt(this.#test, this.#row);
      this.#title = 'A digit of the test set';
    }
    return this.#ofDigit();
  }

  get #test(): LessonData['train'] {
    return this.#data.test ?? this.#data.train;
  }

  /** The row of the next one of a digit, round and round. */
  #next(digit: number): number {
    const { count } = this.#test;
    for (let k = 1; k <= count; k++) {
      const row = (this.#row + k) % count;
      if (labelAt(this.#test, row) === digit) return row;
    }
    return this.#row;
  }

  /** The digit, how likely each answer is, and what the entry `look` gives of it. */
  async #ofDigit(): Promise<View[]> {
    const x = this.#pixels;
    const views: View[] = [
      { kind: 'images', title: 'The digit', signed: false, images: [digitImage(x, this.#title)] },
    ];
    if (gives(this.#bench, 'predict', 'shares')) {
      const { shares } = await this.#bench.run('predict', { x });
      const bars = Array.from(shares?.data ?? [], (value, k) => ({ label: String(k), value }));
      views.push({ kind: 'bars', title: 'What it is taken for', bars });
    }
    if (this.#bench.program.entries.look !== undefined) {
      const outputs = await this.#bench.run('look', { x });
      for (const [name, output] of Object.entries(outputs))
        views.push({
          kind: 'images',
          title: `Activations: ${name}`,
          signed: false,
          images: outputImages(output),
        });
    }
    return views;
  }

  async #weights(): Promise<View[]> {
    const kernel = firstKernel(this.#bench.program.state);
    if (kernel === undefined) return [];
    const images = kernelImages(await this.#bench.read(kernel.name));
    return [{ kind: 'images', title: `First layer: ${kernel.name}`, signed: true, images }];
  }
}
