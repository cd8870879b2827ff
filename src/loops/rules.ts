import type { FloatRule, IndexRule, TruthRule } from './rewrite.ts';

/** Rules for i32; `//` and `%` are by positive constants. */
export const indexRules: readonly IndexRule[] = [
  {
    name: 'a quotient of a quotient is one quotient',
    left: '(i // k1) // k2',
    right: 'i // (k1 * k2)',
    when: ({ constant }) =>
      constant('k1') > 0 && constant('k2') > 0 && constant('k1') * constant('k2') < 2 ** 31,
    example: ['(i // 3) // 4', 'i // 12'],
  },
  {
    name: 'a remainder of a remainder by a multiple is one remainder',
    left: '(i % k1) % k2',
    right: 'i % k2',
    when: ({ constant }) => constant('k2') > 0 && constant('k1') > 0 && constant('k1') % constant('k2') === 0,
    example: ['(i % 12) % 4', 'i % 4'],
  },
  {
    name: 'a quotient of a remainder by a multiple is the remainder of a quotient',
    left: '(i % k1) // k2',
    right: '(i // k2) % (k1 // k2)',
    when: ({ constant }) => constant('k2') > 0 && constant('k1') > 0 && constant('k1') % constant('k2') === 0,
    example: ['(i % 12) // 4', '(i // 4) % 3'],
  },
  { name: 'the smaller of equals', left: 'min(i, i)', right: 'i', example: ['min(i, i)', 'i'] },
  { name: 'the larger of equals', left: 'max(i, i)', right: 'i', example: ['max(i, i)', 'i'] },
  {
    name: 'a minimum of minima with constants takes one constant',
    left: 'min(min(i, k1), k2)',
    right: 'min(i, min(k1, k2))',
    example: ['min(min(i, 9), 7)', 'min(i, 7)'],
  },
  {
    name: 'a maximum of maxima with constants takes one constant',
    left: 'max(max(i, k1), k2)',
    right: 'max(i, max(k1, k2))',
    example: ['max(max(i, 7), 9)', 'max(i, 9)'],
  },
  {
    name: 'what is not negative is its own absolute value',
    left: 'abs(i)',
    right: 'i',
    when: ({ range }) => range('i').low >= 0,
    example: ['abs(i)', 'i'],
  },
  {
    name: 'what is not negative is its own relu',
    left: 'relu(i)',
    right: 'i',
    when: ({ range }) => range('i').low >= 0,
    example: ['relu(i)', 'i'],
  },
  {
    name: 'a choice between equals',
    left: 'select(c, i, i)',
    right: 'i',
    example: ['select(c[], i, i)', 'i'],
  },
  {
    name: 'a choice by a negation',
    left: 'select(!c, i, j)',
    right: 'select(c, j, i)',
    example: ['select(!c[], i, j)', 'select(c[], j, i)'],
  },
];

/** Whether x and 1/x are normal in float32 and exact, so that a quotient by x and a product with 1/x round alike. */
function isPowerOfTwo(x: number): boolean {
  const size = Math.abs(x);
  return size >= 2 ** -126 && size <= 2 ** 126 && 2 ** Math.round(Math.log2(size)) === size;
}

/** Rules for f32. What is missing is missing on purpose: `x * 0`, `x + 0`, `x - x`, `x / x`, reassociation. */
export const floatRules: readonly FloatRule[] = [
  { name: 'a product with one', left: 'x * 1.0', right: 'x', example: ['1.0 * x[]', 'x[]'] },
  { name: 'a quotient by one', left: 'x / 1.0', right: 'x', example: ['x[] / 1.0', 'x[]'] },
  { name: 'a difference from zero', left: 'x - 0.0', right: 'x', example: ['x[] - 0.0', 'x[]'] },
  { name: 'a sum with negative zero', left: 'x + -0.0', right: 'x', example: ['x[] + -0.0', 'x[]'] },
  {
    name: 'zero added twice',
    left: 'x + 0.0 + 0.0',
    right: 'x + 0.0',
    example: ['x[] + 0.0 + 0.0', 'x[] + 0.0'],
  },
  { name: 'a product with minus one', left: 'x * -1.0', right: '-x', example: ['x[] * -1.0', '-x[]'] },
  { name: 'a quotient by minus one', left: 'x / -1.0', right: '-x', example: ['x[] / -1.0', '-x[]'] },
  {
    name: 'a quotient by a power of two is a product',
    left: 'x / k',
    right: 'x * (1.0 / k)',
    when: ({ constant }) => isPowerOfTwo(constant('k')),
    example: ['x[] / 4.0', 'x[] * 0.25'],
  },
  { name: 'a double negation', left: '--x', right: 'x', example: ['--x[]', 'x[]'] },
  { name: 'a sum with a negation', left: 'x + -y', right: 'x - y', example: ['-x[] + y[]', 'y[] - x[]'] },
  {
    name: 'a difference from a negation',
    left: 'x - -y',
    right: 'x + y',
    example: ['x[] - -y[]', 'x[] + y[]'],
  },
  { name: 'a product of negations', left: '-x * -y', right: 'x * y', example: ['-x[] * -y[]', 'x[] * y[]'] },
  { name: 'a quotient of negations', left: '-x / -y', right: 'x / y', example: ['-x[] / -y[]', 'x[] / y[]'] },
  {
    name: 'the absolute value of a negation',
    left: 'abs(-x)',
    right: 'abs(x)',
    example: ['abs(-x[])', 'abs(x[])'],
  },
  {
    name: 'an absolute value twice',
    left: 'abs(abs(x))',
    right: 'abs(x)',
    example: ['abs(abs(x[]))', 'abs(x[])'],
  },
  { name: 'relu twice', left: 'relu(relu(x))', right: 'relu(x)', example: ['relu(relu(x[]))', 'relu(x[])'] },
  { name: 'the larger of equal floats', left: 'max(x, x)', right: 'x', example: ['max(x[], x[])', 'x[]'] },
  { name: 'the smaller of equal floats', left: 'min(x, x)', right: 'x', example: ['min(x[], x[])', 'x[]'] },
  {
    name: 'a choice between equal floats',
    left: 'select(c, x, x)',
    right: 'x',
    example: ['select(c[], x[], x[])', 'x[]'],
  },
  {
    name: 'a choice of floats by a negation',
    left: 'select(!c, x, y)',
    right: 'select(c, y, x)',
    example: ['select(!c[], x[], y[])', 'select(c[], y[], x[])'],
  },
  {
    name: 'the same choice again where it holds',
    left: 'select(c, select(c, x, y), z)',
    right: 'select(c, x, z)',
    example: ['select(c[], select(c[], x[], y[]), 3.0)', 'select(c[], x[], 3.0)'],
  },
  {
    name: 'the same choice again where it does not hold',
    left: 'select(c, x, select(c, y, z))',
    right: 'select(c, x, z)',
    example: ['select(c[], 3.0, select(c[], x[], y[]))', 'select(c[], 3.0, y[])'],
  },
];

/** Rules for truth values. */
export const truthRules: readonly TruthRule[] = [
  { name: 'both with true', left: 'c && true', right: 'c', example: ['true && c[]', 'c[]'] },
  { name: 'both with false', left: 'c && false', right: 'false', example: ['c[] && false', 'false'] },
  { name: 'either with true', left: 'c || true', right: 'true', example: ['c[] || true', 'true'] },
  { name: 'either with false', left: 'c || false', right: 'c', example: ['c[] || false', 'c[]'] },
  { name: 'both of one', left: 'c && c', right: 'c', example: ['c[] && c[]', 'c[]'] },
  { name: 'either of one', left: 'c || c', right: 'c', example: ['c[] || c[]', 'c[]'] },
  {
    name: 'a condition and its opposite',
    left: 'c && !c',
    right: 'false',
    example: ['c[] && !c[]', 'false'],
  },
  { name: 'a condition or its opposite', left: 'c || !c', right: 'true', example: ['c[] || !c[]', 'true'] },
  { name: 'a double opposite', left: '!!c', right: 'c', example: ['!!c[]', 'c[]'] },
  { name: 'not less is at least', left: '!(i < j)', right: 'j <= i', example: ['!(i < j)', 'j <= i'] },
  { name: 'not at most is greater', left: '!(i <= j)', right: 'j < i', example: ['!(i <= j)', 'j < i'] },
  { name: 'not equal', left: '!(i == j)', right: 'i != j', example: ['!(i == j)', 'i != j'] },
  { name: 'not unequal', left: '!(i != j)', right: 'i == j', example: ['!(i != j)', 'i == j'] },
  { name: 'a condition that is true', left: 'c == true', right: 'c', example: ['c[] == true', 'c[]'] },
  { name: 'a condition that is false', left: 'c == false', right: '!c', example: ['c[] == false', '!c[]'] },
  { name: 'a condition that is not false', left: 'c != false', right: 'c', example: ['c[] != false', 'c[]'] },
  { name: 'a condition that is not true', left: 'c != true', right: '!c', example: ['c[] != true', '!c[]'] },
  {
    name: 'a choice of true or false',
    left: 'select(c, true, false)',
    right: 'c',
    example: ['select(c[], true, false)', 'c[]'],
  },
  {
    name: 'a choice of false or true',
    left: 'select(c, false, true)',
    right: '!c',
    example: ['select(c[], false, true)', '!c[]'],
  },
  {
    name: 'a choice between equal conditions',
    left: 'select(c, c1, c1)',
    right: 'c1',
    example: ['select(c[], b[], b[])', 'b[]'],
  },
  {
    name: 'a truth value through an integer',
    left: 'bool(i32(c))',
    right: 'c',
    example: ['bool(i32(c[]))', 'c[]'],
  },
  {
    name: 'a truth value through a float',
    left: 'bool(f32(c))',
    right: 'c',
    example: ['bool(f32(c[]))', 'c[]'],
  },
  {
    name: 'a truth value through an unsigned integer',
    left: 'bool(u32(c))',
    right: 'c',
    example: ['bool(u32(c[]))', 'c[]'],
  },
];
