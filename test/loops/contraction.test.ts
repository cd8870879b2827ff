import { describe, expect, it } from 'vitest';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { type Contraction, contractionOf } from '../../src/loops/index.ts';
import { parseLoops, printExpr } from '../../src/loops/text.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';

/** The contraction that a loop is, its sides as text. */
function sides(axes: string, reduce: string, body: string): Record<string, readonly string[]> | null {
  const [loop] = parseLoops(`tensor x: f32[6, 10] input
tensor w: f32[10, 4] input
tensor y: f32[6, 4] temp
loop y(${axes}) reduce(${reduce}):
  r0 = sum(${body})
  y[i, j] = r0.0
`);
  if (loop === undefined) throw new Error('no loop');
  const found = contractionOf(loop);
  if (found === null) return null;
  const { a, b, m, n, batch }: Contraction = found;
  const names = (list: Contraction['m']): string[] => list.map((axis) => axis.name);
  return {
    a: a.map((e) => printExpr(e)),
    b: b.map((e) => printExpr(e)),
    m: names(m),
    n: names(n),
    batch: names(batch),
  };
}

/** The contractions that the loops of an entry are, with what they are summed over. */
function contractionsOf(module: Module): Record<string, Record<string, readonly string[]>> {
  return Object.fromEntries(
    lower(module, 'run', declareStorage(module)).flatMap((loop) => {
      const found = contractionOf(loop);
      if (found === null) return [];
      const names = (list: Contraction['m']): string[] =>
        list.map(({ name, extent, live }) => `${name}: ${live === undefined ? '' : '<='}${extent}`);
      const { m, n, batch } = found;
      return [[loop.name, { m: names(m), n: names(n), batch: names(batch), over: names(loop.reduceAxes) }]];
    }),
  );
}

describe('a contraction', () => {
  it('is a layer of many dimensions, and its gradients, whatever they are summed over', () => {
    const module = defineModule('layer', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 16 }), 64, 128] });
      const w = m.state('w', { shape: [128, 384] });
      const y = x.matmul(w).named('y');
      const [dx = y, dw = y] = gradients(y.square().sum(), [x, w]);
      m.entry('run', { y, dx: dx.named('dx'), dw: dw.named('dw') });
    });
    expect(contractionsOf(module)).toEqual({
      y: { m: ['i0: <=16', 'i1: 64'], n: ['i2: 384'], batch: [], over: ['k0: 128'] },
      dx: { m: ['i0: <=16', 'i1: 64'], n: ['i2: 128'], batch: [], over: ['k0: 384'] },
      dw: { m: ['i0: 128'], n: ['i1: 384'], batch: [], over: ['k0: <=16', 'k1: 64'] },
    });
  });

  it('is a sum of products of two sides', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'x[i, k] * w[k, j]')).toEqual({
      a: ['x[i, k]'],
      b: ['w[k, j]'],
      m: ['i'],
      n: ['j'],
      batch: [],
    });
  });

  it('guards both sides, so that what is left out is no product with what may be infinite', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'select(3 < k && k < 9, x[i, k] * w[k, j], 0.0)')).toEqual({
      a: ['select(3 < k && k < 9, x[i, k], 0.0)'],
      b: ['select(3 < k && k < 9, w[k, j], 0.0)'],
      m: ['i'],
      n: ['j'],
      batch: [],
    });
  });

  it('has the axes of a guard on both sides', () => {
    const two = (guard: string): unknown =>
      sides('i: 6, h: 2, j: 4', 'k: 10', `select(${guard}, x[i, k] * w[k, j], 0.0)`);
    expect(two('h < k')).toEqual({
      a: ['select(h < k, x[i, k], 0.0)'],
      b: ['select(h < k, w[k, j], 0.0)'],
      m: ['i'],
      n: ['j'],
      batch: ['h'],
    });
    expect(two('i < k')).toBeNull();
    expect(two('i < j')).toBeNull();
  });

  it('is none where what is left out is not zero', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'select(k < 9, x[i, k] * w[k, j], 1.0)')).toBeNull();
  });
});
