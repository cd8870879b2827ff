import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { reasonText } from '../../src/fuse/index.ts';
import { defineModule, type Module, type ModuleBuilder, type Node } from '../../src/graph/index.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { conv2d, dense, init } from '../../src/nn/index.ts';
import { adam } from '../../src/optim/index.ts';
import { disagreements, numberedModule } from '../compile/agreement.ts';
import { caseOf, type Leaf } from '../oracle/leaves.ts';
import { randomContraction } from '../oracle/randomContraction.ts';
import type { RandomCase } from '../oracle/randomGraph.ts';
import { inShort, withoutDeclarations } from './levelText.ts';

/** What was decided about parts, and the groups and dispatches without their loops. */
function cutsOf(build: (m: ModuleBuilder) => void, profile: Machine = machines.webgpu): string {
  const module = defineModule('test', build);
  const { entries, trace } = compileModule(module, profile);
  const decisions = [...entries.values()].flatMap(({ decisions: { all } }) => all);
  const partial = decisions
    .filter((d) => d.move === 'partial')
    .map((d) => `${d.taken ? 'cut' : 'not cut'}: ${d.from}: ${reasonText(d.reason)}`);
  const stages = trace.passes.filter((p) => p.pass === 'assignStages').map((p) => inShort(p.text()));
  return `\n${[...partial, ...stages].join('\n')}\n`;
}

/** The loops that `splitReductions` made, without origins and declarations. */
function loopsAfter(build: (m: ModuleBuilder) => void): string {
  const { trace } = compileModule(defineModule('test', build), machines.webgpu);
  const text = trace.passes.find((p) => p.pass === 'splitReductions')?.text() ?? '';
  return `\n${withoutDeclarations(text)}\n`;
}

const thin = (m: ModuleBuilder): void => {
  const [a, b] = [m.input('a', { shape: [8, 100000] }), m.input('b', { shape: [100000, 8] })];
  m.entry('run', { y: a.matmul(b).relu() });
};

describe('a long reduction with few outputs', () => {
  it('is cut into parts, which a second stage adds up before it does what the first did', () => {
    expect(loopsAfter(thin)).toMatchInlineSnapshot(`
      "
      group y_parts: y_parts
      group y: y

      group
        loop y_parts(k0_outer: 16, i0, i1) reduce(k0_inner: 6250):
          r0 = sum(a[i0, k0_outer * 6250 + k0_inner] * b[k0_outer * 6250 + k0_inner, i1])
          y_parts[k0_outer, i0, i1] = r0.0

      group
        loop y(i0, i1) reduce(w: 16):
          r0 = sum(y_parts[w, i0, i1])
          y[i0, i1] = relu(r0.0)
      "
    `);
  });

  it('is left alone where parts would save less than their dispatch costs', () => {
    expect(
      cutsOf((m) => {
        const [x, y] = [m.input('x', { shape: [64, 8192] }), m.input('y', { shape: [8192, 16] })];
        m.entry('run', { y: x.matmul(y) });
      }),
    ).toMatchInlineSnapshot(`
      "
      cut: y: it takes 26 µs (arithmetic) and keeps the machine busy for 1.88 µs: 4 parts along k0 fill it
      dispatch 0
        group y_parts: y_parts
      dispatch 1
        group y: y

      "
    `);
  });

  it('is left alone beside a longer one', () => {
    expect(
      cutsOf((m) => {
        const [a, b] = [m.input('a', { shape: [8, 60000] }), m.input('b', { shape: [60000, 8] })];
        const [c, d] = [m.input('c', { shape: [256, 60000] }), m.input('d', { shape: [60000, 256] })];
        m.entry('run', { thin: a.matmul(b), wide: c.matmul(d) });
      }),
    ).toMatchInlineSnapshot(`
      "
      not cut: thin: it takes 188 µs (arithmetic) and keeps the machine busy for 0.858 µs, but 16 parts along k0 would not make the step shorter
      dispatch 0
        group thin: thin
        group wide: wide

      "
    `);
  });

  it('is cut together with another in the same dispatch, and their second stages share one too', () => {
    expect(
      cutsOf((m) => {
        const x = m.input('x', { shape: [64, 32, 28, 28] });
        const y = conv2d(conv2d(x, 8, 3, { name: 'one', bias: false }), 8, 3, { name: 'two', bias: false });
        m.entry('run', { updates: adam({ lr: 1e-3 }).minimize(y.square().sum()) });
      }),
    ).toMatchInlineSnapshot(`
      "
      cut: d one.weight: it takes 136 µs (arithmetic) and keeps the machine busy for 22.3 µs: 4 parts along k0 fill it
      cut: d two.weight: it takes 116 µs (arithmetic) and keeps the machine busy for 4.75 µs: 12 parts along k1 fill it
      dispatch 0
        group one: one
        group two.weight.step: two.weight.step
      dispatch 1
        group two: two
      dispatch 2
        group convolve_20: convolve_20
        group d two.weight_parts: d two.weight_parts
      dispatch 3
        group d two.weight: d two.weight
        group d one.weight_parts: d one.weight_parts
      dispatch 4
        group d one.weight: d one.weight

      "
    `);
  });

  it('keeps its place where the parts of an element are no elements', () => {
    expect(
      cutsOf((m) => {
        m.entry('run', { y: m.input('x', { shape: [4, 2000000] }).variance(1) });
      }),
    ).toMatchInlineSnapshot(`
      "
      not cut: y: it takes 384 µs (latency) and keeps the machine busy for 7 µs, but parts of an element are no elements to reduce again
      dispatch 0
        group y: y

      "
    `);
  });
});

/** Graphs of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-12').split('-').map(Number);

/** Machines on which a dispatch costs next to nothing, so that small graphs are cut too. */
const eager: readonly Machine[] = [
  machineWith(machines.webgpu, { workgroup: 32, dispatch: 1e-6, latency: 1e-6, barrier: 1e-6 }),
  machineWith(machines['webgpu-software'], { cores: 64, resident: 64, dispatch: 1e-6 }),
];

/** Where the parts do not divide, are bounded, or the reduction has guards, several sums or no contraction. */
const modules: Readonly<Record<string, (m: ModuleBuilder) => void>> = {
  'a length that no number of parts divides': (m) => {
    const [a, b] = [m.input('a', { shape: [5, 1009] }), m.input('b', { shape: [1009, 3] })];
    m.entry('run', { y: a.matmul(b).relu() });
  },
  'a bounded length': (m) => {
    const rows = m.size('rows', { max: 600 });
    const [a, b] = [m.input('a', { shape: [rows, 5] }), m.input('b', { shape: [rows, 3] })];
    m.entry('run', { y: a.transpose().matmul(b), column: b.max(0), total: a.sum(0) });
  },
  'gradients of a convolution over a bounded batch, and of its bias': (m) => {
    const batch = m.size('batch', { max: 64 });
    const x = m.input('x', { shape: [batch, 2, 6, 6] });
    const y = conv2d(x, 3, 3, { name: 'conv', padding: 'same', stride: 2 });
    m.entry('run', { updates: adam({ lr: 1e-2 }).minimize(y.square().mean()) });
  },
  'extrema and products of a few rows, beyond which lie the neutral elements': (m) => {
    const x = m.input('x', { shape: [3, 20011] }).sub(3);
    m.entry('run', { max: x.max(1), min: x.min(1), product: x.mul(1e-3).add(1.003).prod(1) });
  },
  'terms that count where a mask, a label or the term itself says so, along a prime length': (m) => {
    const shape = [3, 2003];
    const x = m.input('x', { shape });
    const mask = m.input('mask', { shape, dtype: 'bool' });
    const labels = m.input('labels', { shape: [2003], dtype: 'i32' });
    m.entry('run', {
      masked: mask.where(x, 0).sum(1),
      labelled: labels.ne(3).where(x, 0).sum(1),
      positive: x.gt(0).where(x, 0).sum(1),
      both: mask.and(labels.lt(4)).where(labels.gt(0).where(x, 0), 0).sum(1),
      highest: mask.where(x, -Infinity).max(1),
    });
  },
  'products that count where a mask says so, along a prime length': (m) => {
    const [a, b] = [m.input('a', { shape: [5, 2003] }), m.input('b', { shape: [2003, 3] })];
    const mask = m.input('mask', { shape: [2003], dtype: 'bool' });
    m.entry('run', { y: mask.where(a, 0).matmul(b) });
  },
  'the gradients of a bias under relu and of rows of an embedding, along a prime length': (m) => {
    const hidden = dense(m.input('x', { shape: [2003, 2] }), 3, { name: 'hidden', activation: 'relu' });
    const rows = m.state('rows', { shape: [6, 2], init: init.ones() });
    const ids = m.input('ids', { shape: [2003], dtype: 'i32' });
    const loss = hidden.mean().add(rows.take(ids).mean());
    m.entry('run', { updates: adam({ lr: 1e-2 }).minimize(loss) });
  },
};

/** A module with values for its inputs and for the states that start at random. */
function caseFor(module: Module): RandomCase {
  const leaf = (name: string, { shape, dtype }: Node): Leaf => ({
    name,
    shape,
    dtype: dtype === 'u32' ? 'i32' : dtype,
    below: 6,
  });
  const random = module.states.filter(({ init }) => init.kind !== 'constant');
  return caseOf(7, module, {
    inputs: module.inputs.map((node) => leaf(String(node.attrs.name), node)),
    states: random.map(({ name, node }) => leaf(name, node)),
    size: module.sizes[0],
  });
}

function cuts(module: Module, profile: Machine): string[] {
  const { entries } = compileModule(module, profile);
  return [...entries.values()].flatMap(({ decisions: { all } }) =>
    all
      .filter((d) => d.move === 'partial' && d.taken && reasonText(d.reason).includes('parts along'))
      .map((d) => d.from),
  );
}

describe.each(eager)('reductions in parts on $name', (profile) => {
  it.each(Object.entries(modules))('%s: agrees with the reference evaluator', (name, build) => {
    const module = defineModule(name, build);
    expect(cuts(module, profile)).not.toEqual([]);
    expect(disagreements(caseFor(module), profile, new Set())).toEqual([]);
  });

  it('random graphs and contractions: agree with the reference evaluator', () => {
    const found: string[] = [];
    let cut = 0;
    for (let seed = first ?? 0; seed < (last ?? 0); seed++) {
      for (const random of [numberedModule(seed), randomContraction(seed)]) {
        cut += cuts(random.module, profile).length;
        found.push(...disagreements(random, profile, new Set()));
      }
    }
    expect(found).toEqual([]);
    expect(cut).toBeGreaterThan(0);
  });
});
