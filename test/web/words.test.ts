import { expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compileFor } from '../../src/compiled.ts';
import { passWords } from '../../web/panels/words.ts';

test('every pass of both targets is said in words, and no other', async () => {
  const compilations = [await compileFor(w1, 'webgpu'), await compileFor(w1, 'wasm')];
  const names = compilations.flatMap(({ trace }) => trace.timings.map(({ name }) => name));
  expect(Object.keys(passWords).sort()).toEqual([...new Set(names)].sort());
});
