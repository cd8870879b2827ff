import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from 'watr';
import { type BinaryName, bitsOf, scalarFunctions } from '../../src/functions/index.ts';
import { scalarOps } from '../../src/loops/index.ts';
import { type MathName, mathFunctions, mathText } from '../../src/wasm/math.ts';
import { unaryBounds } from '../functions/bounds.ts';
import { errorInUlp, scales } from '../functions/errors.ts';

/** The functions of one float: `test/functions` has those of two. */
type UnaryName = Exclude<MathName, BinaryName>;

/** Errors allowed, in units in the last place of the float32 result. */
const bounds = {
  exp: 1.01,
  log: 1.23,
  log1p: 1.01,
  expm1: 1.5,
  tanh: 1.5,
  sigmoid: 1.87,
  erf: 2.7,
  sign: 0,
  ...unaryBounds,
} satisfies Record<UnaryName, number>;

/** What no result may lie below or above. */
const ranges = {
  exp: [0, Infinity],
  log: [-Infinity, Infinity],
  log1p: [-Infinity, Infinity],
  expm1: [-1, Infinity],
  tanh: [-1, 1],
  sigmoid: [0, 1],
  erf: [-1, 1],
  sign: [-1, 1],
  sin: [-1, 1],
  cos: [-1, 1],
  tan: [-Infinity, Infinity],
  asin: [-1.5707964, 1.5707964],
  acos: [0, 3.1415928],
  atan: [-1.5707964, 1.5707964],
  sinh: [-Infinity, Infinity],
  cosh: [1, Infinity],
  asinh: [-Infinity, Infinity],
  acosh: [0, Infinity],
  atanh: [-Infinity, Infinity],
  exp2: [0, Infinity],
  log2: [-Infinity, Infinity],
  log10: [-Infinity, Infinity],
  cbrt: [-Infinity, Infinity],
  erfinv: [-Infinity, Infinity],
  lgamma: [-Infinity, Infinity],
  digamma: [-Infinity, Infinity],
  trigamma: [-Infinity, Infinity],
  tetragamma: [-Infinity, Infinity],
} satisfies Record<UnaryName, [number, number]>;
const names = Object.keys(bounds) as UnaryName[];

/** Floats that one run takes; a multiple of 4. */
const CAPACITY = 1 << 16;

interface MappedFunction {
  /** The first floats are taken and given; `bits` and `given` share their memory. */
  readonly bits: Uint32Array;
  readonly given: Float32Array;
  readonly results: Float32Array;
  readonly run: (count: number) => void;
}

/** A module of one function's text, and a loop that maps it over memory. */
function mapped(name: UnaryName): MappedFunction {
  const memory = new WebAssembly.Memory({ initial: (CAPACITY * 8) / 65536 });
  const text = `(module
  (import "test" "memory" (memory 1))
  ${mathText([name])}
  (func (export "run") (param $end i32) (local $at i32)
    (loop $next
      (v128.store offset=${CAPACITY * 4} (local.get $at) (call $${name} (v128.load (local.get $at))))
      (br_if $next (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 16)))
        (local.get $end))))))`;
  const module = new WebAssembly.Module(new Uint8Array(compile(text)));
  const { run } = new WebAssembly.Instance(module, { test: { memory } }).exports;
  if (typeof run !== 'function') throw new TypeError('the module exports no function');
  return {
    bits: new Uint32Array(memory.buffer, 0, CAPACITY),
    given: new Float32Array(memory.buffer, 0, CAPACITY),
    results: new Float32Array(memory.buffer, CAPACITY * 4, CAPACITY),
    run: (count) => run(Math.ceil(count / 4) * 16),
  };
}

/** Values of a function at some floats. */
function valuesAt(name: UnaryName, xs: readonly number[]): number[] {
  const { given, results, run } = mapped(name);
  given.set(xs);
  run(xs.length);
  return [...results.subarray(0, xs.length)];
}

/** The worst error over floats given by their bits, and where it is; infinite for a result out of range. */
function worstError(name: UnaryName, patterns: Iterable<number>): { ulp: number; at: number } {
  const { bits, given, results, run } = mapped(name);
  const { evaluate }: { evaluate: (x: number, y: number, z: number) => number } = scalarOps[name];
  const [least, most] = ranges[name];
  let worst = { ulp: 0, at: 0 };
  let count = 0;
  const check = (): void => {
    run(count);
    for (let k = 0; k < count; k++) {
      const x = given[k] ?? Number.NaN;
      const got = results[k] ?? Number.NaN;
      const ulp =
        got < least || got > most ? Infinity : errorInUlp(got, evaluate(x, 0, 0), scales[name]?.(x));
      if (ulp > worst.ulp) worst = { ulp, at: x };
    }
    count = 0;
  };
  for (const pattern of patterns) {
    bits[count++] = pattern;
    if (count === CAPACITY) check();
  }
  check();
  return worst;
}

/**
 * Every 1021st pattern: an odd stride reaches all exponents, and all kinds of fractions. Fewer of functions that are defined
 * once, which are what the interpreter says (`test/functions`).
 */
function* strided(name: UnaryName): Generator<number> {
  const stride = name in scalarFunctions ? 80021 : 1021;
  for (let pattern = 0; pattern < 2 ** 32; pattern += stride) yield pattern;
}

/** Where formulas change or results leave float32, besides the powers of two. */
const edges = [
  0,
  ...[Math.LN2 / 2, 1.5 * Math.LN2, Math.SQRT1_2, Math.SQRT2, 3.92, 9.02, 10, 20],
  ...[87.33654, 88.72284, 89, 103.27893, 103.97208, 104],
];

/** 33 neighbours of every power of two and of every edge, of either sign; infinities and NaNs among them. */
function* neighbourhoods(): Generator<number> {
  const centres = [...Array.from({ length: 256 }, (_, exponent) => exponent << 23), ...edges.map(bitsOf)];
  for (const centre of centres) {
    for (let near = centre - 16; near <= centre + 16; near++) {
      yield near & 0x7fffffff;
      yield near | 0x80000000;
    }
  }
}

describe.each(names)('%s on WebAssembly', (name) => {
  test(`is within ${bounds[name]} ulp of float64 over all floats, and in its range`, () => {
    const { ulp, at } = worstError(name, strided(name));
    expect(ulp, `at ${at}`).toBeLessThanOrEqual(bounds[name]);
  });

  test('is as near at subnormal numbers, infinities, NaNs, powers of two and where its formula changes', () => {
    const { ulp, at } = worstError(name, neighbourhoods());
    expect(ulp, `at ${at}`).toBeLessThanOrEqual(bounds[name]);
  });

  test('gives in each lane what it would give there alone', () => {
    const { bits, results, run } = mapped(name);
    const float = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.float({ min: -100, max: 100 }).map(bitsOf),
      fc.constantFrom(0, -0, Infinity, -Infinity, Number.NaN).map(bitsOf),
    );
    fc.assert(
      fc.property(fc.array(float, { minLength: 4, maxLength: 4 }), (lanes) => {
        bits.set([...lanes, ...lanes.flatMap((lane) => [lane, lane, lane, lane])]);
        run(20);
        const together = [...results.subarray(0, 4)];
        const alone = together.map((_, lane) => results[4 + 5 * lane]);
        expect(together).toEqual(alone);
      }),
      { numRuns: 500 },
    );
  });
});

describe('special values on WebAssembly', () => {
  const { NaN: nan } = Number;

  test('exp ends in 0 and in infinity, and passes through subnormal numbers', () => {
    expect(valuesAt('exp', [-Infinity, -104, -103.5, -0, 0, 88.72283, 88.72284, Infinity, nan])).toEqual([
      0,
      0,
      2 ** -149,
      1,
      1,
      expect.closeTo(3.4028e38, -35),
      Infinity,
      Infinity,
      nan,
    ]);
  });

  test('log is -infinity at both zeros, and NaN below', () => {
    const xs = [0, -0, -(2 ** -149), -1, -Infinity, 1, Infinity, nan];
    expect(valuesAt('log', xs)).toEqual([-Infinity, -Infinity, nan, nan, nan, 0, Infinity, nan]);
  });

  test('log1p is -infinity at -1, and NaN below; it and expm1 keep the sign of zero and tiny numbers', () => {
    const least = 2 ** -149;
    const xs = [0, -0, least, -least, 2 ** -130, -1, -1 - 2 ** -23, -Infinity, Infinity, nan];
    const log1ps = [0, -0, least, -least, 2 ** -130, -Infinity, nan, nan, Infinity, nan];
    expect(valuesAt('log1p', xs)).toEqual(log1ps);
    const expm1s = [0, -0, least, -least, 2 ** -130, -1, Infinity, nan];
    expect(valuesAt('expm1', [0, -0, least, -least, 2 ** -130, -Infinity, Infinity, nan])).toEqual(expm1s);
  });

  test('tanh and erf keep the sign of zero and of the least subnormal numbers, and end in -1 and 1', () => {
    const xs = [0, -0, 2 ** -149, -(2 ** -149), 10, -10, Infinity, -Infinity, nan];
    const ends = [0, -0, 2 ** -149, -(2 ** -149), 1, -1, 1, -1, nan];
    expect(valuesAt('tanh', xs)).toEqual(ends);
    expect(valuesAt('erf', xs)).toEqual(ends);
  });

  test('sigmoid ends in 0 and 1 without overflow', () => {
    const xs = [-Infinity, -104, -103, 0, -0, 100, Infinity, nan];
    expect(valuesAt('sigmoid', xs)).toEqual([0, 0, 2 ** -149, 0.5, 0.5, 1, 1, nan]);
  });

  test('sign keeps zeros and NaN', () => {
    expect(valuesAt('sign', [-3, -0, 0, 2 ** -149, Infinity, nan])).toEqual([-1, -0, 0, 1, 1, nan]);
  });
});

describe('the text of vector functions', () => {
  test('holds what is called, each function once, in the same order whatever the order of the names', () => {
    const inText = (text: string): string[] =>
      [...text.matchAll(/\(func \$(\w+)/g)].map(([, name]) => name ?? '');
    expect(inText(mathText(['sigmoid']))).toEqual(['exp', 'sigmoid']);
    expect(inText(mathText(['tanh']))).toEqual(['tanh']);
    expect(mathText([])).toBe('');
    expect(inText(mathText(names))).toHaveLength(names.length);
    expect(mathText([...names].reverse())).toBe(mathText(names));
    expect(mathText(['sigmoid', 'exp', 'sigmoid'])).toBe(mathText(['sigmoid']));
  });

  test('names every function that it calls', () => {
    for (const name of names) {
      const { text, calls } = mathFunctions[name];
      const called = new Set([...text.matchAll(/\(call \$(\w+)/g)].map(([, callee]) => callee));
      expect([...called], name).toEqual(calls);
    }
  });

  test('has no relaxed instructions, whose results differ from machine to machine', () => {
    expect(mathText(names)).not.toContain('relaxed');
  });
});
