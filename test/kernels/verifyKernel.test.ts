import { describe, expect, test } from 'vitest';
import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import { KernelError, verifyKernel } from '../../src/kernels/verifyKernel.ts';
import {
  apply,
  cast,
  constant,
  type Expr,
  float,
  int,
  liveExtent,
  load,
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

const limits = { workgroup: 256, workgroupMemory: 16384 };
const x = tensorOf('x', 'state', [10, 3]);
const y = tensorOf('y', 'temp', [30]);

function issue(body: readonly Stmt[], rest: Partial<Kernel> = {}): string {
  try {
    verifyKernel(kernelOf(body, rest), limits);
  } catch (error) {
    if (error instanceof KernelError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

function unproven(body: readonly Stmt[], rest: Partial<Kernel> = {}): string[] {
  return verifyKernel(kernelOf(body, rest), limits).map((u) => u.text);
}

const put = (value: Expr, at: Expr = int(0)): Stmt => storeOf(y, [at], value);
const v = (name: string): Expr => varRef(name, 'i32');

describe('the verifier of kernels proves indices in range', () => {
  test('from the grid and the workgroup', () => {
    expect(unproven([put(float(0), globalId(10))], { workgroup: 10, grid: 3 })).toEqual([]);
    expect(unproven([letOf('a', load(y, [globalId(10)]))], { workgroup: 10, grid: 4 })).toEqual([
      'index 0 of y in [0, 39] of 30',
    ]);
  });

  test('from a guard on the edge', () => {
    const body = [letOf('o', globalId(16)), ifOf(apply('lt', v('o'), int(30)), [put(float(0), v('o'))])];
    expect(unproven(body, { workgroup: 16, grid: 2 })).toEqual([]);
  });

  test('from loops, and from quotients and remainders of locals', () => {
    const body = [
      letOf('o', globalId(10)),
      forOf('k', 0, 3, [
        letOf('value', load(x, [apply('idiv', v('o'), int(3)), v('k')])),
        letOf('other', load(x, [apply('mod', v('o'), int(10)), apply('mod', v('o'), int(3))])),
      ]),
    ];
    expect(unproven(body, { workgroup: 10, grid: 3 })).toEqual([]);
  });

  test('from what leaves a loop, as far as it was left', () => {
    const index = letOf('i', apply('add', lid, apply('mul', v('turn'), int(16))));
    const leave = breakIf(apply('le', int(30), v('i')));
    const body = (then: readonly Stmt[]): Stmt[] => [forOf('turn', 0, 3, then), put(float(0))];
    expect(unproven(body([index, leave, letOf('a', load(y, [v('i')]))]), { workgroup: 16 })).toEqual([]);
    expect(unproven(body([index, letOf('a', load(y, [v('i')])), leave]), { workgroup: 16 })).toEqual([
      'index 0 of y in [0, 47] of 30',
    ]);
    // After the loop nothing is known of why it was left.
    const after = [letOf('i', apply('mul', lid, int(3))), forOf('turn', 0, 3, [leave])];
    expect(unproven([...after, letOf('a', load(y, [v('i')]))], { workgroup: 16 })).toHaveLength(1);
  });

  test('from the condition of a select, in its operands only', () => {
    const before = apply('sub', lid, int(1));
    const guarded = apply('select', apply('le', int(0), before), load(y, [before]), float(0));
    expect(unproven([put(guarded)], { workgroup: 30 })).toEqual([]);
    const open = apply('select', apply('lt', before, int(5)), load(y, [before]), float(0));
    expect(unproven([put(open)], { workgroup: 30 })).toHaveLength(1);
  });

  test('but trusts the first index of data, which is counted at run time', () => {
    const data = tensorOf('data', 'data', [4, 3]);
    const rows = tensorOf('rows', 'rows', [4], 'i32');
    const row = load(rows, [apply('mod', lid, int(4))]);
    expect(unproven([put(load(data, [row, int(2)]))])).toEqual([
      'index 0 of data in [-2147483648, 2147483647]',
    ]);
    const [found] = verifyKernel(kernelOf([put(load(data, [row, int(2)]))]), limits);
    expect(found?.what).toBe('row');
    expect(issue([put(load(data, [row, int(3)]))])).toMatch(/^range: .*index 1 of data in \[3, 3\] of 3/);
  });

  test('and keeps no fact about what changes', () => {
    const index = v('i');
    const body: Stmt[] = [
      { kind: 'var', name: 'i', value: int(0) },
      ifOf(apply('and', apply('le', int(0), index), apply('lt', index, int(30))), [
        { kind: 'assign', name: 'i', value: apply('add', index, int(30)) },
        letOf('a', load(y, [index])),
      ]),
    ];
    expect(unproven(body)).toHaveLength(1);
    // What was loaded before a store is not what is loaded after it, though the expressions are equal.
    const counts = tensorOf('counts', 'temp', [4], 'i32');
    const count = load(counts, [int(0)]);
    const stale: Stmt[] = [
      letOf('before', count),
      letOf('inside', apply('and', apply('le', int(0), v('before')), apply('lt', v('before'), int(30)))),
      storeOf(counts, [int(0)], int(99)),
      letOf('after', count),
      ifOf(varRef('inside', 'bool'), [letOf('a', load(y, [v('after')])), letOf('b', load(y, [v('before')]))]),
    ];
    expect(unproven(stale)).toEqual(['index 0 of y in [-2147483648, 2147483647] of 30']);
  });

  test('from a number without its remainder, as lanes that share a sum have it', () => {
    const lane = apply('mod', lid, int(8));
    const body = [
      letOf('first', apply('sub', lid, lane)),
      forOf('q', 0, 8, [letOf('a', load(y, [apply('add', v('first'), v('q'))]))]),
    ];
    expect(unproven(body, { workgroup: 24 })).toEqual([]);
    expect(unproven(body, { workgroup: 25 })).toEqual(['index 0 of y in [0, 31] of 30']);
  });

  test('under conditions that are nested as deep as a kernel of many groups nests them', () => {
    let body: Stmt[] = [ifOf(apply('lt', lid, int(30)), [put(float(0), lid)])];
    for (let k = 20; k > 0; k--) body = [ifOf(apply('lt', wg, int(k)), [], body)];
    expect(unproven(body, { workgroup: 64, grid: 21 })).toEqual([]);
  });

  test('under conditions that have names, by what they say of names and of values', () => {
    const holds = varRef('holds', 'bool');
    const body = (inside: Expr): Stmt[] => [
      letOf('k', apply('sub', lid, int(3))),
      letOf('holds', inside),
      letOf('a', apply('select', holds, load(y, [v('k')]), float(0))),
      letOf('b', apply('select', holds, load(y, [apply('sub', lid, int(3))]), float(0))),
    ];
    expect(unproven(body(apply('le', int(0), v('k'))), { workgroup: 30 })).toEqual([]);
    expect(unproven(body(apply('le', int(3), lid)), { workgroup: 30 })).toEqual([]);
    expect(unproven(body(apply('le', int(2), lid)), { workgroup: 30 })).toHaveLength(2);
  });
});

describe('the verifier of kernels refuses', () => {
  test('an index that is always out of range', () => {
    expect(issue([put(float(0), int(30))])).toBe(
      'range: kernel sample: index 0 of y in [30, 30] of 30: always out of range',
    );
  });

  test('a store that is not known to be in range: no guard would make it right', () => {
    expect(issue([put(float(0), globalId(10))], { workgroup: 10, grid: 4 })).toBe(
      'range: kernel sample: index 0 of y in [0, 39] of 30: not proven, and a store cannot be guarded',
    );
  });

  test('what is not proven in an evaluated kernel, a choice or not', () => {
    const flat = { flat: true, workgroup: 31 };
    const at = apply('lt', lid, int(30));
    expect(issue([letOf('a', load(y, [lid]))], flat)).toBe(
      'range: kernel sample: index 0 of y in [0, 30] of 30: not proven, and not guarded',
    );
    expect(issue([letOf('a', apply('select', at, load(y, [lid]), float(0)))], flat)).toMatch(/not guarded$/);
    const guarded = load(y, [apply('select', at, lid, int(0))]);
    expect(issue([letOf('a', apply('select', at, guarded, float(0)))], flat)).toBe('none');
    expect(issue([letOf('a', { kind: 'load', tensor: x, at: [int(0), int(0)], dtype: 'f32' })], flat)).toBe(
      'type: kernel sample: 2 indices of x, elements of an evaluated kernel have one',
    );
  });

  test('operands of wrong types', () => {
    const wrong: Expr = { kind: 'apply', op: 'add', args: [int(1), float(1)], dtype: 'f32' };
    expect(issue([letOf('a', wrong)])).toBe(
      'type: kernel sample: add(i32, f32): operands of different types',
    );
    expect(issue([letOf('a', apply('exp', int(1)))])).toBe(
      'type: kernel sample: exp(i32): operands must be f32',
    );
    expect(issue([put(cast(float(1), 'i32'))])).toMatch(/^type: .*what is stored in y is i32, not f32/);
    expect(issue([ifOf(int(1), [])])).toMatch(/^type: .*a condition is i32, not bool/);
    expect(issue([letOf('a', constant(1.5, 'i32'))])).toMatch(/^type: .*the constant 1.5 is no i32/);
    expect(issue([letOf('a', { kind: 'load', tensor: y, at: [float(0)], dtype: 'f32' })])).toMatch(/^type/);
    expect(issue([letOf('a', { kind: 'load', tensor: x, at: [int(0)], dtype: 'f32' })])).toMatch(
      /^type: .*1 indices of x, it has 2 dimensions/,
    );
  });

  test('names that are used before they are defined, outside of their block, or twice', () => {
    expect(issue([put(float(0), v('i')), letOf('i', int(0))])).toMatch(/^name: .*i is used/);
    expect(issue([ifOf(constant(1, 'bool'), [letOf('i', int(0))]), put(float(0), v('i'))])).toMatch(/^name/);
    expect(issue([letOf('i', int(0)), letOf('i', int(0))])).toMatch(/^name: .*i is defined twice/);
    expect(issue([letOf('wg', int(0))])).toMatch(/^name: .*wg is defined twice/);
    expect(issue([letOf('i', int(0)), { kind: 'assign', name: 'i', value: int(1) }])).toMatch(/is not a var/);
    expect(issue([], { name: 'a; b' })).toMatch(/^name: .*not an identifier/);
  });

  test('arrays that the kernel does not list', () => {
    expect(issue([storeOf(tensorOf('tile', 'workgroup', [4]), [int(0)], float(0))])).toMatch(/^name: .*tile/);
  });

  test('stores into what is only read', () => {
    expect(issue([storeOf(x, [int(0), int(0)], float(0))])).toBe(
      'store: kernel sample: x is stored, and its role is state',
    );
  });

  test('loops without a turn, and breaks that do not stand in a loop itself', () => {
    expect(issue([forOf('k', 2, 2, [])])).toMatch(/^type: .*loop k counts from 2 to 2/);
    expect(issue([forOf('k', 0, 1.5, [])])).toMatch(/^type/);
    const leave = breakIf(apply('lt', lid, int(1)));
    expect(issue([leave])).toMatch(/^break/);
    expect(issue([forOf('k', 0, 2, [ifOf(apply('lt', lid, int(1)), [leave])])])).toMatch(/^break/);
    expect(issue([forOf('k', 0, 2, [breakIf(lid)])])).toMatch(/^type: .*the condition of a break/);
    expect(issue([forOf('k', 0, 2, [leave])])).toBe('none');
  });

  test('barriers where invocations part', () => {
    const cond = (e: Expr): Expr => apply('lt', e, int(1));
    expect(issue([ifOf(cond(lid), [barrier])])).toMatch(/^barrier: .*a condition that varies in a workgroup/);
    expect(issue([letOf('a', apply('add', lid, wg)), ifOf(cond(v('a')), [barrier])])).toMatch(/^barrier/);
    const until = (end: Expr): Stmt => breakIf(apply('le', end, v('k')));
    expect(issue([forOf('k', 0, 4, [until(lid), barrier])])).toMatch(/^barrier: .*loop k/);
    // Who has left in an earlier turn does not come to what stands before the break.
    expect(issue([forOf('k', 0, 4, [barrier, until(lid)])])).toMatch(/^barrier: .*loop k/);
    const loaded = load(tensorOf('n', 'temp', [1], 'i32'), [int(0)]);
    expect(issue([forOf('k', 0, 4, [until(loaded), barrier])])).toMatch(/^barrier/);
    const later: Stmt[] = [
      { kind: 'var', name: 'a', value: int(0) },
      forOf('k', 0, 2, [ifOf(cond(v('a')), [barrier]), { kind: 'assign', name: 'a', value: lid }]),
    ];
    expect(issue(later)).toMatch(/^barrier/);
  });

  test('nothing where a workgroup stays together', () => {
    const rows = tensorOf('rows', 'rows', [1], 'i32');
    const size = liveExtent({ name: 'batch', max: 8 });
    const body: Stmt[] = [
      ifOf(apply('lt', wg, int(1)), [barrier]),
      forOf('k', 0, 8, [
        breakIf(apply('le', size, v('k'))),
        letOf('b', apply('add', v('k'), wg)),
        ifOf(apply('lt', v('b'), int(3)), [barrier]),
      ]),
      ifOf(apply('lt', load(rows, [int(0)]), int(1)), [barrier]),
      ifOf(apply('lt', lid, int(1)), [put(float(0))]),
      barrier,
    ];
    expect(issue(body, { workgroup: 4, grid: 2 })).toBe('none');
  });

  test('more than the target has', () => {
    expect(issue([], { workgroup: 257 })).toMatch(/^limit: .*257 invocations of a workgroup, at most 256/);
    expect(issue([], { arrays: [tensorOf('tile', 'workgroup', [4097])] })).toMatch(
      /^limit: .*16388 bytes of workgroup memory, 16384 are there/,
    );
    expect(issue([], { grid: 65536 * 65536 })).toMatch(/^limit/);
  });
});
