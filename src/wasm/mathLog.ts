import { coefficients, constant, horner } from './mathPieces.ts';

/** Natural logarithm: at most 1.23 ulp (measured on all floats, subnormal ones included). */
export const log = `;; ln x = k ln 2 + ln(1 + f), sqrt(1/2) <= 1 + f < sqrt(2); at most 1.23 ulp.
${constant('log.normal', '0x1p-126')}
${constant('log.two_23', '0x1p23')}
${constant('log.twenty_three', '23')}
${constant('log.root_half', '0.70710677')}
${constant('log.one', '1')}
${constant('log.infinity', 'inf')}
${constant('log.ln2_high', '0.693359375')}
${constant('log.ln2_low', '-2.12194440e-4')}
${coefficients('log.c', [
  '-0.5',
  '0.3333391',
  '-0.25001335',
  '0.199631',
  '-0.16577652',
  '0.14914508',
  '-0.14266932',
  '0.08700401',
])}
(func $log (param $x v128) (result v128)
  (local $small v128) (local $y v128) (local $k v128) (local $f v128) (local $p v128)
  ;; A subnormal is made normal first.
  (local.set $small (f32x4.lt (local.get $x) (global.get $log.normal)))
  (local.set $y (v128.bitselect
    (f32x4.mul (local.get $x) (global.get $log.two_23)) (local.get $x) (local.get $small)))
  ;; By their bits: the exponent of y / sqrt(1/2) is k, and y / 2^k is 1 + f.
  (local.set $k (i32x4.shr_s (i32x4.sub (local.get $y) (global.get $log.root_half)) (i32.const 23)))
  (local.set $f (f32x4.sub
    (i32x4.sub (local.get $y) (i32x4.shl (local.get $k) (i32.const 23)))
    (global.get $log.one)))
  (local.set $k (f32x4.sub
    (f32x4.convert_i32x4_s (local.get $k))
    (v128.and (local.get $small) (global.get $log.twenty_three))))
  ;; ln(1 + f) = f + f^2 c(f), minimax by Lawson's iteration: relative error 3.2e-8.
  ${horner('p', 'f', 'log.c', 7)}
  ;; The smallest first; ln 2 in two parts (Cephes): the product of k and the high one is exact.
  (local.set $p (f32x4.add
    (f32x4.add
      (f32x4.add
        (f32x4.mul (local.get $p) (f32x4.mul (local.get $f) (local.get $f)))
        (f32x4.mul (local.get $k) (global.get $log.ln2_low)))
      (local.get $f))
    (f32x4.mul (local.get $k) (global.get $log.ln2_high))))
  ;; Infinity and NaN stay, 0 gives -infinity, and below it all bits are set, a NaN.
  (local.set $p (v128.bitselect
    (local.get $p) (local.get $x) (f32x4.lt (local.get $x) (global.get $log.infinity))))
  (local.set $p (v128.bitselect
    (f32x4.neg (global.get $log.infinity)) (local.get $p)
    (f32x4.eq (local.get $x) (v128.const i32x4 0 0 0 0))))
  (v128.or (local.get $p) (f32x4.lt (local.get $x) (v128.const i32x4 0 0 0 0))))`;

/** ln(1 + x): at most 1.01 ulp (measured on all floats, subnormal ones included). */
export const log1p = `;; ln(1 + x) = k ln 2 + ln(1 + f), 3/4 <= 1 + f < 3/2; at most 1.01 ulp.
${constant('log1p.one', '1')}
${constant('log1p.three_quarters', '0.75')}
${constant('log1p.quarter', '0.25')}
${constant('log1p.four', '4')}
${constant('log1p.tiny', '0x1p-24')}
${constant('log1p.infinity', 'inf')}
${constant('log1p.ln2_high', '0.693359375')}
${constant('log1p.ln2_low', '-2.12194440e-4')}
${coefficients('log1p.c', [
  '-0.5',
  '0.33333457',
  '-0.25000063',
  '0.1999054',
  '-0.1664741',
  '0.1448245',
  '-0.13166603',
  '0.10455526',
  '-0.044942606',
])}
(func $log1p (param $x v128) (result v128)
  (local $k v128) (local $shift v128) (local $f v128) (local $p v128)
  ;; By their bits: the exponent of (1 + x) / (3/4) is k.
  (local.set $k (i32x4.shr_s
    (i32x4.sub (f32x4.add (local.get $x) (global.get $log1p.one)) (global.get $log1p.three_quarters))
    (i32.const 23)))
  (local.set $shift (i32x4.shl (local.get $k) (i32.const 23)))
  ;; f = x / 2^k + (1 / 2^k - 1) is exact; 4 / 2^k is not subnormal where 1 / 2^k is.
  (local.set $f (f32x4.add
    (i32x4.sub (local.get $x) (local.get $shift))
    (f32x4.sub
      (f32x4.mul (global.get $log1p.quarter) (i32x4.sub (global.get $log1p.four) (local.get $shift)))
      (global.get $log1p.one))))
  (local.set $k (f32x4.convert_i32x4_s (local.get $k)))
  ;; ln(1 + f) = f + f^2 c(f), minimax by Lawson's iteration: relative error 9.9e-9.
  ${horner('p', 'f', 'log1p.c', 8)}
  ;; The smallest first; ln 2 in two parts (Cephes): the product of k and the high one is exact.
  (local.set $p (f32x4.add
    (f32x4.add
      (f32x4.add
        (f32x4.mul (local.get $p) (f32x4.mul (local.get $f) (local.get $f)))
        (f32x4.mul (local.get $k) (global.get $log1p.ln2_low)))
      (local.get $f))
    (f32x4.mul (local.get $k) (global.get $log1p.ln2_high))))
  ;; Infinity, NaN and what is below 2^-24 stay, -1 gives -infinity, and below it all bits are set, a NaN.
  (local.set $p (v128.bitselect
    (local.get $p) (local.get $x)
    (v128.and
      (f32x4.lt (local.get $x) (global.get $log1p.infinity))
      (f32x4.ge (f32x4.abs (local.get $x)) (global.get $log1p.tiny)))))
  (local.set $p (v128.bitselect
    (f32x4.neg (global.get $log1p.infinity)) (local.get $p)
    (f32x4.eq (local.get $x) (f32x4.neg (global.get $log1p.one)))))
  (v128.or (local.get $p) (f32x4.lt (local.get $x) (f32x4.neg (global.get $log1p.one)))))`;
