import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { crossEntropy, dense } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Data, Session, SessionOptions } from '../../src/runtime/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { assemble } from '../compile/bareWasm.ts';
import { integers, uniform } from '../fixtures/generator.ts';

/** Rows of a batch at most. */
export const BATCH = 8;

/** A perceptron with a run-time learning rate; `evaluate` counts what it gets right, and gives a label for each row. */
export const perceptron: Module = defineModule('perceptron', (m) => {
  const batch = m.size('batch', { max: BATCH });
  const [x, y] = [m.input('x', { shape: [batch, 4] }), m.input('y', { shape: [batch], dtype: 'i32' })];
  const logits = dense(dense(x, 6, { activation: 'tanh', name: 'hidden' }), 3, { name: 'output' });
  const loss = crossEntropy(logits, y);
  const right = logits.argmax(1).eq(y).cast('i32').sum();
  const lr = m.param('lr', { initial: 0.1 });
  m.entry('train', { loss, right, updates: sgd({ lr, momentum: 0.9 }).minimize(loss) });
  m.entry('evaluate', { loss, right, label: logits.argmax(1) });
});

const { program } = compileToWasm(perceptron, assemble);

/** It on WebAssembly, with one thread. */
export function open(options: SessionOptions = {}): Promise<Session> {
  return start(program, { threads: 1, seed: 4, ...options });
}

/** So many rows, always the same. */
export function rows(count: number): { x: Float32Array; y: Int32Array } {
  return { x: Float32Array.from(uniform(5, -1, 1, count * 4)), y: Int32Array.from(integers(6, 3, count)) };
}

/** The rows as a stream of batches, in order. */
export function* batches(count: number, size = BATCH): Generator<Data> {
  const { x, y } = rows(count);
  for (let at = 0; at < count; at += size)
    yield { x: x.subarray(4 * at, 4 * (at + size)), y: y.subarray(at, at + size) };
}
