import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type ModuleBuilder } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { firstDifference } from './agreement.ts';
import { interpretedSession } from './interpreted.ts';

/** Modules that random graphs are too small to be: each has been, or could be, where a schedule gives way. */
const modules: Readonly<Record<string, (m: ModuleBuilder) => void>> = {
  'a sum over what a reduction makes, in partial results': (m) => {
    const sums = m.input('x', { shape: [2100, 3] }).sum(1);
    const squares = sums.mul(sums);
    m.entry('run', { squares, total: squares.sum() });
  },
  'a sum over what a reduction shared by several invocations makes': (m) => {
    const sums = m.input('x', { shape: [2100, 16] }).sum(1);
    const squares = sums.mul(sums);
    m.entry('run', { squares, total: squares.sum() });
  },
  'a sum over live rows of what a contraction makes, in partial results': (m) => {
    const rows = m.size('rows', { max: 70 });
    const h = m.input('x', { shape: [rows, 9] }).matmul(m.input('w', { shape: [9, 50] }));
    const total = h.square().sum();
    m.entry('run', { total, scaled: h.div(total.add(1)) });
  },
  'a sum over live rows of a pointwise loop, in partial results': (m) => {
    const rows = m.size('rows', { max: 70 });
    const h = m.input('x', { shape: [rows, 90] }).exp();
    m.entry('run', { h, scaled: h.div(h.sum()) });
  },
  'sums over a large input, in parts of its longest axis': (m) => {
    const x = m.input('x', { shape: [3, 70001] });
    m.entry('run', { sum: x.sum(), largest: x.max(), squares: x.square().sum().sqrt() });
  },
  'more statistics of one tensor than workgroup memory combines at once': (m) => {
    const x = m.input('x', { shape: [4, 300] });
    const ways = [x, x.neg(), x.abs(), x.square()].flatMap((y) => [
      y.variance(1),
      y.logSumExp(1),
      y.argmax(1),
    ]);
    m.entry('run', Object.fromEntries(ways.map((y, k) => [`way${k}`, y])));
  },
  'rows that fill workgroup memory, reduced in many ways': (m) => {
    const x = m.input('x', { shape: [2, 1500] });
    const rows = x.softmax();
    const ways = [rows.variance(1), rows.logSumExp(1), rows.prod(1), rows.argmax(1).cast('f32')];
    const each = ways.reduce((sum, way) => sum.add(way.expandDims(1)), rows);
    m.entry('run', { y: each.tanh().sum(1) });
  },
};

/** Live rows of every bounded size: fewer than there may be. */
const LIVE = 53;

describe.each([machines.webgpu, machines['webgpu-software']])('on $name', (profile) => {
  it.each(Object.entries(modules))('%s: agrees with the reference evaluator', (name, build) => {
    const module = defineModule(name, build);
    const inputs = Object.fromEntries(
      module.inputs.map((node) => {
        const shape = node.shape.map((dim) => (typeof dim === 'number' ? dim : LIVE));
        const length = shape.reduce((n, extent) => n * extent, 1);
        return [
          String(node.attrs.name),
          { shape, data: Float64Array.from({ length }, (_, k) => Math.fround(Math.sin(k * k + 1))) },
        ];
      }),
    );
    const feeds = { inputs, live: Object.fromEntries(module.sizes.map((size) => [size.name, LIVE])) };
    const expected = referenceSession(module).step('run', feeds);
    const actual = interpretedSession(compileModule(module, profile), {}).step('run', feeds);
    for (const [output, value] of Object.entries(expected)) {
      expect(firstDifference(actual[output]?.data ?? [], value), output).toBeNull();
    }
  });
});
