import type { BinaryName, ScalarFunctionName } from '../../src/functions/index.ts';

/** The functions of one float that are defined once for every target. */
export type UnaryName = Exclude<ScalarFunctionName, BinaryName>;

/**
 * Errors allowed of functions that are defined once, in units in the last place: what was measured, and on which floats,
 * stands at each function.
 */
export const unaryBounds = {
  sin: 1.2,
  cos: 1.2,
  tan: 1.8,
  asin: 1.7,
  acos: 1.2,
  atan: 1.3,
  sinh: 1.7,
  cosh: 1.5,
  asinh: 1.2,
  acosh: 1.6,
  atanh: 1.2,
  exp2: 1.1,
  log2: 0.6,
  log10: 0.6,
  cbrt: 0.8,
  erfinv: 2,
  lgamma: 4,
  digamma: 5,
  trigamma: 4,
  tetragamma: 7,
} satisfies Record<UnaryName, number>;

/** Those of functions of two floats. */
export const pairBounds = { atan2: 2, pow: 1.5, fmod: 0 } satisfies Record<BinaryName, number>;
