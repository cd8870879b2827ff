import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { residual, w1, w2, w3 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import type { Module } from '../../src/graph/index.ts';
import { kernelOf as kernelOfStage } from '../../src/kernels/build/packed.ts';
import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import { printKernel } from '../../src/kernels/text.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import { apply, cast, type Expr, float, int, load, varRef } from '../../src/loops/index.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { numberedModule } from '../compile/agreement.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { otherLoops } from '../wgsl/loopForm.ts';
import { breakIf, forOf, ifOf, kernelOf, letOf, lid, storeOf, tensorOf, wg } from './buildKernel.ts';
import { randomKernel, valuesAfter } from './randomKernel.ts';

const limits = { workgroup: 256, workgroupMemory: 16384 };
const x = tensorOf('x', 'state', [10, 3]);
const y = tensorOf('y', 'temp', [64]);
const counts = tensorOf('counts', 'temp', [64], 'i32');

/** The statements of a kernel of 64 invocations, evaluated. */
function ordered(body: readonly Stmt[], rest: Partial<Kernel> = {}): string {
  const kernel = kernelOf(body, { workgroup: 64, ...rest });
  verifyKernel(kernel, limits);
  const evaluated = orderEvaluation(kernel);
  verifyKernel(evaluated, limits);
  return printKernel(evaluated).split('\n').slice(1, -1).join('\n');
}

const put = (value: Expr): Stmt => storeOf(y, [lid], value);

describe('the evaluation of a kernel', () => {
  test('names what a statement needs more than once', () => {
    const root = apply('exp', load(y, [lid]));
    const body = [
      put(apply('add', root, apply('mul', root, root))),
      forOf('k', 0, 8, [breakIf(apply('le', apply('mul', root, root), root))]),
    ];
    expect(ordered(body)).toMatchInlineSnapshot(`
      "  let t = exp(y[@lid:i32])
        y[@lid:i32] = @t:f32 + @t:f32 * @t:f32
        for k in 0 .. 8:
          let t_2 = exp(y[@lid:i32])
          break if @t_2:f32 * @t_2:f32 <= @t_2:f32"
    `);
  });

  test('folds constants as float32 computes them', () => {
    // 16,777,217 is not a float32: the nearest is 16,777,216.
    expect(ordered([put(apply('mul', float(0.1), float(3)))])).toMatchInlineSnapshot(
      `"  y[@lid:i32] = 0.3f"`,
    );
    const whole = cast(float(16777217), 'i32');
    expect(ordered([storeOf(counts, [lid], whole)])).toMatchInlineSnapshot(`"  counts[@lid:i32] = 16777216"`);
  });

  test('gives every element one number, which its place in an arena is not part of', () => {
    const at = [apply('idiv', lid, int(7)), apply('add', apply('mod', wg, int(2)), int(1))];
    expect(ordered([put(load(x, at))], { grid: 2 })).toMatchInlineSnapshot(
      `"  y[@lid:i32] = x[@lid:i32 // 7 * 3 + @wg:i32 % 2 + 1]"`,
    );
  });

  test('reads no element of what it writes that another invocation may write', () => {
    // Down a column each: element 0 is in that of the first invocation.
    const z = tensorOf('z', 'temp', [4, 64]);
    const e = varRef('e', 'i32');
    const above = apply('sub', e, int(1));
    const loaded = apply('select', apply('le', int(0), above), load(z, [above, lid]), float(1));
    expect(ordered([forOf('e', 0, 4, [storeOf(z, [e, lid], loaded)])])).toMatchInlineSnapshot(`
      "  for e in 0 .. 4:
          z[@e:i32 * 64 + @lid:i32] = select(0 <= @e:i32 - 1, z[min(max(@e:i32 - 1, 0), 3) * 64 + @lid:i32], 1.0)"
    `);
  });

  test('reads element 0 where a load does not happen, or clamps where the condition proves nothing', () => {
    const before = apply('sub', lid, int(1));
    const given = cast(load(counts, [before]), 'f32');
    const proven = apply('select', apply('le', int(0), before), given, float(0));
    expect(ordered([put(proven)])).toMatchInlineSnapshot(`
      "  let holds = 0 <= @lid:i32 - 1
        y[@lid:i32] = select(@holds:bool, f32(counts[select(@holds:bool, @lid:i32 - 1, 0)]), 0.0)"
    `);
    const index = load(counts, [lid]);
    const inside = apply('and', apply('le', int(0), index), apply('lt', index, int(64)));
    const loaded = apply('select', inside, load(y, [index]), float(0));
    expect(ordered([put(loaded)])).toMatchInlineSnapshot(`
      "  let counts = counts[@lid:i32]
        y[@lid:i32] = select(0 <= @counts:i32 && @counts:i32 < 64, y[min(max(@counts:i32, 0), 63)], 0.0)"
    `);
  });

  test('clamps the other indices of data, and leaves rows to the bounds of the binding', () => {
    const data = tensorOf('data', 'data', [4, 3]);
    const rows = tensorOf('rows', 'rows', [64], 'i32');
    const element = load(data, [load(rows, [lid]), load(counts, [lid])]);
    const body = [ifOf(apply('lt', lid, int(4)), [put(element)])];
    expect(ordered(body)).toMatchInlineSnapshot(`
      "  if @lid:i32 < 4:
          y[@lid:i32] = data[rows[@lid:i32] * 3 + min(max(counts[@lid:i32], 0), 2)]"
    `);
    const kernel = orderEvaluation(kernelOf(body, { workgroup: 64 }));
    expect(verifyKernel(kernel, limits).map(({ what }) => what)).toEqual(['row']);
  });

  test('keeps names apart from those of the kernel, whatever they are', () => {
    const twice = (e: Expr): Expr => apply('mul', e, e);
    const body = [letOf('t', float(1)), letOf('y', float(2)), put(twice(load(y, [lid])))];
    expect(ordered(body)).toContain('let y_2 = y[@lid:i32]');
    expect(ordered([...body, put(twice(apply('exp', varRef('t', 'f32'))))])).toContain('let t_2 = exp(');
  });
});

describe('of a random kernel, the evaluation', () => {
  test('changes no value, is in range and without races whatever is chosen, verifies, and is not changed again', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const drawn = randomKernel(seed);
        const { kernel } = drawn;
        verifyKernel(kernel, limits);
        const evaluated = orderEvaluation(kernel);
        verifyKernel(evaluated, limits);
        expect(valuesAfter(evaluated, drawn)).toEqual(valuesAfter(kernel, drawn));
        expect(printKernel(orderEvaluation(evaluated))).toBe(printKernel(evaluated));
      }),
      { numRuns: 100 },
    );
  });
});

describe('nothing has to be clamped but what data say, since all else is proven, and drivers need not count a loop, in the kernels', () => {
  /** What is not proven of a module's kernels as their schedules make them, and loops that are not counted. */
  const unproven = (module: Module, profile: Machine): string[] => {
    const { entries, program } = compileModule(module, profile);
    const found = [...entries.values()].flatMap(({ stages }) =>
      stages.flatMap((stage) =>
        verifyKernel(kernelOfStage(stage, profile, 'kernel').kernel, profile)
          .filter(({ what }) => what === 'index')
          .map(({ text }) => text),
      ),
    );
    return [...found, ...program.kernels.flatMap(({ code }) => otherLoops(code))];
  };

  test.each(['webgpu', 'webgpu-software'] as const)('of the workloads for %s', (name) => {
    for (const module of [w1, w2, w3, residual]) expect(unproven(module, machines[name])).toEqual([]);
  });

  test('of random graphs and random row programs', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(unproven(numberedModule(seed).module, machines.webgpu)).toEqual([]);
      expect(unproven(randomRows(seed).module, machines.webgpu)).toEqual([]);
    }
  });
});
