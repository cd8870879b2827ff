import { coefficients, constant, horner } from './mathPieces.ts';

/** q of `reduce` where |r| <= ln(2) / 2, the lowest power first. */
const SHORT = ['0.49999997', '0.16666545', '0.041667465', '8.366424e-3', '1.3868316e-3'];

/** The same where |r| <= 1/2. */
const LONG = ['0.50000006', '0.16666664', '0.041665349', '8.3335815e-3', '1.3996605e-3', '1.9849832e-4'];

/** e^x: at most 1.01 ulp (measured on all floats, subnormal results included). */
export const exp = `;; e^x = 2^n e^r; at most 1.01 ulp.
${constant('exp.least', '-104')}
${constant('exp.most', '89')}
${constant('exp.one', '1')}
${reductionConstants('exp', 254)}
(func $exp (param $x v128) (result v128)
  (local $t v128) (local $n v128) (local $r v128) (local $p v128) (local $half v128) (local $none v128)
  ;; Beyond these bounds the result is 0 or infinite; pmin leaves a NaN. What becomes 0 is computed as e^0 and cleared: a
  ;; product that underflows takes a processor ten times as long, and what is masked before a softmax is -inf.
  (local.set $none (f32x4.lt (local.get $x) (global.get $exp.least)))
  (local.set $x (f32x4.pmin (v128.andnot (local.get $x) (local.get $none)) (global.get $exp.most)))
  ${reduce('exp')}
  ;; 2^n may lie outside of f32, its two halves do not: the low bits of t are n + 254, and those of half of it
  ;; and of the rest are the exponents of two powers whose product is 2^n.
  (local.set $half (i32x4.shr_u (local.get $t) (i32.const 1)))
  (v128.andnot
    (f32x4.mul
      (f32x4.mul
        (f32x4.add (local.get $p) (global.get $exp.one))
        (i32x4.shl (local.get $half) (i32.const 23)))
      (i32x4.shl (i32x4.sub (local.get $t) (local.get $half)) (i32.const 23)))
    (local.get $none)))`;

/** e^x - 1: at most 1.5 ulp (measured on all floats, subnormal results included). */
export const expm1 = `;; e^x - 1 = 2^n (e^r - 1) + (2^n - 1); at most 1.5 ulp.
${constant('expm1.least', '-25')}
${constant('expm1.most', '89')}
${constant('expm1.half', '0.5')}
${constant('expm1.tiny', '0x1p-24')}
${reductionConstants('expm1', 126, LONG)}
(func $expm1 (param $of v128) (result v128)
  (local $x v128) (local $t v128) (local $n v128) (local $r v128) (local $p v128) (local $near v128)
  ;; Beyond these bounds the result is -1 or infinite; pmin and pmax leave a NaN.
  (local.set $x (f32x4.pmin (f32x4.pmax (local.get $of) (global.get $expm1.least)) (global.get $expm1.most)))
  ;; n = 0 there: with n = 1 the error of a negative p weighs twice in a small result.
  (local.set $near (f32x4.lt (f32x4.abs (local.get $of)) (global.get $expm1.half)))
  ${reduce('expm1', LONG, '$near')}
  ;; Half of it, since 2^n may lie outside of f32; the low bits of t are the exponent of 2^(n - 1).
  (local.set $t (i32x4.shl (local.get $t) (i32.const 23)))
  (local.set $p (f32x4.add
    (f32x4.mul (local.get $p) (local.get $t))
    (f32x4.sub (local.get $t) (global.get $expm1.half))))
  ;; Below 2^-24 the result is x, which keeps the sign of zero.
  (v128.bitselect
    (local.get $of)
    (f32x4.add (local.get $p) (local.get $p))
    (f32x4.lt (f32x4.abs (local.get $of)) (global.get $expm1.tiny))))`;

/** 1 / (1 + e^-x): at most 1.87 ulp (measured on all floats, subnormal results included). Calls `exp`. */
export const sigmoid = `;; 1 / (1 + e^-x), by e = e^-|x|, which does not overflow; at most 1.87 ulp.
${constant('sigmoid.one', '1')}
(func $sigmoid (param $x v128) (result v128)
  (local $e v128) (local $top v128)
  (local.set $e (call $exp (f32x4.neg (f32x4.abs (local.get $x)))))
  ;; It is top / (1 + e), where top is e below 0 and else 1.
  (local.set $top (v128.bitselect
    (local.get $e) (global.get $sigmoid.one)
    (f32x4.lt (local.get $x) (v128.const i32x4 0 0 0 0))))
  ;; As top - top e / (1 + e) the roundings of the quotient weigh less.
  (f32x4.sub (local.get $top) (f32x4.mul (local.get $top)
    (f32x4.div (local.get $e) (f32x4.add (local.get $e) (global.get $sigmoid.one))))))`;

/** Hyperbolic tangent: at most 1.5 ulp (measured on all floats). */
export const tanh = `;; tanh |x| = m / (m + 2), m = e^(2|x|) - 1, and below 1/2 a polynomial; at most 1.5 ulp.
${constant('tanh.most', '20')}
${constant('tanh.one', '1')}
${constant('tanh.two', '2')}
${constant('tanh.sign', '-0')}
${coefficients('tanh.c', ['-0.33333144', '0.13325872', '-0.053044986', '0.017240442'])}
${reductionConstants('tanh', 127)}
(func $tanh (param $of v128) (result v128)
  (local $x v128) (local $t v128) (local $n v128) (local $r v128) (local $p v128)
  (local $square v128) (local $near v128)
  ;; x + x^3 c(x^2), minimax by Lawson's iteration: relative error 1.5e-8.
  (local.set $square (f32x4.mul (local.get $of) (local.get $of)))
  ${horner('near', 'square', 'tanh.c', 3)}
  (local.set $near (f32x4.add
    (f32x4.mul (f32x4.mul (local.get $near) (local.get $square)) (local.get $of))
    (local.get $of)))
  ;; 2|x|; from |x| = 9.02 on the result is 1. pmin leaves a NaN.
  (local.set $x (f32x4.abs (local.get $of)))
  (local.set $x (f32x4.pmin (f32x4.add (local.get $x) (local.get $x)) (global.get $tanh.most)))
  ${reduce('tanh')}
  ${lessOne('tanh')}
  (v128.bitselect
    (local.get $of)
    (v128.bitselect
      (local.get $near)
      (f32x4.div (local.get $p) (f32x4.add (local.get $p) (global.get $tanh.two)))
      (f32x4.lt (local.get $x) (global.get $tanh.one)))
    (global.get $tanh.sign)))`;

/** Error function: at most 2.7 ulp (measured on all floats from 0 on; the sign changes nothing but the sign). */
export const erf = `;; erf |x| = 1 - e^-y with y = -ln(erfc |x|), a polynomial; at most 2.7 ulp.
${constant('erf.most', '4')}
${constant('erf.one', '1')}
${constant('erf.sign', '-0')}
${coefficients('erf.c', [
  '0.12837921',
  '0.63661623',
  '0.10281727',
  '-0.019332478',
  '2.239281e-4',
  '1.2367466e-3',
  '-3.7516237e-4',
  '3.98534e-5',
])}
${reductionConstants('erf', 127)}
(func $erf (param $of v128) (result v128)
  (local $x v128) (local $t v128) (local $n v128) (local $r v128) (local $p v128)
  ;; From |x| = 3.92 on the result is 1. pmin leaves a NaN.
  (local.set $x (f32x4.pmin (f32x4.abs (local.get $of)) (global.get $erf.most)))
  ;; y = |x| + |x| c(|x|), minimax by Lawson's iteration: relative error of erf 3.9e-8; x takes -y.
  ${horner('p', 'x', 'erf.c', 7)}
  (local.set $x (f32x4.neg (f32x4.add (f32x4.mul (local.get $p) (local.get $x)) (local.get $x))))
  ${reduce('erf')}
  ${lessOne('erf')}
  (v128.bitselect (local.get $of) (local.get $p) (global.get $erf.sign)))`;

/**
 * Statements of the function `f` that split `$x` into n ln 2 + r with |r| <= ln(2) / 2, and leave e^r - 1 in
 * `$p` and n, plus the bias of `reductionConstants`, in the low bits of `$t`. A NaN goes through to `$p`.
 *
 * Every function has its own copy: a call costs a quarter of what `exp` does.
 *
 * @param near local that is a mask of the lanes where n is to be 0, whose r is then x
 */
function reduce(f: string, q: readonly string[] = SHORT, near?: string): string {
  const t = `(f32x4.add (f32x4.mul (local.get $x) (global.get $${f}.log2_e)) (global.get $${f}.shift))`;
  const chosen =
    near === undefined ? t : `(v128.bitselect (global.get $${f}.shift) ${t} (local.get ${near}))`;
  return `;; x = n ln 2 + r: t is so large that it has no bits for a fraction, so n is the nearest integer.
  (local.set $t ${chosen})
  (local.set $n (f32x4.sub (local.get $t) (global.get $${f}.shift)))
  ;; ln 2 in two parts (Cephes): the product of n and the high one is exact.
  (local.set $r (f32x4.sub
    (f32x4.sub (local.get $x) (f32x4.mul (local.get $n) (global.get $${f}.ln2_high)))
    (f32x4.mul (local.get $n) (global.get $${f}.ln2_low))))
  ;; p = e^r - 1 = r + r^2 q(r), minimax by Lawson's iteration: relative error 1.4e-8.
  ${horner('p', 'r', `${f}.q`, q.length - 1)}
  (local.set $p (f32x4.add
    (f32x4.mul (local.get $p) (f32x4.mul (local.get $r) (local.get $r)))
    (local.get $r)))`;
}

/** What `reduce` needs; `bias` is added to n in `$t`, whose low bits are 0 otherwise. */
function reductionConstants(f: string, bias: number, q: readonly string[] = SHORT): string {
  return `${constant(`${f}.shift`, String(1.5 * 2 ** 23 + bias))}
${constant(`${f}.log2_e`, '1.44269504')}
${constant(`${f}.ln2_high`, '0.693359375')}
${constant(`${f}.ln2_low`, '-2.12194440e-4')}
${coefficients(`${f}.q`, q)}`;
}

/** Statements that make e^x - 1 in `$p` of what `reduce` leaves with a bias of 127, where n is in [-126, 127]. */
function lessOne(f: string): string {
  return `;; e^x - 1 = 2^n p + (2^n - 1); the low bits of t are the exponent of 2^n.
  (local.set $t (i32x4.shl (local.get $t) (i32.const 23)))
  (local.set $p (f32x4.add
    (f32x4.mul (local.get $p) (local.get $t))
    (f32x4.sub (local.get $t) (global.get $${f}.one))))`;
}
