import { describe, expect, it } from 'vitest';
import { defineModule, full, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { expectRefusal } from '../graph/refusal.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];
const { NaN: nan } = Number;
const infinity = Infinity;

/** What an entry of x and y gives, as lists of numbers. */
async function run(
  target: Target,
  build: (x: Tensor, y: Tensor, m: ModuleBuilder) => Readonly<Record<string, Tensor>>,
  xs: readonly number[],
  ys: readonly number[],
  dtype: 'f32' | 'i32' = 'f32',
): Promise<Readonly<Record<string, readonly number[]>>> {
  const shape = [xs.length];
  const module = defineModule('powers', (m) =>
    m.entry('run', build(m.input('x', { shape, dtype }), m.input('y', { shape, dtype }), m)),
  );
  const session = await target.start(module);
  const inputs = { x: { shape, data: xs }, y: { shape, data: ys } };
  const outputs = await session.step('run', { inputs });
  await session.dispose();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
}

const gradientOf = (y: Tensor, x: Tensor): Tensor => gradients(y.sum(), [x])[0] ?? x;

/** A power by C99, and its value. */
const special: readonly (readonly [x: number, y: number, power: number])[] = [
  ...[0, -0, 1, -1, infinity, -infinity, nan].map((x) => [x, 0, 1] as const),
  ...[-0, 3, infinity, -infinity, nan].map((y) => [1, y, 1] as const),
  [-1, infinity, 1],
  [-1, -infinity, 1],
  [nan, 2.5, nan],
  [2, nan, nan],
  [-8, 1 / 3, nan],
  [0, 3, 0],
  [-0, 3, -0],
  [-0, 4, 0],
  [-0, 2.5, 0],
  [0, -3, infinity],
  [-0, -3, -infinity],
  [-0, -4, infinity],
  [-0, -2.5, infinity],
  [-0, -infinity, infinity],
  [-0, infinity, 0],
  [0.5, infinity, 0],
  [-0.5, -infinity, infinity],
  [2, infinity, infinity],
  [-2, -infinity, 0],
  [infinity, 0.5, infinity],
  [infinity, -0.5, 0],
  [-infinity, 3, -infinity],
  [-infinity, 4, infinity],
  [-infinity, 0.5, infinity],
  [-infinity, -3, -0],
  [-infinity, -4, 0],
  [2, 128, infinity],
  [-2, 129, -infinity],
  [2, -126, 2 ** -126],
  [3, 5, 243],
  [-3, 5, -243],
  [7, 8, 5764801],
  [10, 7, 1e7],
  [2.5, 3, 15.625],
  [0.125, 1 / 3, Math.fround(0.125 ** Math.fround(1 / 3))],
];

describe.each(targets)('powers on $name', (target) => {
  it('have the special values of C99, and are exact where they are small integers', async () => {
    const [xs, ys] = [special.map(([x]) => x), special.map(([, y]) => y)];
    const { power = [] } = await run(target, (x, y) => ({ power: x.pow(y) }), xs, ys);
    const wrong = special.flatMap(([x, y, want], k) => {
      const is = power[k] ?? 0;
      return Object.is(Math.fround(is), Math.fround(want)) ? [] : [`${x} ^ ${y} is ${is}, not ${want}`];
    });
    expect(wrong).toEqual([]);
  });

  it('have the gradients of PyTorch, 0 where the exponent is 0 and, in it, where the base is 0', async () => {
    const xs = [0, 0, 0, 2, -2, 1.5, 0, 4];
    const ys = [0, 2, 1, 0, 3, -1.5, -1, 0.5];
    const found = await run(
      target,
      (x, y) => ({ inX: gradientOf(x.pow(y), x), inY: gradientOf(x.pow(y), y) }),
      xs,
      ys,
    );
    const inX = [0, 0, 1, 0, 12, -0.5443310737609863, -infinity, 0.25];
    const inY = [0, 0, 0, Math.LN2, nan, 0.22070725, -infinity, 2.7725887];
    expectClose(found.inX, inX);
    expectClose(found.inY, inY);
  });

  it('with a number as the exponent are what PyTorch makes of them, and so are their gradients', async () => {
    const exponents = [0, 1, 2, 3, 7, 9, 0.5, -0.5, -1, -2, -3, 1.5, 2.5];
    const xs = [2, 0.5, 0];
    const found = await run(
      target,
      (x) =>
        Object.fromEntries(
          exponents.flatMap((e) => [
            [`power ${e}`, x.pow(e)],
            [`gradient ${e}`, gradientOf(x.pow(e), x)],
          ]),
        ),
      xs,
      xs,
    );
    for (const e of exponents) {
      expectClose(
        found[`power ${e}`],
        xs.map((x) => x ** e),
      );
      // PyTorch's reciprocals and roots have NaN or infinity at 0, as ours.
      const gradient = (x: number): number => (e === 0 ? 0 : e * x ** (e - 1));
      expectClose(found[`gradient ${e}`]?.slice(0, 2), xs.slice(0, 2).map(gradient));
    }
  });

  it('have the gradient 0 where the exponent is a tensor of the constant 0, whatever the base', async () => {
    const xs = [0, -0, 2, nan, infinity];
    const found = await run(
      target,
      (x, _, m) => ({ like: gradientOf(x.pow(x.fullLike(0)), x), one: gradientOf(x.pow(full(m, [], 0)), x) }),
      xs,
      xs,
    );
    const zeros = [0, 0, 0, 0, 0];
    expect(found).toEqual({ like: zeros, one: zeros });
  });

  it('of integers wrap around', async () => {
    const xs = [3, -7, 10, 2 ** 16];
    const found = await run(target, (x) => ({ five: x.pow(5), none: x.pow(0) }), xs, xs, 'i32');
    expect(found).toEqual({ five: [243, -16807, 100000, 0], none: [1, 1, 1, 1] });
  });
});

// Without a driver, which takes long for kernels of many powers.
describe.each([reference, wasm(1)])('powers on $name', (target) => {
  it('have the second gradients of PyTorch', async () => {
    const twice = await run(
      target,
      (x, y) => {
        const [inFirst, inSecond] = [gradientOf(x.pow(y), x), gradientOf(x.pow(y), y)];
        return { xx: gradientOf(inFirst, x), xy: gradientOf(inFirst, y), yy: gradientOf(inSecond, y) };
      },
      [1.5, 4],
      [-1.5, 0.5],
    );
    expectClose(twice.xx, [0.9072183966636658, -0.03125]);
    expectClose(twice.xy, [0.14218014478683472, 0.8465735912322998]);
    expectClose(twice.yy, [0.08948908746242523, 3.8436241149902344]);
  });

  it('make norms of any order, whose gradient is 0 at 0', async () => {
    const xs = [0, -3, 4, 0, 0, 0];
    const orders = [3, 1.5, -1, 0.5];
    const found = await run(
      target,
      (x) => {
        const rows = x.reshape([2, 3]);
        return Object.fromEntries(
          orders.flatMap((ord) => [
            [`norm ${ord}`, rows.norm(ord, 1)],
            [`gradient ${ord}`, gradientOf(rows.norm(ord, 1), x)],
          ]),
        );
      },
      xs,
      xs,
    );
    const norms = { 3: [4.497941493988037, 0], 1.5: [5.584250450134277, 0], 0.5: [13.928203582763672, 0] };
    const slopes = { 3: [-0.4448513, 0.7908468], 1.5: [-0.7329564, 0.8463452], 0.5: [-2.1547005, 1.8660254] };
    for (const ord of [3, 1.5, 0.5] as const) {
      expectClose(found[`norm ${ord}`], norms[ord]);
      expectClose(found[`gradient ${ord}`], [0, ...slopes[ord], 0, 0, 0]);
    }
    expectClose(found['norm -1'], [0, 0]);
    expectClose(found['gradient -1'], [0, 0, 0, 0, 0, 0]);
  });
});

it('powers of integers refuse an exponent that is not a whole number from 0 on, or a tensor', () => {
  defineModule('refusals', (m) => {
    const n = m.input('n', { shape: [2], dtype: 'i32' });
    expectRefusal(
      () => n.pow(-1),
      'option',
      'pow: the exponent of integers is -1: it must be a whole number from 0 on',
      'powers.test.ts',
    );
    expectRefusal(
      () => n.pow(n),
      'dtype',
      'pow: a tensor of i32 has powers with a constant exponent: cast it to f32, or give a number',
      'powers.test.ts',
    );
    m.entry('run', { n });
  });
});

function expectClose(found: readonly number[] | undefined, wanted: readonly number[]): void {
  const wrong = wanted.flatMap((want, k) => {
    const is = found?.[k] ?? nan;
    const near = Object.is(is, want) || is === want || Math.abs(is - want) <= 4e-6 * Math.abs(want);
    return near ? [] : [`${k} is ${is}, not ${want}`];
  });
  expect(wrong).toEqual([]);
}
