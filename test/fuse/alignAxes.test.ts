import { describe, expect, it } from 'vitest';
import { alignAxes } from '../../src/fuse/alignAxes.ts';
import { Decisions } from '../../src/fuse/decisions.ts';
import { rowAxes } from '../../src/fuse/rows.ts';
import type { Module } from '../../src/graph/index.ts';
import { tensorsRead } from '../../src/loops/edges.ts';
import {
  elementCount,
  interpretLoops,
  type Loop,
  parseLoops,
  printLoops,
  subexpressions,
  type Tensor,
  verifyLoops,
} from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';
import { singleton } from '../../src/schedule/group.ts';
import { disagreements, numberedModule } from '../compile/agreement.ts';
import { wasmDisagreements } from '../compile/wasmAgreement.ts';
import { Dice } from '../oracle/dice.ts';
import { randomMoves } from '../oracle/randomMoves.ts';

/** What is left of loops in text after their axes were aligned, without the tensors' declarations. */
function aligned(text: string): string {
  const before = parseLoops(text);
  const after = alignAxes(before, new Decisions());
  expect(results(after)).toEqual(results(before));
  const lines = printLoops(after).split('\n');
  return lines.filter((line) => !line.startsWith('tensor') || / (next|temp|result)/.test(line)).join('\n');
}

/** What loops write for good, by name, where each given tensor holds small numbers; indices stay in range. */
function results(loops: readonly Loop[]): Record<string, number[]> {
  verifyLoops(loops);
  const memory = new Map<Tensor, Float64Array>();
  for (const loop of loops)
    for (const tensor of tensorsRead(loop))
      if (tensor.role !== 'temp' && tensor.role !== 'next' && tensor.role !== 'result')
        memory.set(tensor, filled(tensor));
  const live = Object.fromEntries(sizesOf(loops).map(({ name, max }) => [name, Math.max(1, max - 1)]));
  interpretLoops(loops, memory, { live });
  const outs = loops.flatMap((loop) => loop.outs).filter(({ tensor }) => tensor.role !== 'temp');
  return Object.fromEntries(outs.map(({ tensor }) => [tensor.name, [...(memory.get(tensor) ?? [])]]));
}

function filled(tensor: Tensor): Float64Array {
  const count = elementCount(tensor.shape);
  const value = (n: number): number => {
    if (tensor.role === 'rows') return n;
    if (tensor.dtype === 'f32') return ((n * 7) % 11) / 4 - 1;
    return tensor.dtype === 'bool' ? n % 2 : n % 5;
  };
  return Float64Array.from({ length: count }, (_, n) => value(n));
}

function sizesOf(loops: readonly Loop[]): { name: string; max: number }[] {
  return loops.flatMap((loop) =>
    [...loop.axes, ...loop.reduceAxes].flatMap(({ live }) => (live === undefined ? [] : [live.size])),
  );
}

/** Quotients and remainders in a loop's expressions. */
function divisions(loop: Loop): number {
  const all = subexpressions(...loop.reductions.map((r) => r.body), ...loop.outs.map((o) => o.value));
  return all.filter((e) => e.kind === 'apply' && e.dtype === 'i32' && (e.op === 'idiv' || e.op === 'mod'))
    .length;
}

function loopsOf(module: Module): Loop[] {
  return lower(module, 'run', declareStorage(module));
}

describe('axes are split', () => {
  it('where a reader sees a dimension as several: a flat product as rows of a batch', () => {
    const text = aligned(`tensor x: f32[batch<=3, 4, 6] input
tensor w: f32[6, 5] input
tensor h: f32[4*batch<=3, 5] temp
tensor y: f32[batch<=3, 4, 5] result
loop h(i: 4*batch<=3, j: 5) reduce(k: 6):
  r0 = sum(x[i // 4, i % 4, k] * w[k, j])
  h[i, j] = r0.0
loop y(b: batch<=3, t: 4, j: 5):
  y[b, t, j] = h[b * 4 + t, j] + 1.0
`);
    expect(text).toMatchInlineSnapshot(`
      "tensor h: f32[batch<=3, 4, 5] temp
      tensor y: f32[batch<=3, 4, 5] result
      loop h(i_0: batch<=3, i_1: 4, j: 5) reduce(k: 6):
        r0 = sum(x[i_0, i_1, k] * w[k, j])
        h[i_0, i_1, j] = r0.0
      loop y(b: batch<=3, t: 4, j: 5):
        y[b, t, j] = h[b, t, j] + 1.0
      "
    `);
  });

  it('of the reduction, and of the outputs of gradients: heads merged before a product', () => {
    const text = aligned(`tensor q: f32[2, 3, 4, 5] input
tensor o: f32[2, 3, 4, 5] temp
tensor w: f32[15, 6] state
tensor "w'": f32[15, 6] next over w
tensor d: f32[15, 6] temp
tensor y: f32[8, 6] result
loop o(b: 2, h: 3, t: 4, e: 5):
  o[b, h, t, e] = tanh(q[b, h, t, e])
loop y(i: 8, j: 6) reduce(k: 15):
  r0 = sum(o[i // 4, k // 5, i % 4, k % 5] * w[k, j])
  y[i, j] = r0.0
loop d(k: 15, j: 6) reduce(i: 8):
  r0 = sum(o[i // 4, k // 5, i % 4, k % 5])
  d[k, j] = r0.0
loop "w'"(i0: 15, i1: 6):
  "w'"[i0, i1] = w[i0, i1] - d[i0, i1]
`);
    expect(text).toMatchInlineSnapshot(`
      "tensor o: f32[2, 3, 4, 5] temp
      tensor y: f32[2, 4, 6] result
      tensor d: f32[3, 5, 6] temp
      tensor "w'": f32[3, 5, 6] next over w
      loop o(b: 2, h: 3, t: 4, e: 5):
        o[b, h, t, e] = tanh(q[b, h, t, e])
      loop y(i_0: 2, i_1: 4, j: 6) reduce(k_0: 3, k_1: 5):
        r0 = sum(o[i_0, k_0, i_1, k_1] * w[k_0 * 5 + k_1, j])
        y[i_0, i_1, j] = r0.0
      loop d(k_0: 3, k_1: 5, j: 6) reduce(i_0: 2, i_1: 4):
        r0 = sum(o[i_0, k_0, i_1, k_1])
        d[k_0, k_1, j] = r0.0
      loop "w'"(i0_0: 3, i0_1: 5, i1: 6):
        "w'"[i0_0, i0_1, i1] = w[i0_0 * 5 + i0_1, i1] - d[i0_0, i0_1, i1]
      "
    `);
  });

  it('as finely as all readers together see them', () => {
    const text = aligned(`tensor x: f32[32] input
tensor h: f32[32] temp
tensor a: f32[2, 16] result
tensor c: f32[8, 4] result
loop h(i: 32):
  h[i] = exp(x[i])
loop a(b: 2, t: 16):
  a[b, t] = h[b * 16 + t]
loop c(p: 8, q: 4):
  c[p, q] = h[p * 4 + q]
`);
    expect(text).toMatchInlineSnapshot(`
      "tensor h: f32[2, 4, 4] temp
      tensor a: f32[2, 4, 4] result
      tensor c: f32[2, 4, 4] result
      loop h(i_0: 2, i_1: 4, i_2: 4):
        h[i_0, i_1, i_2] = exp(x[(i_0 * 4 + i_1) * 4 + i_2])
      loop a(b: 2, t_0: 4, t_1: 4):
        a[b, t_0, t_1] = h[b, t_0, t_1]
      loop c(p_0: 2, p_1: 4, q: 4):
        c[p_0, p_1, q] = h[p_0, p_1, q]
      "
    `);
  });

  it('where two readers see a slice of it each', () => {
    const text = aligned(`tensor x: f32[2, 12] input
tensor h: f32[2, 12] temp
tensor y: f32[2, 4] result
loop h(i: 2, j: 12):
  h[i, j] = exp(x[i, j])
loop y(i: 2, j: 4):
  y[i, j] = h[i, j] * h[i, j + 8]
`);
    expect(text).toMatchInlineSnapshot(`
      "tensor h: f32[2, 3, 4] temp
      tensor y: f32[2, 4] result
      loop h(i: 2, j_0: 3, j_1: 4):
        h[i, j_0, j_1] = exp(x[i, j_0 * 4 + j_1])
      loop y(i: 2, j: 4):
        y[i, j] = h[i, 0, j] * h[i, 2, j]
      "
    `);
  });
});

describe('axes stay whole', () => {
  const unchanged = (text: string): void => {
    const loops = parseLoops(text);
    expect(alignAxes(loops, new Decisions())).toEqual(loops);
  };

  it('where nobody sees them apart, and where a reader slides over them', () => {
    unchanged(`tensor x: f32[8] input
tensor h: f32[8] temp
tensor y: f32[4, 2] result
tensor z: f32[6] result
loop h(i: 8):
  h[i] = exp(x[i])
loop y(p: 4, q: 2):
  y[p, q] = h[p * 2 + q]
loop z(i: 6) reduce(k: 3):
  r0 = sum(h[i + k])
  z[i] = r0.0
`);
  });

  it('where readers see it in ways that do not refine each other', () => {
    unchanged(`tensor x: f32[12] input
tensor h: f32[12] temp
tensor a: f32[3, 4] result
tensor b: f32[2, 6] result
loop h(i: 12):
  h[i] = exp(x[i])
loop a(p: 3, q: 4):
  a[p, q] = h[p * 4 + q]
loop b(p: 2, q: 6):
  b[p, q] = h[p * 6 + q]
`);
  });

  it('where data say which row a term is of: lists are of one axis of rows', () => {
    unchanged(`tensor keys: i32[6] input
tensor x: f32[6] input
tensor sums: f32[8] temp
tensor y: f32[2, 4] result
loop sums(i: 8) reduce(k: 6):
  r0 = sum(select(i == keys[k], x[k], 0.0))
  sums[i] = r0.0
loop y(p: 2, q: 4):
  y[p, q] = sums[p * 4 + q]
`);
  });

  it('where rows that are live would end within an outer axis', () => {
    unchanged(`tensor x: f32[6] input
tensor h: f32[rows<=6] temp
tensor y: f32[3, 2] result
loop h(i: rows<=6):
  h[i] = x[i]
loop y(p: 3, q: 2):
  y[p, q] = select(p * 2 + q < live(rows<=6), h[p * 2 + q], 0.0)
`);
  });
});

it('Of splits that do not refine each other that one is made which more indices want', () => {
  const text = aligned(`tensor x: f32[3, 4] input
tensor u: f32[2, 6] input
tensor v: f32[2, 6] input
tensor y: f32[12] result
loop y(i: 12):
  y[i] = x[i // 4, i % 4] + u[i // 6, i % 6] * v[i // 6, i % 6]
`);
  expect(text).toMatchInlineSnapshot(`
    "tensor y: f32[2, 6] result
    loop y(i_0: 2, i_1: 6):
      y[i_0, i_1] = x[(i_0 * 6 + i_1) // 4, (i_0 * 6 + i_1) % 4] + u[i_0, i_1] * v[i_0, i_1]
    "
  `);
});

it('A join that is refused names the tensor, the movement and the line', () => {
  const [first, second] = parseLoops(`tensor x: f32[12] input
tensor h: f32[12] temp
tensor y: f32[9] result
loop h(i: 12):
  h[i] = exp(x[i])
loop y(j: 9):
  y[j] = h[j + 3]
  from "y = slice(h)" at "model.ts:7"
`);
  if (first === undefined || second === undefined) throw new Error('two loops');
  expect(rowAxes([singleton(first), singleton(second)])).toBe(
    'y reads dimension 0 of h[?] through a window or a slice, at model.ts:7',
  );
});

describe('random loops with their axes aligned', () => {
  it('have the same values, verify, and no index with more quotients than before', () => {
    for (let seed = 0; seed < 24; seed++) {
      const { module } = seed % 2 === 0 ? numberedModule(seed) : randomMoves(seed);
      const before = loopsOf(module);
      const after = alignAxes(before, new Decisions());
      expect(results(after), `seed ${seed}`).toEqual(results(before));
      const more = after.filter((loop, k) => divisions(loop) > divisions(before[k] ?? loop));
      expect(more.map((loop) => printLoops([loop]))).toEqual([]);
    }
  });

  it('have no quotient left where they only move whole tensors of sizes that refine one another', () => {
    let quotients = 0;
    for (let seed = 0; seed < 50; seed += 2) {
      const before = loopsOf(randomMoves(seed).module);
      const after = alignAxes(before, new Decisions());
      quotients += before.filter((loop) => divisions(loop) > 0).length;
      expect(after.filter((loop) => divisions(loop) > 0).map((loop) => printLoops([loop]))).toEqual([]);
      // What is aligned stays as it is.
      expect(alignAxes(after, new Decisions())).toEqual(after);
    }
    expect(quotients).toBeGreaterThan(20);
  });

  it('are the same whatever the order of the loops', () => {
    for (let seed = 1; seed < 14; seed++) {
      const loops = loopsOf(randomMoves(seed).module);
      const text = (all: readonly Loop[]): string[] => all.map((loop) => printLoops([loop])).sort();
      const turned = anotherOrder(loops, new Dice(seed));
      expect(text(alignAxes(turned, new Decisions()))).toEqual(text(alignAxes(loops, new Decisions())));
    }
  });

  it('agree with the reference evaluator as kernels and on WebAssembly', () => {
    const found: string[] = [];
    for (let seed = 0; seed < 8; seed++) {
      const random = randomMoves(seed);
      found.push(...disagreements(random, machines[seed % 4 < 2 ? 'webgpu' : 'webgpu-software'], new Set()));
      found.push(...wasmDisagreements(random, new Set()));
    }
    expect(found).toEqual([]);
  });
});

/** The loops in another order that runs. */
function anotherOrder(loops: readonly Loop[], dice: Dice): Loop[] {
  const left = dice.shuffled(loops);
  const written = new Set<Tensor>();
  const made = new Set(loops.flatMap((loop) => loop.outs.map(({ tensor }) => tensor)));
  const order: Loop[] = [];
  while (left.length > 0) {
    const k = left.findIndex((loop) => [...tensorsRead(loop)].every((t) => !made.has(t) || written.has(t)));
    for (const loop of left.splice(k, 1)) {
      order.push(loop);
      for (const { tensor } of loop.outs) written.add(tensor);
    }
  }
  return order;
}
