import { ModelError } from '../modelError.ts';
import type { Ask, View } from '../protocol.ts';
import type { Rows } from '../rows.ts';
import { type Bench, type Gallery, gives, type Lesson } from './lesson.ts';
import { outputImages, range } from './pictures.ts';

/** Characters from the beginning of a piece to that of the next. */
const APART = 8;

/** How long a text becomes before another one begins. */
const LONGEST = 280;

/** Milliseconds of writing at a time. */
const WRITES = 60;

/** Characters of writing at a time, at most. */
const AT_ONCE = 24;

/** What a text begins with, where nobody says. */
const BEGINNING = 'The ';

/** A text of 128 characters: what comes next. It writes as it learns. */
export const text: Lesson = {
  tries: 'text',
  data: async (program, shelf) => {
    const tokens = program.inputs.find(({ name }) => name === 'x')?.shape[1];
    if (tokens === undefined)
      throw new ModelError(
        "the example gives x: u8[batch, tokens], pieces of a text, and y, what follows each character: m.input('x', { shape: [batch, 32], dtype: 'u8' })",
      );
    return { train: pieces(characters(await shelf.pages()), tokens) };
  },
  gallery: (bench) => new Writer(bench),
};

/** A text as numbers below 128. */
export function characters(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(content, (character) => Math.min(character.codePointAt(0) ?? 0, 127));
}

/** Pieces of a text, and for each character the one after it. @throws ModelError where the text is shorter than a piece */
export function pieces(content: Uint8Array, tokens: number): Rows {
  const count = Math.floor((content.length - tokens - 1) / APART);
  if (count < 1)
    throw new ModelError(
      `a piece of ${tokens} characters is longer than the text, which has ${content.length}`,
    );
  const cut = (from: number): Uint8Array => {
    const values = new Uint8Array(count * tokens);
    for (const row of range(count))
      values.set(content.subarray(row * APART + from, row * APART + from + tokens), row * tokens);
    return values;
  };
  const column = (values: Uint8Array) => ({ dtype: 'u8', shape: [tokens], values }) as const;
  return { count, columns: { x: column(cut(0)), y: column(cut(1)) } };
}

class Writer implements Gallery {
  readonly #bench: Bench;
  readonly #tokens: number;
  #beginning = BEGINNING;
  #written = BEGINNING;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#tokens = bench.program.inputs.find(({ name }) => name === 'x')?.shape[1] ?? 1;
  }

  async views(): Promise<readonly View[]> {
    return [...(await this.#writes()), ...(await this.#looks())];
  }

  async attempt({ text: beginning }: Extract<Ask, { kind: 'try' }>): Promise<readonly View[]> {
    this.#beginning = beginning === undefined || beginning === '' ? BEGINNING : beginning;
    this.#written = this.#beginning;
    return this.views();
  }

  /** Some characters more. */
  async #writes(): Promise<View[]> {
    if (!gives(this.#bench, 'next', 'character')) return [];
    if (this.#written.length > LONGEST) this.#written = this.#beginning;
    const end = performance.now() + WRITES;
    for (let k = 0; k < AT_ONCE && performance.now() < end; k++) {
      const { x, last } = this.#seen();
      const { character } = await this.#bench.run('next', { x, last: [last] });
      this.#written += String.fromCharCode(character?.data[0] ?? 0);
    }
    return [{ kind: 'text', title: 'What it writes', text: this.#written }];
  }

  /** What each head looks at: a row for each character, dark where it looks. */
  async #looks(): Promise<View[]> {
    if (this.#bench.program.entries.look === undefined) return [];
    const outputs = await this.#bench.run('look', { x: this.#seen().x });
    return Object.entries(outputs).map(([name, output]) => ({
      kind: 'images',
      title: `What its heads look at: ${name}`,
      signed: false,
      images: outputImages(output).map((image, k) => ({ ...image, label: `head ${k + 1}` })),
    }));
  }

  /** The end of what was written, and the place of its last character. */
  #seen(): { x: Uint8Array; last: number } {
    const end = characters(this.#written).slice(-this.#tokens);
    const x = new Uint8Array(this.#tokens);
    x.set(end);
    return { x, last: end.length - 1 };
  }
}
