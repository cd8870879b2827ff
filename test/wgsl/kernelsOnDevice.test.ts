import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interpretKernel } from '../../src/kernels/interpret.ts';
import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import { apply, cast, type Expr, float, int, load, type Tensor, varRef } from '../../src/loops/index.ts';
import {
  barrier,
  forOf,
  globalId,
  ifOf,
  kernelOf,
  letOf,
  lid,
  storeOf,
  tensorOf,
  wg,
} from '../kernels/buildKernel.ts';
import { randomKernel } from '../kernels/randomKernel.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { type KernelRun, placeRun, runOnDevice } from './kernelDevice.ts';

const limits = { workgroup: 256, workgroupMemory: 16384 };

/** What the interpreter leaves in a run's tensors, in float32. */
function interpreted(run: KernelRun): Map<Tensor, Float64Array> {
  const memory = new Map([...run.memory].map(([tensor, values]) => [tensor, values.slice()] as const));
  interpretKernel(run.kernel, memory, { live: run.live ?? {}, params: run.params ?? {}, float32: true });
  return memory;
}

/** The first element that differs, as text; NaNs are equal, and so are the two zeros. */
function difference(
  got: ReadonlyMap<Tensor, Float64Array>,
  want: ReadonlyMap<Tensor, Float64Array>,
): string | undefined {
  for (const [tensor, values] of got) {
    const expected = want.get(tensor);
    for (let k = 0; k < values.length; k++) {
      const [a, b] = [values[k] ?? 0, expected?.[k] ?? 0];
      if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) return `${tensor.name}[${k}]: ${a}, not ${b}`;
    }
  }
  return undefined;
}

test('What verifies prints, and runs in the interpreter without a fault', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const run = randomKernel(seed);
      verifyKernel(run.kernel, limits);
      expect(placeRun(run).code).toBe(placeRun(run).code);
      interpreted(run);
    }),
    { numRuns: 300 },
  );
});

describe('On WGSL', () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await freshDevice();
  });
  afterAll(() => device.destroy());

  const check = async (kernel: Kernel, memory: Map<Tensor, Float64Array>): Promise<void> => {
    verifyKernel(kernel, limits);
    const run = { kernel, memory };
    const [got] = await runOnDevice(device, [run]);
    expect(got?.size).toBeGreaterThan(0);
    expect(got && difference(got, interpreted(run))).toBeUndefined();
  };
  const ramp = (n: number, of: (k: number) => number = (k) => (k % 17) - 8): Float64Array =>
    Float64Array.from({ length: n }, (_, k) => of(k));
  const v = (name: string): Expr => varRef(name, 'i32');

  test('random kernels compile, and give what the interpreter gives', async () => {
    const runs = Array.from({ length: 120 }, (_, seed) => randomKernel(seed + 7000));
    const wrong: string[] = [];
    for (let first = 0; first < runs.length; first += 16) {
      const some = runs.slice(first, first + 16);
      const results = await runOnDevice(device, some);
      some.forEach((run, k) => {
        const found = difference(results[k] ?? new Map(), interpreted(run));
        if (found !== undefined) wrong.push(`seed ${first + k + 7000}: ${found}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  test('a product over tiles in workgroup memory is that of the interpreter', async () => {
    const [a, b, c] = [
      tensorOf('a', 'state', [8, 12]),
      tensorOf('b', 'temp', [12, 8]),
      tensorOf('c', 'temp', [8, 8]),
    ];
    const [left, right] = [tensorOf('left', 'workgroup', [16]), tensorOf('right', 'workgroup', [16])];
    const [row, column, sum] = [v('row'), v('column'), varRef('sum', 'f32')];
    const at = (tile: Tensor, r: Expr, s: Expr): Expr =>
      load(tile, [apply('add', apply('mul', r, int(4)), s)]);
    const origin = (n: Expr): Expr => apply('mul', n, int(4));
    const body: Stmt[] = [
      letOf('row', apply('idiv', lid, int(4))),
      letOf('column', apply('mod', lid, int(4))),
      letOf('i', apply('add', origin(apply('idiv', wg, int(2))), row)),
      letOf('j', apply('add', origin(apply('mod', wg, int(2))), column)),
      { kind: 'var', name: 'sum', value: float(0) },
      forOf('turn', 0, 3, [
        letOf('k0', apply('mul', v('turn'), int(4))),
        storeOf(left, [lid], load(a, [v('i'), apply('add', v('k0'), column)])),
        storeOf(right, [lid], load(b, [apply('add', v('k0'), row), v('j')])),
        barrier,
        forOf('k', 0, 4, [
          {
            kind: 'assign',
            name: 'sum',
            value: apply('add', sum, apply('mul', at(left, row, v('k')), at(right, v('k'), column))),
          },
        ]),
        barrier,
      ]),
      storeOf(c, [v('i'), v('j')], sum),
    ];
    const kernel = kernelOf(body, { workgroup: 16, grid: 4, arrays: [left, right] });
    expect(verifyKernel(kernel, limits)).toEqual([]);
    await check(
      kernel,
      new Map([
        [a, ramp(96)],
        [b, ramp(96, (k) => (k % 5) / 4)],
        [c, ramp(64)],
      ]),
    );
  });

  test('a reduction as a tree is that of the interpreter', async () => {
    const [x, y] = [tensorOf('x', 'input', [64]), tensorOf('y', 'result', [1])];
    const tile = tensorOf('tile', 'workgroup', [32]);
    const halve = (width: number): Stmt[] => [
      barrier,
      ifOf(apply('lt', lid, int(width)), [
        storeOf(tile, [lid], apply('max', load(tile, [lid]), load(tile, [apply('add', lid, int(width))]))),
      ]),
    ];
    const body: Stmt[] = [
      storeOf(tile, [lid], apply('max', load(x, [lid]), load(x, [apply('add', lid, int(32))]))),
      ...[16, 8, 4, 2, 1].flatMap(halve),
      ifOf(apply('eq', lid, int(0)), [storeOf(y, [int(0)], load(tile, [int(0)]))]),
    ];
    const kernel = kernelOf(body, { workgroup: 32, arrays: [tile] });
    expect(verifyKernel(kernel, limits)).toEqual([]);
    for (const last of [100, Number.NaN, Infinity]) {
      await check(
        kernel,
        new Map([
          [x, ramp(64, (k) => (k === 63 ? last : -k))],
          [y, ramp(1)],
        ]),
      );
    }
  });

  test('rows of bytes are gathered by their numbers', async () => {
    const pixels = tensorOf('pixels', 'data', [2, 7], 'u8');
    const rows = tensorOf('rows', 'rows', [3], 'i32');
    const y = tensorOf('y', 'temp', [3, 7]);
    const [i, j] = [apply('idiv', lid, int(7)), apply('mod', lid, int(7))];
    const value = cast(load(pixels, [load(rows, [i]), j]), 'f32');
    await check(
      kernelOf([storeOf(y, [i, j], value)], { workgroup: 21 }),
      new Map([
        [pixels, ramp(35, (k) => (k * 37) % 256)],
        [rows, Float64Array.of(4, 0, 3)],
        [y, ramp(21)],
      ]),
    );
  });

  test('a grid of more than 65,535 workgroups is folded, and nothing is left out or done twice', async () => {
    const count = 65535 * 2 + 7;
    const y = tensorOf('y', 'temp', [count], 'i32');
    await check(
      kernelOf([storeOf(y, [wg], apply('add', load(y, [wg]), wg))], { grid: count }),
      new Map([[y, ramp(count)]]),
    );
  });

  test('casts, quotients and remainders of negative integers are those of the interpreter', async () => {
    const x = tensorOf('x', 'constant', [64], 'i32');
    const [q, r, u] = [
      tensorOf('q', 'temp', [64], 'i32'),
      tensorOf('r', 'next', [64], 'i32'),
      tensorOf('u', 'result', [64], 'u32'),
    ];
    const element = load(x, [globalId(64)]);
    const body = [
      storeOf(q, [lid], apply('idiv', element, int(5))),
      storeOf(r, [lid], apply('mod', element, int(5))),
      storeOf(u, [lid], cast(element, 'u32')),
    ];
    const zeros = (): Float64Array => new Float64Array(64);
    await check(
      kernelOf(body, { workgroup: 64 }),
      new Map([
        [x, ramp(64, (k) => (k === 0 ? -2147483648 : k - 32))],
        [q, zeros()],
        [r, zeros()],
        [u, zeros()],
      ]),
    );
  });
});
