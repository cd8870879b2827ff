import { expect, test } from 'vitest';
import { resized } from '../../src/graph/resize.ts';
import {
  concat,
  defineModule,
  full,
  GraphError,
  type Module,
  nn,
  optim,
  printModule,
  verifyModule,
} from '../../src/index.ts';
import { numberedModule } from '../compile/agreement.ts';

/** A training step over rows that are sliced, joined, looked up and normalised. */
function declared(max: number): Module {
  return defineModule('rows', (m) => {
    const batch = m.size('batch', { max });
    const x = m.input('x', { shape: [batch, 8] });
    const word = m.input('word', { shape: [batch, 3], dtype: 'i32' });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const halves = x.chunk(2, 1);
    const turned = x.slice([0, 2], [max, 6]).flip(1);
    const words = nn.embedding(word, 10, 4, { name: 'words' }).flatten(1);
    const normal = nn.batchNorm({ name: 'norm' });
    const hidden = normal(nn.dense(concat([...halves, turned, words], 1), 6, { name: 'hidden' })).relu();
    const logits = nn.dense(hidden, 5, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    const updates = [...optim.adam({ lr: 0.01 }).minimize(loss), ...normal.updates()];
    m.entry('train', { loss, updates });
    m.entry('predict', { label: logits.argmax(1) });
  });
}

test('a module with another maximum is the one that would have been declared with it', () => {
  expect(printModule(resized(declared(16), { batch: 48 }))).toBe(printModule(declared(48)));
  expect(printModule(resized(declared(16), {}))).toBe(printModule(declared(16)));
});

test.each([0, 1, 2, 3, 4])('random graph %i with other maxima is well formed', (seed) => {
  const { module } = numberedModule(seed);
  const others = Object.fromEntries(module.sizes.map(({ name, max }) => [name, 2 * max + 3]));
  const other = resized(module, others);
  verifyModule(other);
  expect(other.sizes).toEqual(module.sizes.map(({ name, max }) => ({ name, max: 2 * max + 3 })));
  expect(printModule(resized(other, Object.fromEntries(module.sizes.map((s) => [s.name, s.max]))))).toBe(
    printModule(module),
  );
});

test('what names an element by its number does not fit fewer: the error has the line that does', () => {
  const module = defineModule('named', (m) => {
    const x = m.input('x', { shape: [m.size('batch', { max: 16 }), 2] });
    m.entry('run', { last: x.take(full(m, [1], 15, 'i32')) });
  });
  expect(() => resized(module, { batch: 8 })).toThrow(GraphError);
  expect(() => resized(module, { batch: 8 })).toThrow(/resize\.test\.ts:\d+$/);
  verifyModule(resized(module, { batch: 20 }));
});
