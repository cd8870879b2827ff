import { describe, expect, it } from 'vitest';
import { define, type F32, f32, floatOf, interpret, u32 } from '../../src/functions/index.ts';
import { wasmFunctionOf } from '../../src/wasm/functionText.ts';
import { wgslFunctionOf } from '../../src/wgsl/functionText.ts';

const cube = define('cube', 'x³.', 1, ([x]) => x.mul(x).mul(x));
/** A little of everything: names, values used twice, constants, selects, integers. */
const sampled = define('sampled', 'Two lines\nof it.', 2, ([x, y]) => {
  const sum = x.add(y).named('sum');
  const bits = sum.bits();
  const shifted = bits.shr(bits.and(31)).mulHigh(u32(0x80000001)).add(bits);
  const isEven = shifted.and(1).eq(0);
  return isEven.select(sum.sub(x.sub(1)), shifted.xor(5).asF32()).div(f32(-Infinity));
});

describe('a function that is defined once', () => {
  it('prints as WGSL, with what it uses', () => {
    const { text, uses, constants } = wgslFunctionOf(sampled);
    expect(uses).toEqual(['mul_high_u32']);
    expect(constants).toEqual(['infinity']);
    expect(text).toMatchInlineSnapshot(`
      "
      // Two lines
      // of it.
      fn sampled_f32(x: f32, y: f32) -> f32 {
        let sum = x + y;
        let t = bitcast<u32>(sum);
        let t1 = mul_high_u32(t >> (t & 31u), 0x80000001u) + t;
        return select(bitcast<f32>(t1 ^ 5u), sum - (x - 1.0), (t1 & 1u) == 0u) / -bitcast<f32>(infinity_bits);
      }"
    `);
    expect(wgslFunctionOf(cube).text).toMatchInlineSnapshot(`
      "
      // x³.
      fn cube_f32(x: f32) -> f32 {
        return x * x * x;
      }"
    `);
  });

  it('prints as WebAssembly over four lanes, with its constants as globals', () => {
    const { text } = wasmFunctionOf(sampled);
    expect(text).toMatchInlineSnapshot(`
      ";; Two lines
      ;; of it.
      (global $sampled.c0 v128 (v128.const i32x4 31 31 31 31))
      (global $sampled.c1 v128 (v128.const i32x4 -2147483647 -2147483647 -2147483647 -2147483647))
      (global $sampled.c2 v128 (v128.const i32x4 1 1 1 1))
      (global $sampled.c3 v128 (v128.const f32x4 1 1 1 1))
      (global $sampled.c4 v128 (v128.const i32x4 5 5 5 5))
      (global $sampled.c5 v128 (v128.const f32x4 -inf -inf -inf -inf))
      (func $sampled (param $x v128) (param $y v128) (result v128)
        (local $sum v128) (local $t v128) (local $t1 v128) (local $t2 v128) (local $t3 v128)
        (local.set $sum (f32x4.add (local.get $x) (local.get $y)))
        (local.set $t (local.get $sum))
        (local.set $t1 (v128.and (local.get $t) (global.get $sampled.c0)))
        (local.set $t2 (i32x4.replace_lane 3 (i32x4.replace_lane 2 (i32x4.replace_lane 1 (i32x4.replace_lane 0 (local.get $t) (i32.shr_u (i32x4.extract_lane 0 (local.get $t)) (i32x4.extract_lane 0 (local.get $t1)))) (i32.shr_u (i32x4.extract_lane 1 (local.get $t)) (i32x4.extract_lane 1 (local.get $t1)))) (i32.shr_u (i32x4.extract_lane 2 (local.get $t)) (i32x4.extract_lane 2 (local.get $t1)))) (i32.shr_u (i32x4.extract_lane 3 (local.get $t)) (i32x4.extract_lane 3 (local.get $t1)))))
        (local.set $t3 (i32x4.add (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (i64x2.extmul_low_i32x4_u (local.get $t2) (global.get $sampled.c1)) (i64x2.extmul_high_i32x4_u (local.get $t2) (global.get $sampled.c1))) (local.get $t)))
        (f32x4.div (v128.bitselect (f32x4.sub (local.get $sum) (f32x4.sub (local.get $x) (global.get $sampled.c3))) (v128.xor (local.get $t3) (global.get $sampled.c4)) (i32x4.eq (v128.and (local.get $t3) (global.get $sampled.c2)) (v128.const i32x4 0 0 0 0))) (global.get $sampled.c5)))"
    `);
    expect(wasmFunctionOf(cube).text).toMatchInlineSnapshot(`
      ";; x³.
      (func $cube (param $x v128) (result v128)
        (f32x4.mul (f32x4.mul (local.get $x) (local.get $x)) (local.get $x)))"
    `);
  });

  it('is interpreted in float32 and 32-bit integers', () => {
    const one = (build: (x: F32) => F32, x: number): number =>
      interpret(
        define('one', '', 1, ([p]) => build(p)),
        Float32Array.of(x),
      )[0] ?? Number.NaN;
    expect(one((x) => x.add(2 ** -25).sub(x), 1)).toBe(0);
    expect(one((x) => x.bits().shl(1).shr(1).asF32(), -3)).toBe(3);
    expect(one((x) => x.bits().asI32().shr(31).toF32(), -3)).toBe(-1);
    expect(
      one(
        (x) =>
          x
            .toI32()
            .mulHigh(-(2 ** 31))
            .toF32(),
        -6,
      ),
    ).toBe(3);
    expect(one((x) => x.toI32().asU32().mulHigh(0xffffffff).toF32(), 7)).toBe(6);
    expect(one((x) => x.round(), 2.5)).toBe(2);
    expect(one((x) => x.bits().asF32(), floatOf(1))).toBe(2 ** -149);
  });

  it('is given as many floats as it takes', () => {
    expect(() => interpret(sampled, Float32Array.of(1))).toThrow(
      'sampled takes 2 lists of floats of one length',
    );
  });
});
