import type { Dtype } from '../loops/index.ts';

/** `floor(x / y)` and `x - floor(x / y) * y` of one i32, where y is known to be positive. Operands are written twice. */
export const flooredByPositive = {
  // (x % y < 0) corrects what was rounded towards zero.
  idiv: (x: string, y: string): string =>
    `(i32.sub (i32.div_s ${x} ${y}) (i32.lt_s (i32.rem_s ${x} ${y}) (i32.const 0)))`,
  mod: (x: string, y: string): string => `(i32.rem_s (i32.add (i32.rem_s ${x} ${y}) ${y}) ${y})`,
};

/** The same of integers of any sign: 0 by zero, where the instructions would end the program. Operands are written often. */
export const floored = {
  idiv: (x: string, y: string, dtype: Dtype): string => {
    if (dtype === 'u32') return `(select (i32.div_u ${x} ${unless(y, 'zero')}) (i32.const 0) ${y})`;
    const d = unless(y, 'unusual');
    const quotient = `(i32.sub (i32.div_s ${x} ${d}) (i32.and ${differs(x, d)} ${isInexact(x, d)}))`;
    // x * -1 and x * 0: the least number by -1 wraps.
    return `(select (i32.mul ${x} ${y}) ${quotient} ${isUnusual(y)})`;
  },
  mod: (x: string, y: string, dtype: Dtype): string => {
    if (dtype === 'u32') return `(i32.rem_u ${x} ${unless(y, 'zero')})`;
    const d = unless(y, 'unusual');
    const both = `(i32.and ${differs(x, d)} ${isInexact(x, d)})`;
    return `(i32.add (i32.rem_s ${x} ${d}) (select ${d} (i32.const 0) ${both}))`;
  },
};

/** Whether y is -1 or 0. */
const isUnusual = (y: string): string => `(i32.le_u (i32.add ${y} (i32.const 1)) (i32.const 1))`;

/** y, but 1 where it is zero, or -1 or zero: by 1 there is no remainder, and nothing traps. */
const unless = (y: string, what: 'zero' | 'unusual'): string =>
  `(select (i32.const 1) ${y} ${what === 'zero' ? `(i32.eqz ${y})` : isUnusual(y)})`;

const differs = (x: string, y: string): string => `(i32.lt_s (i32.xor ${x} ${y}) (i32.const 0))`;
const isInexact = (x: string, y: string): string => `(i32.ne (i32.rem_s ${x} ${y}) (i32.const 0))`;

/** An integer's bits moved by a number of places that may be any: beyond 31 there are zeros, or signs, left. */
export const shifted = {
  shiftLeft: (x: string, n: string): string => `(select (i32.shl ${x} ${n}) (i32.const 0) ${isShort(n)})`,
  shiftRight: (x: string, n: string, dtype: Dtype): string =>
    dtype === 'i32'
      ? `(i32.shr_s ${x} (select ${n} (i32.const 31) ${isShort(n)}))`
      : `(select (i32.shr_u ${x} ${n}) (i32.const 0) ${isShort(n)})`,
};

const isShort = (n: string): string => `(i32.lt_u ${n} (i32.const 32))`;

/** The instruction that moves bits by 0 to 31 places, for one number (`i32`) or four (`i32x4`). */
export function shiftName(op: 'shiftLeft' | 'shiftRight', dtype: Dtype): 'shl' | 'shr_s' | 'shr_u' {
  if (op === 'shiftLeft') return 'shl';
  return dtype === 'i32' ? 'shr_s' : 'shr_u';
}
