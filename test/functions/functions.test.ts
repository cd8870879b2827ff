import { describe, expect, it } from 'vitest';
import {
  type BinaryName,
  interpret,
  type ScalarFunctionName,
  scalarFunctionNames,
  scalarFunctions,
} from '../../src/functions/index.ts';
import { type ScalarDef, scalarOps } from '../../src/loops/index.ts';
import { pairBounds, type UnaryName, unaryBounds } from './bounds.ts';
import { canonicalBits, sample, scales, worst } from './errors.ts';
import { onWasm } from './onWasm.ts';

/** Where x is above 0, of those that are worse below it. */
const boundsAboveZero: Partial<Record<UnaryName, number>> = { digamma: 2, trigamma: 2, tetragamma: 4 };

const edges = [Math.PI / 4, Math.PI / 2, Math.PI, 0.5, 1, 1.25, 2, 89.42, 88.73, 16367173 * 2 ** 72];
const xs = sample(250007, edges);

describe.each(Object.entries(unaryBounds) as [UnaryName, number][])('%s', (name, bound) => {
  it(`is within ${bound} ulp of float64, special values included`, () => {
    const { evaluate }: ScalarDef = scalarOps[name];
    const { ulp, at } = worst(
      interpret(scalarFunctions[name], xs),
      (k) => evaluate(xs[k] ?? 0, 0, 0, 0),
      (k) => scales[name]?.(xs[k] ?? 0) ?? 0,
    );
    expect(ulp, `at ${xs[at]}`).toBeLessThanOrEqual(bound);
  });
});

it.each(Object.entries(boundsAboveZero) as [UnaryName, number][])(
  '%s is within %d ulp of float64 above 0',
  (name, bound) => {
    const { evaluate }: ScalarDef = scalarOps[name];
    const above = xs.filter((x) => x > 0);
    const { ulp, at } = worst(interpret(scalarFunctions[name], above), (k) =>
      evaluate(above[k] ?? 0, 0, 0, 0),
    );
    expect(ulp, `at ${above[at]}`).toBeLessThanOrEqual(bound);
  },
);

const { NaN: nan } = Number;
/** What meets in pairs: special values, integers, halves, and moderate and extreme numbers. */
const special = [
  0,
  2 ** -149,
  2 ** -126,
  2 ** -70,
  0.3,
  0.5,
  1,
  1.5,
  2,
  3,
  4,
  5,
  33,
  2 ** 23,
  2 ** 24 - 1,
  2 ** 40,
  1e30,
]
  .concat([3.4028234663852886e38, Infinity])
  .flatMap((x) => [x, -x])
  .concat(nan);
const pairs = [
  ...special.flatMap((x) => special.map((y) => [x, y] as const)),
  ...Array.from(xs, (x, k) => [x, xs[(k * 7919 + 13) % xs.length] ?? 0] as const),
  ...Array.from(xs, (x, k) => [Math.abs(x) * 2 ** -(k % 64), Math.sin(k) * (1 + (k % 30))] as const),
];
const [firsts, seconds] = [0, 1].map((k) => new Float32Array(pairs.map((pair) => pair[k] ?? 0)));

describe.each(Object.entries(pairBounds) as [BinaryName, number][])('%s', (name, bound) => {
  it(`is within ${bound} ulp of float64, special values included`, () => {
    const { evaluate }: ScalarDef = scalarOps[name];
    const [a, b] = [firsts ?? xs, seconds ?? xs];
    const { ulp, at } = worst(interpret(scalarFunctions[name], a, b), (k) =>
      evaluate(a[k] ?? 0, b[k] ?? 0, 0, 0),
    );
    expect(ulp, `at ${a[at]}, ${b[at]}`).toBeLessThanOrEqual(bound);
  });
});

it('roots of cubes, logarithms of powers and powers of integers are exact', () => {
  const to = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
  const of = (name: ScalarFunctionName, ...args: number[][]): number[] => [
    ...interpret(scalarFunctions[name], ...args.map((values) => Float32Array.from(values))),
  ];
  expect(
    of(
      'cbrt',
      to(255).map((n) => n ** 3),
    ),
  ).toEqual(to(255));
  expect(
    of(
      'log2',
      to(250).map((n) => 2 ** (n - 125)),
    ),
  ).toEqual(to(250).map((n) => n - 125));
  expect(
    of(
      'log10',
      to(11).map((n) => 10 ** n),
    ),
  ).toEqual(to(11));
  expect(
    of(
      'exp2',
      to(250).map((n) => n - 125),
    ),
  ).toEqual(to(250).map((n) => 2 ** (n - 125)));
  const bases = to(30).flatMap((x) => to(16).map(() => x - 12));
  const exponents = to(30).flatMap(() => to(16));
  const small = bases
    .map((x, k) => x ** (exponents[k] ?? 0))
    .map((power) => (Math.abs(power) < 2 ** 24 ? power : 0));
  const found = of('pow', bases, exponents).map((power) => (Math.abs(power) < 2 ** 24 ? power : 0));
  expect(found).toEqual(small);
});

it('functions have the same bits on WebAssembly, in each of four lanes', () => {
  const run = onWasm(scalarFunctionNames);
  const some = (of: Float32Array): Float32Array<ArrayBuffer> => of.filter((_, k) => k % 5 === 0 || k < 1600);
  for (const name of scalarFunctionNames) {
    const args = scalarFunctions[name].arity === 1 ? [some(xs)] : [some(firsts ?? xs), some(seconds ?? xs)];
    const want = interpret(scalarFunctions[name], ...args);
    const got = run(name, args);
    const differs = want.findIndex((value, k) => canonicalBits(value) !== canonicalBits(got[k] ?? 0));
    if (differs >= 0)
      expect.fail(`${name}(${args.map((arg) => arg[differs])}) is ${got[differs]}, not ${want[differs]}`);
  }
});
