import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/index.ts';
import { type PlaceInArena, weakenBarriers } from '../../src/kernels/barriers.ts';
import { arenaMemory, InterpretError, interpretKernel } from '../../src/kernels/interpret.ts';
import { type EvaluatedKernel, type Kernel, type Stmt, statementsIn } from '../../src/kernels/kernel.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import { printKernel } from '../../src/kernels/text.ts';
import {
  apply,
  cast,
  type Expr,
  elementCount,
  int,
  liveExtent,
  load,
  type Tensor,
  varRef,
} from '../../src/loops/index.ts';
import { machines, machineWith } from '../../src/machine/index.ts';
import { Dice } from '../oracle/dice.ts';
import { barrier, breakIf, forOf, ifOf, kernelOf, lid, storeOf, tensorOf, wg } from './buildKernel.ts';

const WIDTH = 4;
const tile = tensorOf('tile', 'workgroup', [WIDTH]);
const other = tensorOf('other', 'workgroup', [WIDTH]);
const state = tensorOf('state', 'state', [WIDTH]);
const next = tensorOf('next', 'next', [WIDTH]);
const temp = tensorOf('temp', 'temp', [WIDTH]);
const halfOver = tensorOf('halfOver', 'temp', [WIDTH]);
const places = new Map<Tensor, { arena: string; offset: number }>([
  [state, { arena: 'state', offset: 0 }],
  [next, { arena: 'state', offset: 0 }],
  [temp, { arena: 'temps', offset: 0 }],
  [halfOver, { arena: 'temps', offset: WIDTH / 2 }],
]);
const placeOf: PlaceInArena = (tensor) => places.get(tensor);

const neighbour = apply('mod', apply('add', lid, int(1)), int(WIDTH));
const put = (to: Tensor, value: Expr = cast(lid, 'f32')): Stmt => storeOf(to, [lid], value);
const take = (from: Tensor, name: string, at: Expr = neighbour): Stmt => ({
  kind: 'let',
  name,
  value: load(from, [at]),
});

function evaluated(body: readonly Stmt[], rest: Partial<Kernel> = {}): EvaluatedKernel {
  return orderEvaluation(kernelOf(body, { workgroup: WIDTH, arrays: [tile, other], ...rest }));
}

/** What the barriers of a kernel order after the pass, in their order. */
function orders(kernel: EvaluatedKernel, places: PlaceInArena = placeOf): string[] {
  const { body } = weakenBarriers(kernel, places);
  return [...statementsIn(body)].flatMap((stmt) => (stmt.kind === 'barrier' ? (stmt.memory ?? 'both') : []));
}

describe('a barrier orders', () => {
  test('the memory that is exchanged there, and is left out where none is', () => {
    const body = [put(tile), barrier, take(tile, 'a'), put(temp), barrier, take(temp, 'b'), barrier];
    expect(orders(evaluated(body))).toEqual(['workgroup', 'storage']);
    expect(orders(evaluated([put(tile), put(temp), barrier, take(temp, 'a'), take(tile, 'b')]))).toEqual([
      'both',
    ]);
    expect(orders(evaluated([take(tile, 'a'), barrier, take(tile, 'b'), barrier, put(tile)]))).toEqual([
      'workgroup',
    ]);
    expect(orders(evaluated([put(tile), barrier, take(other, 'a'), barrier, put(other)]))).toEqual([
      'workgroup',
    ]);
  });

  test('no storage for an update in place', () => {
    const update = storeOf(next, [lid], apply('mul', load(state, [lid]), load(tile, [neighbour])));
    expect(orders(evaluated([put(tile), barrier, update]))).toEqual(['workgroup']);
    // Only one that others read before it does.
    expect(orders(evaluated([put(tile), take(state, 'a'), barrier, update]))).toEqual(['both']);
  });

  test('tensors that lie over one another, in part too', () => {
    const body = [put(temp), barrier, take(halfOver, 'a')];
    expect(orders(evaluated(body))).toEqual(['storage']);
    const apart: PlaceInArena = (tensor) => ({ arena: tensor.name, offset: 0 });
    expect(orders(evaluated(body), apart)).toEqual([]);
  });

  test('what one turn of a loop has for the next, and what a loop that is left has for what follows', () => {
    const turn = [take(tile, 'a'), barrier, put(tile), barrier];
    expect(orders(evaluated([forOf('k', 0, 2, turn)]))).toEqual(['workgroup', 'workgroup']);
    expect(orders(evaluated(turn))).toEqual(['workgroup']);
    const leave = breakIf(apply('le', liveExtent({ name: 'batch', max: 2 }), varRef('k', 'i32')));
    const left = [forOf('k', 0, 2, [put(tile), barrier, leave, take(other, 'a')]), take(tile, 'b')];
    expect(orders(evaluated(left))).toEqual(['workgroup']);
    expect(orders(evaluated([forOf('k', 0, 2, [leave, put(tile), barrier]), put(other)]))).toEqual([
      'workgroup',
    ]);
  });

  test('nothing for the other groups of a packed kernel, which other workgroups run', () => {
    const one = [put(temp), put(tile), barrier, take(tile, 'a')];
    const two = [take(temp, 'b'), put(tile), barrier, take(tile, 'c')];
    expect(orders(evaluated([ifOf(apply('lt', wg, int(1)), one, two)], { grid: 2 }))).toEqual([
      'workgroup',
      'workgroup',
    ]);
    expect(orders(evaluated([ifOf(apply('lt', wg, int(1)), one, []), ...two], { grid: 2 }))).toEqual([
      'both',
      'workgroup',
    ]);
  });
});

/** Runs a kernel over ramps; what its tensors hold then, or the fault. */
function run(kernel: EvaluatedKernel): unknown {
  const memory = arenaMemory(places);
  for (const values of memory.values()) for (const k of values.keys()) values[k] = k;
  try {
    interpretKernel(kernel, memory);
  } catch (error) {
    if (error instanceof InterpretError) return error.code;
    throw error;
  }
  return [...memory.values()].map((values) => [...values]);
}

/** Exchanges between neighbours, with a barrier before and after each access: loops, breaks and branches among them. */
function randomExchange(seed: number): EvaluatedKernel {
  const dice = new Dice(seed);
  let count = 0;
  const block = (size: number, depth: number): Stmt[] =>
    Array.from({ length: size }, (): Stmt[] => {
      const tensor = dice.oneOf([tile, other, state, next, temp, halfOver]);
      switch (depth > 0 ? dice.below(6) : dice.below(4)) {
        case 4: {
          const name = `k${count++}`;
          const leave = breakIf(apply('le', int(1), varRef(name, 'i32')));
          const body = block(dice.between(1, 4), depth - 1);
          if (dice.chance(0.5)) body.splice(dice.below(body.length + 1), 0, leave);
          return [forOf(name, 0, 2, body)];
        }
        case 5:
          return [ifOf(apply('lt', wg, int(dice.below(2))), block(2, depth - 1), block(1, depth - 1))];
        case 0:
        case 1:
          return tensor === state ? [] : [barrier, put(tensor, cast(int(count++), 'f32')), barrier];
        default:
          return [barrier, take(tensor, `a${count++}`), barrier];
      }
    }).flat();
  return evaluated([put(tile), put(other), barrier, ...block(6, 2)]);
}

describe('of random exchanges', () => {
  test('the barriers that are left keep all of them in order', () => {
    let [all, left] = [0, 0];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const kernel = randomExchange(seed);
        const weakened = weakenBarriers(kernel, placeOf);
        expect(run(weakened)).toEqual(run(kernel));
        expect(run(kernel)).not.toBe('race');
        // What is left is not less again.
        expect(printKernel(weakenBarriers(weakened, placeOf))).toBe(printKernel(weakened));
        all += [...statementsIn(kernel.body)].filter(({ kind }) => kind === 'barrier').length;
        left += orders(kernel).length;
      }),
      { numRuns: 200 },
    );
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(all);
  });
});

/** A row of more elements than workgroup memory holds: its parts pass through a buffer. */
const wide = defineModule('wide', (m) => {
  const x = m.input('x', { shape: [2, 3] });
  const w = m.input('w', { shape: [3, 300] });
  m.entry('run', { y: x.matmul(w).softmax() });
});

describe('of a row program whose intermediate passes through a buffer', () => {
  const machine = machineWith(machines.webgpu, { workgroup: 32, workgroupMemory: 1024, dispatch: 1e4 });
  const { entries, layout, storage } = compileModule(wide, machine);
  const [kernel] = entries.get('run')?.kernels ?? [];
  const barriers = [...statementsIn(kernel?.body ?? [])].filter(({ kind }) => kind === 'barrier');

  /** Runs it without one barrier, or with one that orders something else. */
  const without = (left: Stmt | undefined, instead: Stmt[] = []): string => {
    if (kernel === undefined) throw new TypeError('no kernel');
    const body = kernel.body.flatMap((stmt) => (stmt === left ? instead : [stmt]));
    const memory = arenaMemory(layout.places);
    for (const tensor of storage.inputs.values())
      memory.set(tensor, new Float64Array(elementCount(tensor.shape)));
    try {
      interpretKernel({ ...kernel, body }, memory);
    } catch (error) {
      if (error instanceof InterpretError) return error.code;
      throw error;
    }
    return 'none';
  };

  test('one barrier orders storage, and each is needed', () => {
    expect(barriers.map((stmt) => (stmt.kind === 'barrier' ? stmt.memory : ''))).toEqual([
      'storage',
      ...new Array<string>(barriers.length - 1).fill('workgroup'),
    ]);
    expect(without(undefined)).toBe('none');
    for (const stmt of barriers) expect(without(stmt)).toBe('race');
    expect(without(barriers[0], [{ kind: 'barrier', memory: 'workgroup' }])).toBe('race');
    expect(without(barriers[1], [{ kind: 'barrier', memory: 'storage' }])).toBe('race');
  });
});
