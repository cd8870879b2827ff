import { expect, test } from 'vitest';
import { LoadError } from '../src/index.ts';
import { loadPart } from '../src/loadPart.ts';

/** What engines and bundlers say of a module that does not come, and the place that they name. */
const reasons: readonly (readonly [reason: string, place: string | undefined])[] = [
  [
    'Failed to fetch dynamically imported module: http://localhost:8080/lib/sinter.wasm.min.js',
    'http://localhost:8080/lib/sinter.wasm.min.js',
  ],
  [
    'error loading dynamically imported module: https://a.org/sinter.wasm.min.js',
    'https://a.org/sinter.wasm.min.js',
  ],
  ['Importing a module script failed.', undefined],
  ['Loading chunk 7 failed.\n(error: http://localhost/7.js)', 'http://localhost/7.js'],
  ["Cannot find module '/app/dist/compile.js' imported from /app/dist/compiled.js", '/app/dist/compile.js'],
];

test.each(reasons)(
  'a part that does not come is a LoadError that says where it was looked for: %s',
  async (reason, place) => {
    const error = await loadPart('what compiles for WebAssembly', () =>
      Promise.reject(new TypeError(reason)),
    ).catch((caught: unknown) => caught);
    if (!(error instanceof LoadError)) throw error;
    expect(error).toMatchObject({
      name: 'LoadError',
      code: 'part',
      part: 'what compiles for WebAssembly',
      place,
    });
    expect(error.message).toBe(
      `what compiles for WebAssembly is a file of its own, and did not load: ${
        place === undefined ? reason : `there is none that can be read at ${place}`
      }; files of one build belong together: serve all of them, in the folder of the first`,
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  },
);

test('a part that comes is what was asked for', async () => {
  expect(await loadPart('a number', async () => 7)).toBe(7);
});
