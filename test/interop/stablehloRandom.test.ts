import { afterAll, expect, test } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as random from '../../src/random/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { wasm } from '../values/wasm.ts';
import { Xla } from './xla.ts';

const xla = new Xla();

afterAll(() => {
  xla.end();
  expect(xla.said).toBe('');
});

test('random numbers and masks on XLA have the bits of the reference, and of WebAssembly, step by step', async () => {
  const module = defineModule('random', (m) => {
    const rows = m.size('rows', { max: 37 });
    const x = m.input('x', { shape: [rows, 53] });
    m.entry('run', {
      uniform: random.uniform(m, [5, 1000]),
      bernoulli: random.bernoulli(m, 0.3, [rows, 100]),
      integers: random.integers(m, -1000, 1_000_000_007, [4096]),
      permutation: random.permutation(m, 100),
      dropout: nn.dropout(x, 0.5),
      dropPath: nn.dropPath(x, 0.5),
    });
  });
  const sessions = [await xla.start(module), referenceSession(module), await wasm(2).start(module)] as const;
  for (const rows of [37, 5, 36]) {
    const shape = [rows, 53];
    const inputs = { x: { shape, data: Array.from({ length: rows * 53 }, (_, k) => k / 8) } };
    const [actual, expected, compiled] = await Promise.all(
      sessions.map((session) => session.step('run', { inputs, live: { rows } })),
    );
    for (const [name, { data }] of Object.entries(expected ?? {})) {
      expect(Array.from(actual?.[name]?.data ?? []), `${name} of ${rows}`).toEqual(Array.from(data));
      expect(Array.from(compiled?.[name]?.data ?? [], Number), `${name} of ${rows}`).toEqual(
        Array.from(data),
      );
    }
  }
});
