import { describe, expect, it } from 'vitest';
import { compile } from 'watr';
import { tileModule } from '../../src/wasm/tile.ts';

type Tile = (...args: number[]) => void;

const memory = new WebAssembly.Memory({ initial: 40, maximum: 65536, shared: true });
const floats = new Float32Array(memory.buffer);
const words = new Int32Array(memory.buffer);
const module = new WebAssembly.Module(new Uint8Array(compile(tileModule(false))));
const { tile, tile_at: tileAt } = new WebAssembly.Instance(module, { sinter: { memory } }).exports as Record<
  string,
  Tile
>;

/** Where things lie, in words: packed rows, rows' elements, the tables of rows and of steps, packed columns, sums. */
const AT = { a: 1 << 14, x: 1 << 16, rows: 1 << 17, steps: (1 << 17) + 64, b: 1 << 18, c: 1 << 19 };
const [ROWS, COLUMNS] = [8, 16];

/** Whole numbers, of which sums are exact in whatever order. */
const element = (i: number, k: number): number => ((7 * i + 5 * k) % 13) - 6;
const weight = (j: number, k: number): number => ((3 * j + 11 * k) % 9) - 4;

function fill(steps: number, isNear: boolean): void {
  for (let k = 0; k < steps; k++) {
    // Of rows side by side, step k lies behind those of step k - 1; others lie `steps` apart.
    words[AT.steps + k] = isNear ? 4 * ROWS * k : 4 * k;
    for (let i = 0; i < ROWS; i++) {
      floats[AT.a + (i >> 2) * 4 * steps + 4 * k + (i & 3)] = element(i, k);
      floats[AT.x + (isNear ? ROWS * k + i : steps * i + k)] = element(i, k);
    }
    for (let j = 0; j < COLUMNS; j++) floats[AT.b + (j >> 3) * 8 * steps + 8 * k + (j & 7)] = weight(j, k);
  }
  for (let i = 0; i < ROWS; i++) words[AT.rows + i] = 4 * (AT.x + (isNear ? i : steps * i));
  floats.fill(100, AT.c, AT.c + ROWS * COLUMNS);
}

function expected(steps: number, isAdded: boolean): number[] {
  return Array.from({ length: ROWS * COLUMNS }, (_, at) => {
    let sum = isAdded ? 100 : 0;
    for (let k = 0; k < steps; k++) sum += element(Math.floor(at / COLUMNS), k) * weight(at % COLUMNS, k);
    return sum;
  });
}

// Turns of eight steps, runs, parts that the cache holds: with and without a rest.
const sizes = [0, 1, 7, 8, 9, 63, 64, 100, 256, 257, 520].flatMap((steps) => [
  [steps, 64, false] as const,
  [steps, 50, true] as const,
]);

describe('the tiles', () => {
  it.each(sizes)(
    'add up packed rows, %i steps in runs of %i, to what was there: %s',
    (steps, run, isAdded) => {
      fill(steps, false);
      const block = [4 * AT.b, COLUMNS / 8, 32 * steps, steps, run, 4 * AT.c, 4 * COLUMNS, Number(isAdded)];
      tile?.(4 * AT.a, ROWS / 4, 16 * steps, ...block);
      expect([...floats.subarray(AT.c, AT.c + ROWS * COLUMNS)]).toEqual(expected(steps, isAdded));
    },
  );

  it.each(sizes)(
    'add up rows where they lie, side by side or not: %i steps, runs of %i, %s',
    (steps, run, isAdded) => {
      for (const isNear of [true, false]) {
        fill(steps, isNear);
        const block = [4 * AT.b, COLUMNS / 8, 32 * steps, steps, run, 4 * AT.c, 4 * COLUMNS, Number(isAdded)];
        tileAt?.(4 * AT.rows, ROWS / 4, 4 * AT.steps, ...block);
        expect([...floats.subarray(AT.c, AT.c + ROWS * COLUMNS)]).toEqual(expected(steps, isAdded));
      }
    },
  );

  it('are assembled already: the bytes that programs hold are those of the text', async () => {
    const base64 = (relaxed: boolean): string =>
      Buffer.from(new Uint8Array(compile(tileModule(relaxed)))).toString('base64');
    const file = `/**
 * The modules of \`tile.ts\` as bytes in base64, so that no compilation has to assemble them. Written by
 * \`npx vitest run test/wasm/tile.test.ts -u\`; without \`-u\` it says whether they are still those.
 */
export const tileBytes: { readonly relaxed: string; readonly strict: string } = {
  relaxed:
    '${base64(true)}',
  strict:
    '${base64(false)}',
};
`;
    await expect(file).toMatchFileSnapshot('../../src/wasm/tileBytes.ts');
  });
});
