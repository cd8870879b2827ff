import { section } from './row.ts';

export const arithmetic = section(
  'Arithmetic',
  'Element by element over floats and integers; operands broadcast as NumPy’s and have one element type. Integers wrap.',
  `
x.add(y) ¦ x + y ¦ broadcast ¦ c; c ¦ ¦ add ¦ jnp.add
x.sub(y) ¦ x - y ¦ broadcast ¦ c; -c ¦ ¦ sub ¦ jnp.subtract
x.mul(y) ¦ x y ¦ broadcast ¦ c y; c x ¦ 0 · ∞ is NaN ¦ mul ¦ jnp.multiply
x.div(y) ¦ x / y ¦ broadcast ¦ c / y; -c x / y² ¦ x / 0 is ±∞, 0 / 0 NaN; floats only ¦ div ¦ jnp.divide
x.fmod(y) ¦ x - y trunc(x / y) ¦ broadcast ¦ c; -c trunc(x / y) ¦ exact; the sign of x; NaN where y is 0 or x infinite; floats only ¦ fmod ¦ jnp.fmod
x.neg() ¦ -x ¦ […] → […] ¦ -c ¦ ¦ neg ¦ jnp.negative
x.abs() ¦ |x| ¦ […] → […] ¦ c sign(x) ¦ gradient 0 at 0 ¦ abs ¦ jnp.abs
x.sign() ¦ -1, 0 or 1 ¦ […] → […] ¦ zero ¦ NaN stays ¦ sign ¦ jnp.sign
x.square() ¦ x² ¦ […] → […] ¦ 2 c x ¦ ¦ square ¦ jnp.square
x.sqrt() ¦ √x ¦ […] → […] ¦ c / (2 √x) ¦ NaN below 0; gradient ∞ at 0 ¦ sqrt ¦ jnp.sqrt
x.rsqrt() ¦ 1 / √x ¦ […] → […] ¦ -c / (2 x √x) ¦ ∞ at 0 ¦ rsqrt ¦ lax.rsqrt
x.reciprocal() ¦ 1 / x ¦ […] → […] ¦ -c / x² ¦ ±∞ at ±0 ¦ reciprocal ¦ jnp.reciprocal
x.minimum(y) ¦ min(x, y) ¦ broadcast ¦ c to the smaller, half to each of equal ones ¦ NaN if either is ¦ minimum ¦ jnp.minimum
x.maximum(y) ¦ max(x, y) ¦ broadcast ¦ c to the larger, half to each of equal ones ¦ NaN if either is ¦ maximum ¦ jnp.maximum
x.clamp(min, max) ¦ min(max(x, low), high) ¦ […] → […] ¦ c within the bounds, these included ¦ NaN stays ¦ clamp ¦ jnp.clip
x.lerp(end, weight) ¦ x + weight (end - x) ¦ broadcast ¦ c (1 - weight); c weight; c (end - x) ¦ exact at 0 and 1 ¦ lerp ¦
x.hypot(y) ¦ √(x² + y²) ¦ broadcast ¦ c x / h; c y / h ¦ ∞ beside a NaN is ∞; gradient NaN at (0, 0) ¦ hypot ¦ jnp.hypot
x.copysign(y) ¦ |x| with the sign of y ¦ broadcast ¦ c sign(x) sign(y); none ¦ -0 is negative, a NaN positive ¦ copysign ¦ jnp.copysign
x.floor() ¦ ⌊x⌋ ¦ […] → […] ¦ zero ¦ ¦ floor ¦ jnp.floor
x.ceil() ¦ ⌈x⌉ ¦ […] → […] ¦ zero ¦ ¦ ceil ¦ jnp.ceil
x.trunc() ¦ towards zero ¦ […] → […] ¦ zero ¦ ¦ trunc ¦ jnp.trunc
x.round() ¦ to the nearest integer, halves to even ¦ […] → […] ¦ zero ¦ ¦ round ¦ jnp.round
`,
);

export const comparison = section(
  'Comparison and logic',
  'Element by element; results are truth values, which have no gradient.',
  `
x.lt(y) ¦ x < y ¦ broadcast ¦ none ¦ false beside a NaN ¦ lt ¦ jnp.less
x.le(y) ¦ x ≤ y ¦ broadcast ¦ none ¦ false beside a NaN ¦ le ¦ jnp.less_equal
x.gt(y) ¦ x > y ¦ broadcast ¦ none ¦ false beside a NaN ¦ gt ¦ jnp.greater
x.ge(y) ¦ x ≥ y ¦ broadcast ¦ none ¦ false beside a NaN ¦ ge ¦ jnp.greater_equal
x.eq(y) ¦ x = y ¦ broadcast ¦ none ¦ a NaN equals nothing; -0 = 0 ¦ eq ¦ jnp.equal
x.ne(y) ¦ x ≠ y ¦ broadcast ¦ none ¦ a NaN differs from all ¦ ne ¦ jnp.not_equal
x.and(y) ¦ both ¦ broadcast ¦ none ¦ ¦ logical_and ¦ jnp.logical_and
x.or(y) ¦ either ¦ broadcast ¦ none ¦ ¦ logical_or ¦ jnp.logical_or
x.xor(y) ¦ one of them ¦ broadcast ¦ none ¦ ¦ logical_xor ¦ jnp.logical_xor
x.not() ¦ the opposite ¦ […] → […] ¦ none ¦ ¦ logical_not ¦ jnp.logical_not
x.isNaN() ¦ whether x is a NaN ¦ […] → […] ¦ none ¦ by its bits ¦ isnan ¦ jnp.isnan
x.isInf() ¦ whether |x| = ∞ ¦ […] → […] ¦ none ¦ ¦ isinf ¦ jnp.isinf
x.isFinite() ¦ neither infinite nor NaN ¦ […] → […] ¦ none ¦ ¦ isfinite ¦ jnp.isfinite
x.where(a, b) ¦ a where x holds, else b ¦ broadcast ¦ c where x holds; c where it does not ¦ a value that is not chosen may be anything; its gradient is multiplied by 0 ¦ where ¦ jnp.where
where(condition, a, b) ¦ a where the condition holds, else b ¦ broadcast ¦ c where it holds; c where it does not ¦ a value that is not chosen may be anything; its gradient is multiplied by 0 ¦ where ¦ jnp.where
x.maskedFill(mask, value) ¦ value where the mask holds, else x ¦ broadcast ¦ c where it does not hold; the sum of the others ¦ what is masked may be anything ¦ masked_fill ¦
x.cast(dtype) ¦ another element type ¦ […] → […] ¦ c ¦ to integers towards zero, saturating, NaN to 0; to bool x ≠ 0 ¦ to ¦ astype
`,
);

export const integers = section(
  'Integers and bits',
  'Of i32 and u32, which wrap (two’s complement); the same on every target. They have no gradient. The first two take floats too.',
  `
x.floorDiv(y) ¦ ⌊x / y⌋ ¦ broadcast ¦ none ¦ 0 where y is 0; the smallest i32 by -1 wraps; of floats x / y where y is 0 ¦ floor_divide ¦ jnp.floor_divide
x.mod(y) ¦ x - ⌊x / y⌋ y ¦ broadcast ¦ of floats c; -c ⌊x / y⌋; of integers none ¦ the sign of y; 0 where y is 0; of floats NaN ¦ remainder ¦ jnp.mod
x.bitAnd(y) ¦ bits of both ¦ broadcast ¦ none ¦ ¦ bitwise_and ¦ jnp.bitwise_and
x.bitOr(y) ¦ bits of either ¦ broadcast ¦ none ¦ ¦ bitwise_or ¦ jnp.bitwise_or
x.bitXor(y) ¦ bits of one of them ¦ broadcast ¦ none ¦ ¦ bitwise_xor ¦ jnp.bitwise_xor
x.bitNot() ¦ the other bits ¦ […] → […] ¦ none ¦ ¦ bitwise_not ¦ jnp.bitwise_not
x.shiftLeft(y) ¦ x 2ʸ ¦ broadcast ¦ none ¦ 0 where y is not from 0 to 31 ¦ bitwise_left_shift ¦ jnp.left_shift
x.shiftRight(y) ¦ ⌊x / 2ʸ⌋ ¦ broadcast ¦ none ¦ all sign bits where y is not from 0 to 31 ¦ bitwise_right_shift ¦ jnp.right_shift
`,
);
