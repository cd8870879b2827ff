import { erfinv } from './errorFunction.ts';
import { digamma, lgamma, tetragamma, trigamma } from './gammas.ts';
import { acosh, asinh, atanh, cosh, sinh } from './hyperbolic.ts';
import { acos, asin, atan, atan2 } from './inverseTrigonometric.ts';
import type { ScalarFunction } from './language.ts';
import { exp2, log2, log10, pow } from './powers.ts';
import { fmod } from './remainder.ts';
import { cbrt } from './roots.ts';
import { cos, sin, tan } from './trigonometric.ts';

/** The functions by the names of their scalar operations. */
export const scalarFunctions = {
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  atan2,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  exp2,
  log2,
  log10,
  pow,
  cbrt,
  erfinv,
  lgamma,
  digamma,
  trigamma,
  tetragamma,
  fmod,
};

export type ScalarFunctionName = keyof typeof scalarFunctions;

export const scalarFunctionNames = Object.keys(scalarFunctions) as ScalarFunctionName[];

/** Those of two floats. */
export type BinaryName = {
  [N in ScalarFunctionName]: (typeof scalarFunctions)[N] extends ScalarFunction<2> ? N : never;
}[ScalarFunctionName];
