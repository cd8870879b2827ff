import { describe, expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compile, defineModule, type Module, nn, optim, type Tensor } from '../../src/index.ts';
import { formulasOf } from '../../src/inspect/formulas.ts';
import { listing } from '../../src/inspect/listing.ts';
import { reportOf } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import { numberedModule } from '../compile/agreement.ts';

/** The formulas of an entry, one after the other. */
function formulas(module: Module, entry = 'run', width?: number): string[] {
  const compilation = compileModule(module, machines.webgpu);
  const options = width === undefined ? {} : { width };
  return formulasOf(compilation, entry, options).flatMap((all) => all.map(({ text }) => text));
}

/** The formulas of `y`, made of matrices `a` and `b`. */
function formulasFor(make: (a: Tensor, b: Tensor) => Tensor): string[] {
  const module = defineModule('m', (m) => {
    const a = m.input('a', { shape: [6, 6] });
    const b = m.input('b', { shape: [6, 6] });
    m.entry('run', { y: make(a, b) });
  });
  return formulas(module);
}

describe('a formula', () => {
  const cases: readonly [string, (a: Tensor, b: Tensor) => Tensor, string][] = [
    [
      'parentheses where order needs them',
      (a, b) => a.add(b).mul(a).sub(b.sub(a)),
      'y = (a + b)·a − (b − a)',
    ],
    ['powers', (a) => a.mul(a).div(2), 'y = a²/2'],
    ['a product of matrices', (a, b) => a.matmul(b).add(1), 'y = a · b + 1'],
    ['a transposed operand', (a, b) => a.transpose().matmul(b), 'y = aᵀ · b'],
    ['both transposed', (a, b) => a.transpose().matmul(b.transpose()), 'y = aᵀ · bᵀ'],
    ['a sum of a product', (a, b) => a.mul(b).sum(), 'y = Σ (a·b)'],
    ['a mean', (a) => a.mean(), 'y = mean(a)'],
    ['a choice', (a, b) => a.lt(0).where(b, 1), 'y = where(a < 0, b, 1)'],
    ['a comparison whose number stands first', (a, b) => a.gt(0).where(b, 1), 'y = where(a > 0, b, 1)'],
    ['shapes that vanish', (a) => a.reshape([36]).neg(), 'y = −a'],
    ['a transposed term', (a) => a.transpose().add(a), 'y = aᵀ + a'],
    ['a slice', (a) => a.slice([0], [3]).exp(), 'y = exp(a[0:3])'],
    [
      'nothing of what is flipped twice',
      (a) => a.reshape([2, 3, 6]).flip([0]).transpose(0, 1).flip([1]).exp(),
      'y = exp(a)',
    ],
    [
      'flips along other axes',
      (a) => a.reshape([2, 3, 6]).flip([0]).transpose(0, 1).flip([0]).exp(),
      'y = exp(flip(flip(a)))',
    ],
    ['short numbers', (a) => a.mul(1 / 3).add(1e-8), 'y = 0.3333·a + 1e-8'],
    [
      'a repeated part',
      (a, b) => {
        const sum = a.mul(b).add(b).sub(0.125).div(3.75);
        return sum.mul(sum.tanh());
      },
      'y = u·tanh(u) with u = (a·b + b − 0.125)/3.75',
    ],
  ];
  test.each(cases)('has %s', (_, make, wanted) => {
    expect(formulasFor(make)).toEqual([wanted]);
  });

  test('says softmax and its parts by their names', () => {
    expect(formulasFor((a) => a.softmax(1)).at(-1)).toBe('y = softmax(a)');
    expect(formulasFor((a) => a.logSoftmax(1)).at(-1)).toBe('y = logsoftmax(a)');
  });

  test('says what is listed before a sum walks it', () => {
    const module = defineModule('table', (m) => {
      const at = m.input('at', { shape: [128], dtype: 'i32' });
      const table = m.state('table', { shape: [10_000, 128] });
      const loss = table.take(at).square().mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
    });
    const found = formulas(module, 'train');
    expect(found).toContain('lists for d table = positions by at');
    expect(found.filter((text) => text.startsWith('lists'))).toHaveLength(1);
    expect(found.join('\n')).not.toContain('parts of');
  });

  test('never calls the gradient in a part that in the whole', () => {
    const module = defineModule('halves', (m) => {
      const x = m.input('x', { shape: [64, 32] });
      const hidden = nn.dense(x, 64, { name: 'hidden' });
      const loss = hidden
        .slice([0, 0], [64, 32])
        .mul(hidden.slice([0, 32], [64, 64]).tanh())
        .square()
        .mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
    });
    const found = formulas(module, 'train').filter((text) => text.startsWith('d hidden ='));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/ = pad\(.*pad\(/);
  });

  test('says rows of a table, and the gradient that goes back to them', () => {
    const module = defineModule('table', (m) => {
      const at = m.input('at', { shape: [8], dtype: 'i32' });
      const table = m.state('table', { shape: [16, 4] });
      const loss = table.take(at).square().mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
    });
    const found = formulas(module, 'train');
    expect(found).toContain('loss = mean(table[at]²)');
    expect(found.join('\n')).toContain('d table = Σ (2·table[at]/32) by at');
  });

  test('says a convolution and its gradients', () => {
    const module = defineModule('conv', (m) => {
      const x = m.input('x', { shape: [4, 2, 8, 8] });
      const h = nn.conv2d(x, 4, 3, { name: 'first', activation: 'relu' });
      const loss = nn.conv2d(h, 2, 3, { name: 'second' }).square().mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
    });
    const text = formulas(module, 'train').join('\n');
    expect(text).toContain('first = relu(conv2d(x, first.weight) + first.bias)');
    expect(text).toMatch(/∂conv2d\/∂weight\(x, /);
    expect(text).toMatch(/∂conv2d\/∂input\(d second, /);
  });

  test('of an optimizer names what it keeps beside a state shortly', () => {
    const module = defineModule('adam', (m) => {
      const w = m.state('w', { shape: [8] });
      const loss = w.square().sum();
      m.entry('train', { loss, updates: optim.adam({ lr: 0.001 }).minimize(loss) });
    });
    const found = formulas(module, 'train');
    expect(found).toContain("w' = w − lr/(1 − 0.9^step')·m'/(sqrt(v')/sqrt(1 − 0.999^step') + 1e-8)");
    expect(found.some((text) => text.startsWith("w.m' = 0.9·m + 0.1·"))).toBe(true);
  });

  test('is as short as is asked for, and has no holes, whatever the graph', () => {
    for (let seed = 0; seed < 24; seed++) {
      const { module } = numberedModule(seed);
      for (const machine of [machines.webgpu, machines['webgpu-software']]) {
        const compilation = compileModule(module, machine);
        for (const { name } of module.entries) {
          for (const width of [30, 75, 200]) {
            const found = formulasOf(compilation, name, { width });
            expect(found).toHaveLength(compilation.entries.get(name)?.stages.length ?? -1);
            for (const { text, nodes, type } of found.flat()) {
              expect([...text].length).toBeLessThanOrEqual(width);
              expect(text).not.toMatch(/undefined|NaN|\[object|null|\(\)| {2}/);
              expect(text.length).toBeGreaterThan(0);
              expect(type).toMatch(/^\w+\[.*\]$/);
              expect(nodes.every((id) => module.graph.nodes[id] !== undefined)).toBe(true);
            }
          }
        }
      }
    }
  });
});

describe('a listing', () => {
  test('of layers that are alike has a row for all of them, and fits a screen of any width', async () => {
    const module = defineModule('deep', (m) => {
      const x = m.input('x', { shape: [64, 256] });
      let h: Tensor = x;
      for (let k = 0; k < 30; k++) h = nn.dense(h, 256, { activation: 'relu', name: `layer${k}` });
      const loss = h.square().mean();
      m.entry('train', { loss, updates: optim.adam({ lr: 0.001 }).minimize(loss) });
    });
    const { compilation, report } = await compile(module, { target: 'webgpu' });
    for (const width of [20, 60, 80, 120, 500]) {
      const lines = listing(compilation, report, { width }).split('\n');
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(
        Math.max(60, Math.min(120, width)),
      );
      expect(lines.length).toBeLessThanOrEqual(44);
    }
    expect(listing(compilation, report)).toMatch(/ ×\d\d /);
  });

  test('of random graphs keeps to its width and has no holes', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { module } = numberedModule(seed);
      const compilation = compileModule(module, machines.webgpu);
      const text = listing(compilation, reportOf(compilation), { width: 60 });
      expect(text).not.toMatch(/undefined|NaN|\[object/);
      for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
    }
  });
});
