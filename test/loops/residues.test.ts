import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decisions } from '../../src/fuse/index.ts';
import { splitResidues } from '../../src/fuse/splitResidues.ts';
import { congruenceOf, type Loop, leaveOutTerms, residuesOf, type Tensor } from '../../src/loops/index.ts';
import { interpretLoops } from '../../src/loops/interpret.ts';
import { parseLoops, printLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';

function parsed(text: string): Loop[] {
  const loops = parseLoops(text);
  verifyLoops(loops);
  return loops;
}

/** Elements of the last loop's output, inputs being `n % 7 - 3` from 1 on, so that none is zero. */
function run(loops: readonly Loop[]): number[] {
  verifyLoops(loops);
  const memory = new Map<Tensor, Float64Array>();
  const visit = (e: Loop['outs'][number]['value']): void => {
    if (e.kind === 'load' && e.tensor.role === 'input') {
      const length = e.tensor.shape.reduce<number>((n, dim) => n * Number(dim), 1);
      memory.set(
        e.tensor,
        Float64Array.from({ length }, (_, n) => (n % 7) + 1),
      );
    }
    for (const child of e.kind === 'load' ? e.at : e.kind === 'apply' ? e.args : []) visit(child);
  };
  for (const loop of loops) {
    for (const { body } of loop.reductions) visit(body);
    for (const { value } of loop.outs) visit(value);
  }
  interpretLoops(loops, memory);
  const last = loops.at(-1)?.outs[0]?.tensor;
  return [...((last && memory.get(last)) ?? [])];
}

const split = (loops: readonly Loop[]): Loop[] => splitResidues(loops, new Decisions());

/** The gradient of the input of a convolution with stride 2, and a reader. */
const TRANSPOSED = (extent: number): string => `tensor g: f32[5] input
tensor w: f32[3] input
tensor x: f32[${extent}] temp
tensor y: f32[${extent}] result
loop x(i: ${extent}) reduce(k: 3):
  r0 = sum(select((i + k + -1) % 2 == 0, select(1 <= i + k && i + k < 11, g[(i + k + -1) // 2], 0.0) * w[k], 0.0))
  x[i] = r0.0
loop y(i: ${extent}):
  y[i] = x[i] * 2.0
`;

describe('a reduction of which every second term counts', () => {
  it('takes the terms that count, in residues of its own axis, and its readers read through', () => {
    const loops = parsed(TRANSPOSED(10));
    expect(printLoops(split(loops))).toMatchInlineSnapshot(`
      "tensor g: f32[5] input
      tensor w: f32[3] input
      tensor x: f32[5, 2] temp
      tensor y: f32[10] result
      loop x(i_outer: 5, i_inner: 2) reduce(k: 2):
        r0 = sum(select(k * 2 - 2 < i_inner, select(i_outer + k < 5, g[i_outer + k], 0.0) * w[k * 2 + (1 - i_inner)], 0.0))
        x[i_outer, i_inner] = r0.0
      loop y(i: 10):
        y[i] = x[i // 2, i % 2] * 2.0
      "
    `);
    expect(run(split(loops))).toEqual(run(loops));
  });

  it('is longer than before where its axis has an odd extent, and reads nothing beyond', () => {
    const loops = parsed(TRANSPOSED(11));
    expect(printLoops(split(loops))).toMatchInlineSnapshot(`
      "tensor g: f32[5] input
      tensor w: f32[3] input
      tensor x: f32[6, 2] temp
      tensor y: f32[11] result
      loop x(i_outer: 6, i_inner: 2) reduce(k: 2):
        r0 = sum(select(k * 2 - 2 < i_inner, select(i_outer + k < 5, g[i_outer + k], 0.0) * w[k * 2 + (1 - i_inner)], 0.0))
        x[i_outer, i_inner] = select(i_outer * 2 + i_inner < 11, r0.0, 0.0)
      loop y(i: 11):
        y[i] = x[i // 2, i % 2] * 2.0
      "
    `);
    expect(run(split(loops))).toEqual(run(loops));
  });

  it('is copied where its shape is fixed', () => {
    const [loop] = parsed(TRANSPOSED(10).replace('x: f32[10] temp', 'x: f32[10] result'));
    if (loop === undefined) throw new Error('no loop');
    expect(printLoops(split([loop]))).toMatchInlineSnapshot(`
      "tensor g: f32[5] input
      tensor w: f32[3] input
      tensor x_residues: f32[5, 2] temp
      tensor x: f32[10] result
      loop x_residues(i_outer: 5, i_inner: 2) reduce(k: 2):
        r0 = sum(select(k * 2 - 2 < i_inner, select(i_outer + k < 5, g[i_outer + k], 0.0) * w[k * 2 + (1 - i_inner)], 0.0))
        x_residues[i_outer, i_inner] = r0.0
      loop x(i0: 10):
        x[i0] = x_residues[i0 // 2, i0 % 2]
      "
    `);
    expect(run(split([loop]))).toEqual(run([loop]));
  });

  it('stays as it is where positions count, or what is left out is not neutral', () => {
    for (const [from, to] of [
      ['sum(', 'argmax('],
      ['0.0))', '1.0))'],
    ] as const) {
      const text = TRANSPOSED(10)
        .replace(from, to)
        .replace('x[i] = r0.0', from === 'sum(' ? 'x[i] = f32(r0.1)' : '$&');
      const loops = parsed(text);
      expect(split(loops)).toEqual(loops);
    }
  });
});

describe('a congruence', () => {
  const numbers = fc.record({
    a: fc.integer({ min: 0, max: 5 }),
    b: fc.integer({ min: 1, max: 5 }),
    c: fc.integer({ min: -7, max: 7 }),
    modulus: fc.integer({ min: 2, max: 6 }),
    extent: fc.integer({ min: 1, max: 11 }),
    window: fc.integer({ min: 1, max: 7 }),
    monoid: fc.constantFrom('sum', 'max', 'product'),
  });

  it('of any steps leaves the same terms, whichever the monoid', () => {
    let rewritten = 0;
    fc.assert(
      fc.property(numbers, ({ a, b, c, modulus, extent, window, monoid }) => {
        const neutral = { sum: '0.0', max: '-inf', product: '1.0' }[monoid];
        const place = `i * ${a} + k * ${b} + ${c}`;
        // No longer than what counts reads: what leads out of it is a fault.
        const most = a * (extent - 1) + b * (window - 1) + c;
        const [low, high] = [Math.ceil(c / modulus), Math.floor(most / modulus)];
        if (high < low) return;
        const loops = parsed(`tensor g: f32[${high - low + 1}] input
tensor w: f32[${window}] input
tensor x: f32[${extent}] temp
tensor y: f32[${extent}] result
loop x(i: ${extent}) reduce(k: ${window}):
  r0 = ${monoid}(select((${place}) % ${modulus} == 0, select(0.0 < w[k], g[(${place}) // ${modulus} - ${low}], 5.0) * w[k], ${neutral}))
  x[i] = r0.0
loop y(i: ${extent}):
  y[i] = x[i]
`);
        const [loop] = loops;
        const found = loop === undefined ? null : congruenceOf(loop);
        if (loop === undefined || found === null) return;
        rewritten++;
        const done = split(loops);
        expect(done.every((l) => congruenceOf(l) === null)).toBe(true);
        expect(run(done)).toEqual(run(loops));
        expect(residuesOf(found)).toBeLessThanOrEqual(modulus);
        expect(run([leaveOutTerms(loop, found), ...loops.slice(1)])).toEqual(run(loops));
      }),
      { numRuns: 300 },
    );
    expect(rewritten).toBeGreaterThan(100);
  });
});
