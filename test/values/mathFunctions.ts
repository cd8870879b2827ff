import type { BinaryName } from '../../src/functions/index.ts';
import type { Tensor } from '../../src/graph/index.ts';
import type { MathName } from '../../src/wasm/math.ts';

/** Operations of one float with an error of some units in the last place, except for special values. */
export const mathFunctions = {
  exp: (x) => x.exp(),
  log: (x) => x.log(),
  log1p: (x) => x.log1p(),
  expm1: (x) => x.expm1(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  erf: (x) => x.erf(),
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  tan: (x) => x.tan(),
  asin: (x) => x.asin(),
  acos: (x) => x.acos(),
  atan: (x) => x.atan(),
  sinh: (x) => x.sinh(),
  cosh: (x) => x.cosh(),
  asinh: (x) => x.asinh(),
  acosh: (x) => x.acosh(),
  atanh: (x) => x.atanh(),
  exp2: (x) => x.exp2(),
  log2: (x) => x.log2(),
  log10: (x) => x.log10(),
  cbrt: (x) => x.cbrt(),
  erfinv: (x) => x.erfinv(),
  lgamma: (x) => x.lgamma(),
  digamma: (x) => x.digamma(),
  trigamma: (x) => x.polygamma(1),
  tetragamma: (x) => x.polygamma(2),
} satisfies Record<Exclude<MathName, 'sign' | BinaryName>, (x: Tensor) => Tensor>;
