import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AxisError, factorAxes, readThrough, splitAxis, type View } from '../../src/loops/axes.ts';
import type { Axis, Loop, Tensor } from '../../src/loops/index.ts';
import { interpretLoops } from '../../src/loops/interpret.ts';
import { parseLoops, printLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';

function axisOf(loop: Loop, name: string): Axis {
  const axis = [...loop.axes, ...loop.reduceAxes].find((a) => a.name === name);
  if (axis === undefined) throw new Error(`no axis ${name}`);
  return axis;
}

function byTensor(views: readonly View[]): Map<Tensor, View> {
  return new Map(views.map((view) => [view.from, view] as const));
}

function only(text: string): Loop {
  const [loop] = parseLoops(text);
  if (loop === undefined) throw new Error('no loop');
  return loop;
}

/** Elements of the last loop's first output, inputs being `n % 7 - 3`. */
function run(loops: readonly Loop[], live: Record<string, number> = {}): number[] {
  verifyLoops(loops);
  const memory = new Map<Tensor, Float64Array>();
  const inputs = new Map<string, Float64Array>();
  for (const [, name = '', shape = ''] of printLoops(loops).matchAll(/tensor (\w+): f32\[(.*)\] input/g)) {
    const extents = shape.split(', ').map(extentIn);
    inputs.set(
      name,
      Float64Array.from({ length: extents.reduce((a, b) => a * b, 1) }, (_, n) => (n % 7) - 3),
    );
  }
  for (const loop of loops) {
    for (const tensor of tensorsOf(loop)) {
      const array = inputs.get(tensor.name);
      if (array !== undefined && tensor.role === 'input') memory.set(tensor, array);
    }
  }
  interpretLoops(loops, memory, { live });
  const last = loops.at(-1)?.outs[0]?.tensor;
  return [...((last && memory.get(last)) ?? [])];
}

/** `10`, `batch<=4`, `2*batch<=3`. */
function extentIn(dim: string): number {
  const [, factor = '1', extent = dim] = dim.match(/^(?:(\d+)\*)?.*<=(\d+)$/) ?? [];
  return Number(factor) * Number(extent);
}

function tensorsOf(loop: Loop): Tensor[] {
  const found: Tensor[] = [];
  const visit = (e: Loop['outs'][number]['value']): void => {
    if (e.kind === 'load') found.push(e.tensor);
    for (const child of e.kind === 'load' ? e.at : e.kind === 'apply' ? e.args : []) visit(child);
  };
  for (const r of loop.reductions) visit(r.body);
  for (const o of loop.outs) visit(o.value);
  return found;
}

const PRODUCT = `tensor a: f32[6, 10] input
tensor b: f32[10, 4] input
tensor c: f32[6, 4] temp
loop c(i: 6, j: 4) reduce(k: 10):
  r0 = sum(a[i, k] * b[k, j])
  c[i, j] = r0.0
`;

describe('a split', () => {
  it('of a reduction that divides needs no guard', () => {
    const loop = only(PRODUCT);
    const split = splitAxis(loop, axisOf(loop, 'k'), 5).loop;
    expect(printLoops([split])).toMatchInlineSnapshot(`
      "tensor a: f32[6, 10] input
      tensor b: f32[10, 4] input
      tensor c: f32[6, 4] temp
      loop c(i: 6, j: 4) reduce(k_outer: 2, k_inner: 5):
        r0 = sum(a[i, k_outer * 5 + k_inner] * b[k_outer * 5 + k_inner, j])
        c[i, j] = r0.0
      "
    `);
    expect(run([split])).toEqual(run([loop]));
  });

  it('of a reduction that does not divide is guarded by the neutral element', () => {
    const loop = only(PRODUCT);
    const split = splitAxis(loop, axisOf(loop, 'k'), 4).loop;
    expect(printLoops([split])).toMatchInlineSnapshot(`
      "tensor a: f32[6, 10] input
      tensor b: f32[10, 4] input
      tensor c: f32[6, 4] temp
      loop c(i: 6, j: 4) reduce(k_outer: 3, k_inner: 4):
        r0 = sum(select(k_outer * 4 + k_inner < 10, a[i, k_outer * 4 + k_inner] * b[k_outer * 4 + k_inner, j], 0.0))
        c[i, j] = r0.0
      "
    `);
    expect(run([split])).toEqual(run([loop]));
  });

  it('evaluates a condition that loads under the bounds, never beside them', () => {
    const loop = only(`tensor x: f32[10] input
tensor mask: f32[10] input
tensor y: f32[] temp
loop y() reduce(k: 10):
  r0 = sum(select(mask[k] < 1.0 && k % 3 == 0, x[k], 0.0))
  y[] = r0.0
`);
    const split = splitAxis(loop, axisOf(loop, 'k'), 4).loop;
    expect(printLoops([split])).toMatchInlineSnapshot(`
      "tensor mask: f32[10] input
      tensor x: f32[10] input
      tensor y: f32[] temp
      loop y() reduce(k_outer: 3, k_inner: 4):
        r0 = sum(select(k_outer * 4 + k_inner < 10 && (k_outer * 4 + k_inner) % 3 == 0, select(mask[k_outer * 4 + k_inner] < 1.0, x[k_outer * 4 + k_inner], 0.0), 0.0))
        y[] = r0.0
      "
    `);
    expect(run([split])).toEqual(run([loop]));
    const again = splitAxis(split, axisOf(split, 'k_inner'), 3).loop;
    expect(printLoops([again])).toMatchInlineSnapshot(`
      "tensor mask: f32[10] input
      tensor x: f32[10] input
      tensor y: f32[] temp
      loop y() reduce(k_outer: 3, k_inner_outer: 2, k_inner_inner: 3):
        %0 = k_outer * 4 + (k_inner_outer * 3 + k_inner_inner)
        r0 = sum(select(k_inner_outer * 3 + k_inner_inner < 4 && %0 < 10 && (k_outer * 4 + k_inner_inner) % 3 == 0, select(mask[%0] < 1.0, x[%0], 0.0), 0.0))
        y[] = r0.0
      "
    `);
    expect(run([again])).toEqual(run([loop]));
  });

  it('of any length by any factor, of terms under any conditions, keeps the value', () => {
    const guards = ['mask[k] < 1.0', 'k % 2 == 0', 'mask[k] != 0.0', '1 <= k', 'k < live(n<=LENGTH)'];
    const term = (conditions: readonly (readonly string[])[], neutral: string): string =>
      conditions.reduceRight((inner, all) => `select(${all.join(' && ')}, ${inner}, ${neutral})`, 'x[k]');
    fc.assert(
      fc.property(
        fc.record({
          extent: fc.integer({ min: 1, max: 23 }),
          factors: fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 1, maxLength: 3 }),
          conditions: fc.array(fc.subarray(guards, { minLength: 1 }), { maxLength: 3 }),
          monoid: fc.constantFrom(['sum', '0.0'], ['max', '-inf'], ['product', '1.0']),
          live: fc.boolean(),
          rows: fc.nat(23),
        }),
        ({ extent, factors, conditions, monoid: [monoid, neutral = ''], live, rows }) => {
          const length = live ? `n<=${extent}` : String(extent);
          const loop = only(
            `tensor x: f32[${length}] input
tensor mask: f32[${length}] input
tensor y: f32[] temp
loop y() reduce(k: ${length}):
  r0 = ${monoid}(${term(conditions, neutral).replaceAll('LENGTH', String(extent))})
  y[] = r0.0
`,
          );
          const n = Math.min(rows, extent);
          let split = loop;
          for (const factor of factors) {
            const [last] = split.reduceAxes.slice(-1);
            if (last !== undefined) split = splitAxis(split, last, factor).loop;
          }
          expect(run([split], { n })).toEqual(run([loop], { n }));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of a reduction over live rows is guarded by their number', () => {
    const loop = only(`tensor x: f32[batch<=12] input
tensor y: f32[] temp
loop y() reduce(i: batch<=12):
  r0 = max(x[i])
  y[] = r0.0
`);
    const split = splitAxis(loop, axisOf(loop, 'i'), 4).loop;
    expect(printLoops([split])).toMatchInlineSnapshot(`
      "tensor x: f32[batch<=12] input
      tensor y: f32[] temp
      loop y() reduce(i_outer: 3, i_inner: 4):
        r0 = max(select(i_outer * 4 + i_inner < live(batch<=12), x[i_outer * 4 + i_inner], -inf))
        y[] = r0.0
      "
    `);
    for (const batch of [1, 5, 12]) expect(run([split], { batch })).toEqual(run([loop], { batch }));
  });

  it('of a parallel axis splits the output, and its readers read through', () => {
    const [first, second] = parseLoops(`${PRODUCT}tensor d: f32[4, 6] result
loop d(j: 4, i: 6):
  d[j, i] = c[i, j] * 2.0
`);
    if (first === undefined || second === undefined) throw new Error('two loops');
    const split = splitAxis(first, axisOf(first, 'i'), 3);
    const reader = readThrough(second, byTensor(split.views));
    expect(printLoops([split.loop, reader])).toMatchInlineSnapshot(`
      "tensor a: f32[6, 10] input
      tensor b: f32[10, 4] input
      tensor c: f32[2, 3, 4] temp
      tensor d: f32[4, 6] result
      loop c(i_outer: 2, i_inner: 3, j: 4) reduce(k: 10):
        r0 = sum(a[i_outer * 3 + i_inner, k] * b[k, j])
        c[i_outer, i_inner, j] = r0.0
      loop d(j: 4, i: 6):
        d[j, i] = c[i // 3, i % 3, j] * 2.0
      "
    `);
    expect(run([split.loop, reader])).toEqual(run([first, second]));
  });

  it('of a parallel axis that does not divide makes the output longer, with zeros beyond', () => {
    const [first, second] = parseLoops(`tensor a: f32[7] input
tensor b: f32[7] temp
loop b(i: 7) reduce(k: 3):
  r0 = sum(select(i + k < 7, a[i + k] * 2.0, 0.0))
  b[i] = r0.0 + a[i]
tensor c: f32[7] result
loop c(i: 7):
  c[i] = b[i]
`);
    if (first === undefined || second === undefined) throw new Error('two loops');
    const split = splitAxis(first, axisOf(first, 'i'), 2);
    const reader = readThrough(second, byTensor(split.views));
    expect(printLoops([split.loop, reader])).toMatchInlineSnapshot(`
      "tensor a: f32[7] input
      tensor b: f32[4, 2] temp
      tensor c: f32[7] result
      loop b(i_outer: 4, i_inner: 2) reduce(k: 3):
        r0 = sum(select(i_outer * 2 + i_inner + k < 7, a[i_outer * 2 + i_inner + k] * 2.0, 0.0))
        b[i_outer, i_inner] = select(i_outer * 2 + i_inner < 7, r0.0 + a[i_outer * 2 + i_inner], 0.0)
      loop c(i: 7):
        c[i] = b[i // 2, i % 2]
      "
    `);
    expect(run([split.loop, reader])).toEqual(run([first, second]));
    expect(() => splitAxis(second, axisOf(second, 'i'), 2)).toThrow(
      new AxisError(second, '2 does not divide axis i of 7, and c is no temporary'),
    );
  });

  it('keeps the positions of an arg-reduction, or is refused', () => {
    const loop = only(`tensor a: f32[6, 10] input
tensor c: i32[] temp
loop c() reduce(i: 6, k: 10):
  r0 = argmax(a[i, k])
  c[] = r0.1
`);
    expect(run([splitAxis(loop, axisOf(loop, 'k'), 5).loop])).toEqual(run([loop]));
    expect(run([splitAxis(loop, axisOf(loop, 'i'), 4).loop])).toEqual(run([loop]));
    expect(() => splitAxis(loop, axisOf(loop, 'k'), 4)).toThrow(AxisError);
  });

  it('of statistics is refused where it would count what is not there', () => {
    const moments = only(PRODUCT.replace('sum(', 'moments(').replace('r0.0', 'r0.1'));
    expect(() => splitAxis(moments, axisOf(moments, 'k'), 4)).toThrow('the axis of moments must divide');
  });
});

describe('factors of several axes', () => {
  it('give the output a shape of the same memory, and its readers indices without quotients', () => {
    const loops = parseLoops(`tensor a: f32[2*batch<=3, 12] input
tensor h: f32[2*batch<=3, 12] temp
tensor y: f32[batch<=3, 2, 3, 4] result
loop h(i: 2*batch<=3, j: 12):
  h[i, j] = a[i, j] + f32(j)
loop y(b: batch<=3, p: 2, q: 3, r: 4):
  y[b, p, q, r] = h[b * 2 + p, q * 4 + r]
`);
    const [first, second] = loops;
    if (first === undefined || second === undefined) throw new Error('two loops');
    const cuts = new Map([
      [axisOf(first, 'i'), [2]],
      [axisOf(first, 'j'), [4, 2]],
    ]);
    const split = factorAxes(first, cuts, new Map());
    const reader = readThrough(second, byTensor(split.views));
    expect(printLoops([split.loop, reader])).toMatchInlineSnapshot(`
      "tensor a: f32[2*batch<=3, 12] input
      tensor h: f32[batch<=3, 2, 3, 2, 2] temp
      tensor y: f32[batch<=3, 2, 3, 4] result
      loop h(i_0: batch<=3, i_1: 2, j_0: 3, j_1: 2, j_2: 2):
        %0 = (j_0 * 2 + j_1) * 2 + j_2
        h[i_0, i_1, j_0, j_1, j_2] = a[i_0 * 2 + i_1, %0] + f32(%0)
      loop y(b: batch<=3, p: 2, q: 3, r: 4):
        y[b, p, q, r] = h[b, p, q, r // 2, r % 2]
      "
    `);
    expect(run([split.loop, reader], { batch: 2 })).toEqual(run(loops, { batch: 2 }));
  });

  it('are refused where they do not divide', () => {
    const loop = only(PRODUCT);
    const cut = (at: readonly number[]): unknown =>
      factorAxes(loop, new Map([[axisOf(loop, 'k'), at]]), new Map());
    expect(() => cut([4])).toThrow('4 does not divide 10 along axis k');
    const bounded = only(`tensor x: f32[3*batch<=4] input
tensor y: f32[] temp
loop y() reduce(i: 3*batch<=4):
  r0 = sum(x[i])
  y[] = r0.0
`);
    expect(() => factorAxes(bounded, new Map([[axisOf(bounded, 'i'), [2]]]), new Map())).toThrow(
      '2 does not divide the live extent of axis i',
    );
  });
});
