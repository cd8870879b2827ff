import { describe, expect, it } from 'vitest';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];
const { NaN: nan } = Number;
const infinity = Infinity;
const tenth = Math.fround(0.1);

/** Dividend, divisor, and what PyTorch 2.15 gives: `fmod`, `remainder`, `floor_divide`. */
const divisions: readonly (readonly [number, number, number, number, number])[] = [
  [-7, 2, -1, 1, -4],
  [7, -2, 1, -1, -4],
  [-7, -2, -1, -1, 3],
  [7, 2, 1, 1, 3],
  [0, 3, 0, 0, 0],
  [-0, 3, -0, -0, -0],
  [1, 0, nan, nan, infinity],
  [infinity, 2, nan, nan, nan],
  [5.5, infinity, 5.5, 5.5, 0],
  [-1e-10, 3, -1e-10, 3, -1],
  [1, tenth, 0.09999998658895493, 0.09999998658895493, 9],
  [6, -infinity, 6, -infinity, -1],
  [-3, infinity, -3, infinity, -1],
  [nan, 2, nan, nan, nan],
  [2, nan, nan, nan, nan],
  [2 ** 100, 3, 1, 1, 2 ** 100 / 3],
  [-1, tenth, -0.09999998658895493, 1.4901161193847656e-8, -10],
];

describe.each(targets)('remainders of floats on $name', (target) => {
  it('are exact, have their signs, and have quotients and gradients to them, as PyTorch has', async () => {
    const [xs, ys] = [divisions.map(([x]) => x), divisions.map(([, y]) => y)];
    const shape = [xs.length];
    const first = (value: Tensor, of: Tensor): Tensor => gradients(value.sum(), [of])[0] ?? of;
    const module = defineModule('remainders', (m) => {
      const [x, y] = [m.input('x', { shape }), m.input('y', { shape })];
      m.entry('run', {
        fmod: x.fmod(y),
        mod: x.mod(y),
        floorDiv: x.floorDiv(y),
        byTwo: x.mod(-2),
        halves: x.floorDiv(2),
        inX: first(x.mod(y), x),
        inY: first(x.mod(y), y),
        inBoth: first(first(x.mod(y), y), x),
      });
    });
    const session = await target.start(module);
    const found = await session.step('run', { inputs: { x: { shape, data: xs }, y: { shape, data: ys } } });
    await session.dispose();
    const expectEach = (name: string, wanted: readonly number[]): void => {
      const wrong = wanted.flatMap((want, k) => {
        const is = found[name]?.data[k];
        const value = typeof is === 'number' ? Math.fround(is) : nan;
        return Object.is(value, Math.fround(want))
          ? []
          : [`${name} of ${xs[k]} and ${ys[k]} is ${is}, not ${want}`];
      });
      expect(wrong).toEqual([]);
    };
    expectEach(
      'fmod',
      divisions.map(([, , fmod]) => fmod),
    );
    expectEach(
      'mod',
      divisions.map(([, , , mod]) => mod),
    );
    expectEach(
      'floorDiv',
      divisions.map(([, , , , quotient]) => quotient),
    );
    expectEach('byTwo', [-1, -1, -1, -1, 0, -0, -1, nan, -0.5, -1e-10, -1, 0, -1, nan, 0, 0, -1]);
    expectEach('halves', [-4, 3, -4, 3, 0, -0, 0, nan, 2, -1, 0, 3, -2, nan, 1, 2 ** 99, -1]);
    expectEach(
      'inX',
      xs.map(() => 1),
    );
    expectEach(
      'inY',
      divisions.map(([, , , , quotient]) => -quotient),
    );
    expectEach(
      'inBoth',
      xs.map(() => 0),
    );
  });
});
