import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Axis,
  accumulators,
  apply,
  axisRef,
  constant,
  type Expr,
  float,
  int,
  type Loop,
  load,
  type Monoid,
  monoids,
  type Tensor,
} from '../../src/loops/index.ts';
import { LoopTextError, parseExpr, parseLoops, printExpr, printLoops } from '../../src/loops/text.ts';
import { axes, indices, values } from './expressions.ts';
import { structureOf } from './structure.ts';

const MLP = `tensor batch_rows: i32[batch<=128] rows
tensor pixels: u8[batch<=128, 784] data
tensor W1: f32[784, 128] state
tensor b1: f32[128] state
tensor h: f32[batch<=128, 128] temp
tensor dh: f32[batch<=128, 128] temp
tensor "W1'": f32[784, 128] next over W1
param lr: f32 = 0.1f
loop hidden(i: batch<=128, j: 128) reduce(k: 784):
  r0 = sum(f32(pixels[batch_rows[i], k]) / 255.0 * W1[k, j])
  h[i, j] = relu(r0.0 + b1[j])
  from "hidden = relu(%12)" at "model.ts:12"
loop "W1'"(k: 784, j: 128) reduce(i: batch<=128):
  r0 = sum(f32(pixels[batch_rows[i], k]) / 255.0 * dh[i, j])
  "W1'"[k, j] = W1[k, j] - $lr * (r0.0 / f32(live(batch<=128)))
`;

/** Variables would need their kernel around them to be typed; in loops they do not occur. */
const isLoopExpr = (e: Expr): boolean =>
  e.kind === 'var' ? false : (e.kind === 'apply' ? e.args : e.kind === 'load' ? e.at : []).every(isLoopExpr);

const loops: fc.Arbitrary<Loop> = fc
  .record({
    name: fc.string(),
    monoid: fc.option(fc.constantFrom(...(Object.keys(monoids) as Monoid[]))),
    index: indices,
    body: values.filter(isLoopExpr),
    value: values.filter(isLoopExpr),
    tensorName: fc.string({ unit: 'grapheme' }),
    source: fc.option(fc.string()),
  })
  .map(({ name, monoid, index, body, value, tensorName, source }) => {
    const [i, j, k] = axes;
    const tensor: Tensor = { name: `${tensorName}!`, shape: [6, 4, 3], dtype: 'f32', role: 'temp' };
    const gathered = load({ name: tensorName, shape: [9], dtype: 'f32', role: 'input' }, [index]);
    const body2 = apply('add', body, gathered);
    const reductions = monoid === null ? [] : [{ monoid, body: body2 }];
    const acc = monoid === null ? gathered : (accumulators(reductions, 0)[0] ?? gathered);
    return {
      name,
      axes: monoid === null ? [i, j, k] : [i, j],
      reduceAxes: monoid === null ? [] : [k],
      reductions,
      outs: [{ tensor, at: [i, j, k], value: apply('mul', apply('add', value, acc), value) }],
      origin: [source === null ? { node: name } : { node: name, source }],
    };
  });

describe('the text of loops', () => {
  it('reads like the mathematics, and prints as it was read', () => {
    expect(printLoops(parseLoops(MLP))).toBe(MLP);
  });

  it('parses back to the same structure, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(loops, { minLength: 1, maxLength: 2 }), (list) => {
        const distinct = list.map((loop, n) => ({
          ...loop,
          outs: loop.outs.map((o) => ({ ...o, tensor: { ...o.tensor, name: `${o.tensor.name}${n}` } })),
        }));
        const text = printLoops(distinct);
        const parsed = parseLoops(text);
        expect(printLoops(parsed)).toBe(text);
        expect(structureOf(parsed)).toEqual(structureOf(distinct));
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('tells two tensors and two axes of one name apart', () => {
    const axis = (): Axis => ({ name: 'i', extent: 2 });
    const tensor = (role: Tensor['role']): Tensor => ({ name: 't', shape: [2, 2], dtype: 'f32', role });
    const [a, b] = [axis(), axis()];
    const [x, y] = [tensor('input'), tensor('temp')];
    const value = load(x, [axisRef(b), axisRef(a)]);
    const loop: Loop = {
      name: 't',
      axes: [a, b],
      reduceAxes: [],
      reductions: [],
      outs: [{ tensor: y, at: [a, b], value }],
      origin: [],
    };
    expect(printLoops([loop])).toMatchInlineSnapshot(`
      "tensor t: f32[2, 2] input
      tensor t_1 named t: f32[2, 2] temp
      loop t(i: 2, i_1 named i: 2):
        t_1[i, i_1] = t[i_1, i]
      "
    `);
  });

  it('writes a shared expression once, however often it is used', () => {
    const axis: Axis = { name: 'i', extent: 4 };
    const x: Tensor = { name: 'x', shape: [4], dtype: 'f32', role: 'input' };
    let value = apply('tanh', apply('add', load(x, [axisRef(axis)]), float(1)));
    for (let n = 0; n < 60; n++) value = apply('mul', value, apply('sub', value, float(0.5)));
    const y: Tensor = { name: 'y', shape: [4], dtype: 'f32', role: 'temp' };
    const outs = [{ tensor: y, at: [axis], value }];
    const loop = { name: 'y', axes: [axis], reduceAxes: [], reductions: [], outs, origin: [] };
    const text = printLoops([loop]);
    expect(text.split('\n').length).toBeLessThan(70);
    expect(printLoops(parseLoops(text))).toBe(text);
  });
});

describe('the text of an expression', () => {
  it('keeps every bit of a constant', () => {
    const cases: readonly [number, string][] = [
      [0, '0.0'],
      [-0, '-0.0'],
      [1, '1.0'],
      [0.1, '0.1'],
      [Math.fround(0.1), '0.1f'],
      [Math.fround(1 / 3), '0.33333334f'],
      [1e-45, '1e-45'],
      [Math.fround(1e-45), '1e-45f'],
      [3.4028234663852886e38, '3.4028235e+38f'],
      [Infinity, 'inf'],
      [-Infinity, '-inf'],
      [Number.NaN, 'nan'],
    ];
    for (const [value, text] of cases) {
      expect(printExpr(float(value))).toBe(text);
      expect(parseExpr(text)).toEqual(float(value));
    }
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.float()), (x) => {
        expect(parseExpr(printExpr(float(x)))).toEqual(float(x));
      }),
    );
    expect(printExpr(int(-2147483648))).toBe('-2147483648');
    expect(printExpr(constant(4294967295, 'u32'))).toBe('4294967295u');
    expect(printExpr(constant(1, 'bool'))).toBe('true');
  });

  it('parses back to the same tree, negative constants, negations and nesting to the right included', () => {
    const texts = [
      '1 - (2 - 3)',
      '1 - -3',
      '-(1)',
      '--(1)',
      '(1 + 2) * -(3)',
      '!(1 < 2) && (2 < 3 || 3 < 4)',
    ];
    for (const text of texts) expect(printExpr(parseExpr(text))).toBe(text);
    expect(printExpr(parseExpr('((1 + 2) + 3) * (4 % 3)'))).toBe('(1 + 2 + 3) * (4 % 3)');
    expect(printExpr(parseExpr('@wg:i32 * 64 + @"my id":i32'))).toBe('@wg:i32 * 64 + @"my id":i32');
  });
});

describe('text that is not a loop', () => {
  const cases: readonly [text: string, message: string][] = [
    ['loop f(i: 4)\n', '1:13: expected :, found "end of line"'],
    ['tensor x: f64[4] temp\n', '1:11: expected a type: one of f32, i32, u32, bool, u8, found "f64"'],
    ['tensor x: f32[4] temp\nloop f(i: 4):\n  x[i] = y[i]\n', '3:10: no tensor y is declared'],
    [
      'tensor x: f32[4] temp\nloop f(i: 4):\n  x[i] = 1.0 + 2\n',
      '3:14: add: operands of different types: f32, i32',
    ],
    [
      'tensor x: f32[4] temp\nloop f(i: 4):\n  x[i] = x[i, i]\n',
      '3:10: load of x: 2 indices for 1 dimensions',
    ],
    ['tensor x: f32[4] temp\ntensor x: f32[4] temp\n', '2:8: tensor x is declared twice'],
    ['tensor x: f32[b<=4] temp\ntensor y: f32[b<=5] temp\n', '2:15: size b is at most 4 above, and 5 here'],
    ['tensor x: f32[4] temp\nloop f(i: 4):\n  x[i] = r0.0\n', '3:10: no accumulator r0.0 here'],
    ['tensor x: f32[4] temp\nloop f(i: 4):\n  x[i] = sine(1.0)\n', '3:10: no operation sine'],
    ['tensor x; f32', '1:9: unexpected ";"'],
  ];
  for (const [text, message] of cases) {
    it(`is refused: ${message}`, () => {
      let error: unknown;
      try {
        parseLoops(text);
      } catch (e) {
        error = e;
      }
      expect(error).toBeInstanceOf(LoopTextError);
      expect((error as LoopTextError).message).toBe(message);
    });
  }
});
