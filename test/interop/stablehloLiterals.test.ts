import { afterAll, expect, test } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { Xla } from './xla.ts';

const xla = new Xla();

afterAll(() => {
  xla.end();
  expect(xla.said).toBe('');
});

const some = {
  f32: [0.1, -3e38, 1.5].map(Math.fround),
  i32: [-(2 ** 31), 7, -1],
  u32: [2 ** 32 - 1, 0, 5],
  bool: [1, 0, 0],
} as const;

const dtypes = ['f32', 'i32', 'u32', 'bool'] as const;

test.each([0, 1, 16, 17, 60])('%i given values of each type are on XLA what was given', async (count) => {
  const given = dtypes.map((dtype) => ({
    dtype,
    data: Array.from({ length: count }, (_, k) => some[dtype][k % 3] ?? 0),
  }));
  const module = defineModule('given', (m) => {
    const outputs = given.map(({ dtype, data }) => [dtype, m.literal(data, { shape: [count, 1], dtype })]);
    m.entry('run', Object.fromEntries(outputs));
  });
  const found = await (await xla.start(module)).step('run');
  for (const { dtype, data } of given) expect(Array.from(found[dtype]?.data ?? []), dtype).toEqual(data);
});
