import { type ScalarFunctionName, scalarFunctionNames, scalarFunctions } from '../functions/index.ts';
import { wgslFunctionOf, wgslNameOf } from './functionText.ts';
import { threefry } from './threefry.ts';

/** Those that are defined once for every target. */
const definedOnce = Object.fromEntries(
  scalarFunctionNames.map((name) => [wgslNameOf(name), wgslFunctionOf(scalarFunctions[name])]),
) as Record<`${ScalarFunctionName}_f32`, WgslFunction>;

/**
 * WGSL functions of our own, each printed only where a kernel uses it. The built-ins promise too little:
 * `tanh`, `log`, `exp` and `erf` here have PyTorch's special values and a stated error on the whole range
 * (in units in the last place, measured against float64; subnormal results may be flushed to zero).
 */
export const wgslFunctions = {
  is_nan: {
    uses: [],
    text: `
// By the bits: x != x may be taken for false.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  },
  rounded: {
    uses: [],
    text: `
// x, which a compiler cannot know: what comes of it is not merged with what it comes from. The second operand is 0.
fn rounded(x: f32, no_bits: u32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ no_bits);
}`,
  },
  min_nan: {
    uses: ['is_nan'],
    text: `
// The smaller; NaN if either is.
fn min_nan(a: f32, b: f32) -> f32 {
  return select(select(b, a, a < b), select(b, a, is_nan(a)), is_nan(a) || is_nan(b));
}`,
  },
  max_nan: {
    uses: ['is_nan'],
    text: `
// The larger; NaN if either is.
fn max_nan(a: f32, b: f32) -> f32 {
  return select(select(b, a, b < a), select(b, a, is_nan(a)), is_nan(a) || is_nan(b));
}`,
  },
  sign_nan: {
    uses: ['is_nan'],
    text: `
// -1, 0 or 1; NaN gives NaN.
fn sign_nan(x: f32) -> f32 {
  return select(sign(x), x, is_nan(x));
}`,
  },
  sqrt_nan: {
    uses: ['is_nan'],
    constants: ['nan'],
    text: `
// Square root; NaN below zero.
fn sqrt_nan(x: f32) -> f32 {
  return select(sqrt(x), bitcast<f32>(nan_bits), x < 0.0 || is_nan(x));
}`,
  },
  to_i32: {
    uses: ['is_nan'],
    text: `
// Towards zero, saturating; NaN gives 0.
fn to_i32(x: f32) -> i32 {
  let inside = i32(clamp(x, -2147483648.0, 2147483520.0));
  return select(select(inside, 2147483647, x >= 2147483648.0), 0, is_nan(x));
}`,
  },
  to_u32: {
    uses: ['is_nan'],
    text: `
// Towards zero, saturating; NaN gives 0.
fn to_u32(x: f32) -> u32 {
  let inside = u32(clamp(x, 0.0, 4294967040.0));
  return select(select(inside, 4294967295u, x >= 4294967296.0), 0u, is_nan(x));
}`,
  },
  float_i32: {
    uses: [],
    text: `
// The nearest float, of two the even one: halves are exact, and their sum is rounded once. WGSL lets f32(x) be either.
fn float_i32(x: i32) -> f32 {
  return f32(x >> 16u) * 65536.0 + f32(x & 65535);
}`,
  },
  float_u32: {
    uses: [],
    text: `
// The nearest float, of two the even one: halves are exact, and their sum is rounded once. WGSL lets f32(x) be either.
fn float_u32(x: u32) -> f32 {
  return f32(x >> 16u) * 65536.0 + f32(x & 65535u);
}`,
  },
  floor_div: {
    uses: [],
    text: `
// floor(x / y) for y > 0.
fn floor_div(x: i32, y: i32) -> i32 {
  return x / y - select(0, 1, x % y < 0);
}`,
  },
  floor_mod: {
    uses: [],
    text: `
// x - floor(x / y) * y for y > 0: never negative.
fn floor_mod(x: i32, y: i32) -> i32 {
  let r = x % y;
  return r + select(0, y, r < 0);
}`,
  },
  div_i32: {
    uses: [],
    text: `
// floor(x / y); 0 where y is.
fn div_i32(x: i32, y: i32) -> i32 {
  let d = select(y, 1, y == 0);
  let q = x / d;
  let r = x - q * d;
  return select(q - select(0, 1, r != 0 && (r < 0) != (d < 0)), 0, y == 0);
}`,
  },
  mod_i32: {
    uses: [],
    text: `
// x - floor(x / y) * y; 0 where y is.
fn mod_i32(x: i32, y: i32) -> i32 {
  let d = select(y, 1, y == 0);
  let r = x - (x / d) * d;
  return r + select(0, d, r != 0 && (r < 0) != (d < 0));
}`,
  },
  div_u32: {
    uses: [],
    text: `
// The quotient; 0 where y is.
fn div_u32(x: u32, y: u32) -> u32 {
  return select(x / max(y, 1u), 0u, y == 0u);
}`,
  },
  mod_u32: {
    uses: [],
    text: `
// The remainder; 0 where y is.
fn mod_u32(x: u32, y: u32) -> u32 {
  return x % max(y, 1u);
}`,
  },
  shift_left: {
    uses: [],
    text: `
// 0 beyond 31 places.
fn shift_left(x: u32, n: u32) -> u32 {
  return select(0u, x << (n & 31u), n < 32u);
}`,
  },
  shift_right: {
    uses: [],
    text: `
// 0 beyond 31 places.
fn shift_right(x: u32, n: u32) -> u32 {
  return select(0u, x >> (n & 31u), n < 32u);
}`,
  },
  threefry: {
    uses: [],
    text: threefry,
  },
  data_u8: {
    uses: [],
    text: `
// Byte i of the words that start at base.
fn data_u8(base: u32, i: i32) -> u32 {
  return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}`,
  },
  words_u8: {
    uses: [],
    text: `
// Byte i of the words that start at base.
fn words_u8(base: u32, i: i32) -> u32 {
  return (words[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}`,
  },
  mul_high_u32: {
    uses: [],
    text: `
// The upper half of a product of 64 bits, by halves of the factors.
fn mul_high_u32(a: u32, b: u32) -> u32 {
  let low = a & 0xffffu;
  let high = a >> 16u;
  let t = high * (b & 0xffffu) + ((low * (b & 0xffffu)) >> 16u);
  let u = low * (b >> 16u) + (t & 0xffffu);
  return high * (b >> 16u) + (t >> 16u) + (u >> 16u);
}`,
  },
  mul_high_i32: {
    uses: ['mul_high_u32'],
    text: `
// The upper half of a product of 64 bits, with its sign.
fn mul_high_i32(a: i32, b: i32) -> i32 {
  let unsigned = bitcast<i32>(mul_high_u32(bitcast<u32>(a), bitcast<u32>(b)));
  return unsigned - select(0, b, a < 0) - select(0, a, b < 0);
}`,
  },
  exp_f32: {
    uses: ['is_nan'],
    text: `
// e^x = 2^n e^r with |r| <= ln(2) / 2, e^r by the polynomial of Cephes' expf; at most 1 ulp.
fn exp_f32(x: f32) -> f32 {
  let c = clamp(x, -104.0, 89.0);
  let n = floor(c * 1.44269504 + 0.5);
  let r = c - n * 0.693359375 + n * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  let y = p * (r * r) + r + 1.0;
  // Two steps: 2^n itself may lie outside of f32.
  let k = i32(n);
  let h = k >> 1u;
  let scaled = y * bitcast<f32>((h + 127) << 23u) * bitcast<f32>((k - h + 127) << 23u);
  return select(scaled, x, is_nan(x));
}`,
  },
  log_f32: {
    uses: ['is_nan'],
    constants: ['infinity', 'nan'],
    text: `
// ln x = k ln 2 + ln(1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), as fdlibm's logf; at most 1 ulp.
fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || bits == 0x7f800000u) { return x; }
  if ((bits & 0x7fffffffu) == 0u) { return -bitcast<f32>(infinity_bits); }
  if (bits > 0x7fffffffu) { return bitcast<f32>(nan_bits); }
  // A subnormal is its bits times 2^-149.
  let small = bits < 0x00800000u;
  let b = select(bits, bitcast<u32>(f32(bits)), small) + 0x004afb0du;
  let k = f32(i32(b >> 23u) - select(127, 276, small));
  let f = bitcast<f32>((b & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = w * (0.40000972152 + w * 0.24279078841) + z * (0.66666662693 + w * 0.28498786688);
  let h = 0.5 * f * f;
  return s * (h + r) + k * 9.0580006145e-6 - h + f + k * 6.9313812256e-1;
}`,
  },
  log1p_f32: {
    uses: ['is_nan'],
    constants: ['infinity', 'nan'],
    text: `
// ln(1 + x) = k ln 2 + ln(1 + f) with 3/4 <= 1 + f < 3/2; f = x / 2^k + (1 / 2^k - 1) is exact; at most 1.01 ulp.
fn log1p_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  // Below 2^-24 the result is x: a subnormal would be flushed. Infinity and NaN stay too.
  if ((bits & 0x7fffffffu) < 0x33800000u || is_nan(x) || bits == 0x7f800000u) { return x; }
  if (bits == 0xbf800000u) { return -bitcast<f32>(infinity_bits); }
  if (bits > 0xbf800000u) { return bitcast<f32>(nan_bits); }
  // k in the place of an exponent, by that of (1 + x) / (3/4).
  let k = (bitcast<u32>(1.0 + x) - 0x3f400000u) & 0xff800000u;
  // 4 / 2^k, which is not subnormal where 1 / 2^k is.
  let four = bitcast<f32>(0x40800000u - k);
  let f = bitcast<f32>(bits - k) + (0.25 * four - 1.0);
  let n = f32(bitcast<i32>(k) >> 23u);
  var p = -4.4942606e-2;
  p = p * f + 1.0455526e-1;
  p = p * f - 1.3166603e-1;
  p = p * f + 1.448245e-1;
  p = p * f - 1.664741e-1;
  p = p * f + 1.999054e-1;
  p = p * f - 2.5000063e-1;
  p = p * f + 3.3333457e-1;
  p = p * f - 5.0e-1;
  return p * (f * f) - n * 2.12194440e-4 + f + n * 0.693359375;
}`,
  },
  expm1_f32: {
    uses: ['is_nan'],
    text: `
// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), n = 0 where |x| < 1/2, e^r - 1 by a polynomial; at most 1.5 ulp.
fn expm1_f32(x: f32) -> f32 {
  // Below 2^-24 the result is x: a subnormal would be flushed.
  if ((bitcast<u32>(x) & 0x7fffffffu) < 0x33800000u || is_nan(x)) { return x; }
  let c = clamp(x, -25.0, 89.0);
  let n = select(floor(c * 1.44269504 + 0.5), 0.0, abs(c) < 0.5);
  let r = c - n * 0.693359375 + n * 2.12194440e-4;
  var q = 1.9849832e-4;
  q = q * r + 1.3996605e-3;
  q = q * r + 8.3335815e-3;
  q = q * r + 4.1665349e-2;
  q = q * r + 1.6666664e-1;
  q = q * r + 5.0000006e-1;
  let p = q * (r * r) + r;
  // Half of it: 2^n itself may lie outside of f32.
  let s = bitcast<f32>((i32(n) + 126) << 23u);
  let y = p * s + (s - 0.5);
  return y + y;
}`,
  },
  tanh_f32: {
    uses: ['exp_f32', 'is_nan'],
    text: `
// An odd polynomial (Cephes' tanhf) near zero, else 1 - 2 / (e^2x + 1); at most 2 ulp.
fn tanh_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  let z = x * x;
  if (a < 0.625) {
    var p = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    return p * z * x + x;
  }
  let t = 1.0 - 2.0 / (exp_f32(2.0 * min(a, 20.0)) + 1.0);
  return select(t, -t, x < 0.0);
}`,
  },
  sigmoid_f32: {
    uses: ['exp_f32'],
    text: `
// 1 / (1 + e^-x), by the exponential that cannot overflow; at most 3 ulp.
fn sigmoid_f32(x: f32) -> f32 {
  let e = exp_f32(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}`,
  },
  erf_f32: {
    uses: ['exp_f32', 'is_nan'],
    text: `
// A polynomial near zero, else 1 - e^p(|x|) (N. Juffa's minimax coefficients); at most 2 ulp.
fn erf_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = min(abs(x), 4.0);
  let s = a * a;
  if (a > 0.927734375) {
    var q = -1.72853470e-5 * a + 3.83197126e-4;
    q = q * s + (-3.88396438e-3 * a + 2.42546219e-2);
    q = q * a - 1.06777877e-1;
    q = q * a - 6.34846687e-1;
    q = q * a - 1.28717512e-1;
    let e = 1.0 - exp_f32(q * a - a);
    return select(e, -e, x < 0.0);
  }
  var p = -5.96761703e-4;
  p = p * s + 4.99119423e-3;
  p = p * s - 2.67681349e-2;
  p = p * s + 1.12819925e-1;
  p = p * s - 3.76125336e-1;
  p = p * s + 1.28379166e-1;
  // Near zero the product would be subnormal where the sum is not.
  return select(p * x + x, 1.12837917 * x, a < 1e-30);
}`,
  },
  ...definedOnce,
} satisfies Record<string, WgslFunction>;

/** A function, what else it needs (`uses` names functions), and its text. */
export interface WgslFunction {
  readonly uses: readonly string[];
  readonly constants?: readonly WgslConstant[];
  readonly text: string;
}

/** A float that WGSL has no constant for. */
export type WgslConstant = 'infinity' | 'nan';
export type WgslFunctionName = keyof typeof wgslFunctions;

/**
 * The declarations that a text with these functions and constants needs, callees first.
 *
 * Infinities and NaNs as constant expressions are errors when the shader is made, so their bits go through a
 * variable.
 */
export function wgslDeclarations(
  functions: ReadonlySet<WgslFunctionName>,
  constants: ReadonlySet<WgslConstant>,
): string[] {
  const table: Readonly<Record<string, WgslFunction>> = wgslFunctions;
  const needed = new Set<WgslConstant>(constants);
  const order = new Set<string>();
  const visit = (name: string): void => {
    const def = table[name];
    if (order.has(name) || def === undefined) return;
    for (const used of def.uses) visit(used);
    for (const used of def.constants ?? []) needed.add(used);
    order.add(name);
  };
  for (const name of Object.keys(table)) if (functions.has(name as WgslFunctionName)) visit(name);
  const bits = { infinity: '0x7f800000u', nan: '0x7fc00000u' } satisfies Record<WgslConstant, string>;
  return [
    ...(['infinity', 'nan'] as const)
      .filter((name) => needed.has(name))
      .map((name) => `var<private> ${name}_bits: u32 = ${bits[name]};`),
    ...[...order].map((name) => table[name]?.text ?? ''),
  ];
}
