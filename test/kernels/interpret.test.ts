import { describe, expect, test } from 'vitest';
import {
  arenaMemory,
  compileForInterpretation,
  InterpretError,
  interpretKernel,
  type KernelMemory,
} from '../../src/kernels/interpret.ts';
import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import {
  apply,
  cast,
  constant,
  type Expr,
  float,
  int,
  liveExtent,
  load,
  paramRef,
  varRef,
} from '../../src/loops/index.ts';
import {
  barrier,
  breakIf,
  forOf,
  globalId,
  ifOf,
  kernelOf,
  letOf,
  lid,
  storeOf,
  tensorOf,
  wg,
} from './buildKernel.ts';

const x = tensorOf('x', 'state', [4, 3]);
const y = tensorOf('y', 'temp', [8]);

function fault(kernel: Kernel, memory: KernelMemory): Pick<InterpretError, 'code' | 'message'> {
  try {
    interpretKernel(kernel, memory);
  } catch (error) {
    if (error instanceof InterpretError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('the kernel ran without a fault');
}

const memoryOf = (...pairs: [typeof x, number[]][]): Map<typeof x, Float64Array> =>
  new Map(pairs.map(([tensor, values]) => [tensor, Float64Array.from(values)]));

const zeros = (n: number): number[] => new Array<number>(n).fill(0);

describe('the interpreter of kernels', () => {
  test('runs every invocation of every workgroup', () => {
    const memory = memoryOf([y, zeros(8)]);
    interpretKernel(
      kernelOf([storeOf(y, [globalId(4)], cast(globalId(4), 'f32'))], { workgroup: 4, grid: 2 }),
      memory,
    );
    expect([...(memory.get(y) ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('sums over loops with live bounds and run-time scalars', () => {
    const batch = { name: 'batch', max: 4 };
    const lr = paramRef({ name: 'lr', dtype: 'f32', initial: 1 });
    const sum = varRef('sum', 'f32');
    const kernel = kernelOf([
      { kind: 'var', name: 'sum', value: float(0) },
      forOf('i', 0, 4, [
        breakIf(apply('le', liveExtent(batch), varRef('i', 'i32'))),
        { kind: 'assign', name: 'sum', value: apply('add', sum, load(x, [varRef('i', 'i32'), int(1)])) },
      ]),
      storeOf(y, [int(0)], apply('mul', sum, lr)),
    ]);
    const memory = memoryOf([x, [0, 1, 0, 0, 2, 0, 0, 4, 0, 0, 8, 0]], [y, zeros(8)]);
    const run = compileForInterpretation(kernel, false);
    run(memory, { live: { batch: 3 }, params: { lr: 10 } });
    expect(memory.get(y)?.[0]).toBe(70);
    run(memory);
    expect(memory.get(y)?.[0]).toBe(15);
  });

  test('rounds to float32 only where it is asked to', () => {
    const body = [storeOf(y, [int(0)], apply('add', float(0.1), float(0.2)))];
    const [wide, narrow] = [memoryOf([y, zeros(8)]), memoryOf([y, zeros(8)])];
    interpretKernel(kernelOf(body), wide);
    interpretKernel(kernelOf(body), narrow, { float32: true });
    expect(wide.get(y)?.[0]).toBe(0.1 + 0.2);
    expect(narrow.get(y)?.[0]).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)));
  });

  test('exchanges values of a workgroup across a barrier', () => {
    const tile = tensorOf('tile', 'workgroup', [4]);
    const other = apply('sub', int(3), lid);
    const memory = memoryOf([y, zeros(8)]);
    interpretKernel(
      kernelOf(
        [
          storeOf(tile, [lid], cast(globalId(4), 'f32')),
          barrier,
          storeOf(y, [globalId(4)], load(tile, [other])),
        ],
        { workgroup: 4, grid: 2, arrays: [tile] },
      ),
      memory,
    );
    expect([...(memory.get(y) ?? [])]).toEqual([3, 2, 1, 0, 7, 6, 5, 4]);
  });

  test('evaluates only the chosen operand of a select', () => {
    const index = apply('sub', int(0), int(1));
    const value = apply('select', apply('le', int(0), index), load(y, [index]), float(5));
    const memory = memoryOf([y, zeros(8)]);
    interpretKernel(kernelOf([storeOf(y, [int(0)], value)]), memory);
    expect(memory.get(y)?.[0]).toBe(5);
  });

  test('evaluates all operands of a select in an evaluated kernel, as targets may', () => {
    const index = apply('sub', int(0), int(1));
    const value = apply('select', apply('le', int(0), index), load(y, [index]), float(5));
    const kernel = kernelOf([storeOf(y, [int(0)], value)], { flat: true });
    expect(() => interpretKernel(kernel, memoryOf([y, zeros(8)]))).toThrow(/index -1 of dimension 0 of y/);
  });

  test('is linear in the distinct values of an expression', () => {
    let value: Expr = load(x, [int(0), int(0)]);
    for (let k = 0; k < 200; k++) value = apply('mul', apply('add', value, value), float(0.5));
    const memory = memoryOf([x, [3, ...zeros(11)]], [y, zeros(8)]);
    interpretKernel(kernelOf([storeOf(y, [int(0)], value)]), memory);
    expect(memory.get(y)?.[0]).toBe(3);
  });

  test('starts each workgroup with private arrays of zeros', () => {
    const own = tensorOf('own', 'private', [1]);
    const memory = memoryOf([y, zeros(8)]);
    const kernel = kernelOf(
      [
        storeOf(own, [int(0)], apply('add', load(own, [int(0)]), float(1))),
        storeOf(y, [globalId(2)], load(own, [int(0)])),
      ],
      { workgroup: 2, grid: 4, arrays: [own] },
    );
    interpretKernel(kernel, memory);
    interpretKernel(kernel, memory);
    expect([...(memory.get(y) ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test('takes the first extent of data from its array', () => {
    const data = tensorOf('data', 'data', [2, 2], 'u8');
    const memory = memoryOf([data, [1, 2, 3, 4, 5, 6]], [y, zeros(8)]);
    interpretKernel(kernelOf([storeOf(y, [int(0)], cast(load(data, [int(2), int(1)]), 'f32'))]), memory);
    expect(memory.get(y)?.[0]).toBe(6);
    const beyond = kernelOf([storeOf(y, [int(0)], cast(load(data, [int(3), int(1)]), 'f32'))]);
    expect(fault(beyond, memory).message).toContain('index 3 of dimension 0 of data, which has 3');
  });
});

describe('the interpreter of kernels finds', () => {
  const eight = { workgroup: 4, grid: 2 };
  const run = (body: Stmt[], rest: Partial<Kernel> = eight): string =>
    fault(kernelOf(body, rest), memoryOf([x, zeros(12)], [y, zeros(8)])).code;

  test('an index out of range, with its dimension and its invocation', () => {
    const kernel = kernelOf([storeOf(y, [lid], load(x, [int(1), lid]))], { workgroup: 4 });
    expect(fault(kernel, memoryOf([x, zeros(12)], [y, zeros(8)]))).toEqual({
      code: 'range',
      message: 'kernel sample: index 3 of dimension 1 of x, which has 3, by invocation 3 of workgroup 0',
    });
  });

  test('two invocations that write one element', () => {
    expect(run([storeOf(y, [int(0)], float(1))], { workgroup: 2 })).toBe('race');
  });

  test('two workgroups that write one element', () => {
    expect(run([storeOf(y, [int(0)], float(1))], { grid: 2 })).toBe('race');
  });

  test('a workgroup that reads what another writes, in either order', () => {
    const before = storeOf(y, [wg], load(y, [apply('mod', apply('add', wg, int(1)), int(2))]));
    expect(run([before], { grid: 2 })).toBe('race');
    const after = storeOf(y, [wg], load(y, [apply('max', int(0), apply('sub', wg, int(1)))]));
    expect(run([after], { grid: 2 })).toBe('race');
  });

  test('a missing barrier between a write and a read', () => {
    const next = apply('mod', apply('add', lid, int(1)), int(4));
    const body = [
      storeOf(y, [lid], float(1)),
      letOf('other', load(y, [next])),
      storeOf(y, [apply('add', lid, int(4))], varRef('other', 'f32')),
    ];
    expect(run(body, { workgroup: 4 })).toBe('race');
    const fixed = [...body.slice(0, 1), barrier, ...body.slice(1)];
    interpretKernel(kernelOf(fixed, { workgroup: 4 }), memoryOf([y, zeros(8)]));
  });

  test('a missing barrier between a read and the next write, as in a loop over tiles', () => {
    const tile = tensorOf('tile', 'workgroup', [4]);
    const next = apply('mod', apply('add', lid, int(1)), int(4));
    const turn = (last: Stmt[]): Stmt[] => [
      forOf('k', 0, 2, [
        storeOf(tile, [lid], float(1)),
        barrier,
        storeOf(y, [lid], load(tile, [next])),
        ...last,
      ]),
    ];
    const rest = { workgroup: 4, arrays: [tile] };
    expect(run(turn([]), rest)).toBe('race');
    interpretKernel(kernelOf(turn([barrier]), rest), memoryOf([y, zeros(8)]));
  });

  test('workgroup memory that is read before it is written, in every workgroup', () => {
    const tile = tensorOf('tile', 'workgroup', [4]);
    const body = [
      ifOf(apply('eq', wg, int(0)), [storeOf(tile, [lid], float(1))]),
      barrier,
      storeOf(y, [globalId(4)], load(tile, [lid])),
    ];
    expect(run(body, { ...eight, arrays: [tile] })).toBe('uninitialised');
  });

  test('a barrier that not all of a workgroup reaches', () => {
    expect(run([ifOf(apply('lt', lid, int(2)), [barrier])])).toBe('barrier');
    expect(run([forOf('k', 0, 4, [breakIf(apply('le', lid, varRef('k', 'i32'))), barrier])])).toBe('barrier');
  });

  test('a tensor without memory, or with too little', () => {
    const kernel = kernelOf([storeOf(y, [int(0)], float(1))]);
    expect(fault(kernel, new Map()).code).toBe('memory');
    expect(fault(kernel, memoryOf([y, zeros(7)])).code).toBe('memory');
  });

  test('a hazard between a state and the next one that is written over it', () => {
    const next = { ...tensorOf('x_next', 'next', [8]), over: y };
    const places = { arena: 'state', offset: 3 };
    const inPlace = arenaMemory(
      new Map([
        [y, places],
        [next, places],
      ]),
    );
    const own = kernelOf([storeOf(next, [lid], apply('add', load(y, [lid]), float(1)))], { workgroup: 8 });
    interpretKernel(own, inPlace);
    expect([...(inPlace.get(y) ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    const flipped = kernelOf([storeOf(next, [lid], load(y, [apply('sub', int(7), lid)]))], { workgroup: 8 });
    expect(fault(flipped, inPlace).code).toBe('race');
    const apart = arenaMemory(
      new Map([
        [y, places],
        [next, { arena: 'state', offset: 11 }],
      ]),
    );
    interpretKernel(flipped, apart);
  });

  test('no race in what different invocations read together', () => {
    const bool = constant(1, 'bool');
    const body = [ifOf(bool, [storeOf(y, [globalId(4)], load(x, [int(0), int(0)]))])];
    interpretKernel(kernelOf(body, eight), memoryOf([x, zeros(12)], [y, zeros(8)]));
  });
});
