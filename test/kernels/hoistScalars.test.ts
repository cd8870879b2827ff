import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hoistScalars } from '../../src/kernels/hoistScalars.ts';
import type { Stmt } from '../../src/kernels/kernel.ts';
import { printKernel } from '../../src/kernels/text.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import { apply, cast, type Expr, float, int, liveExtent, load, varRef } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { forOf, ifOf, kernelOf, lid, storeOf, tensorOf, wg } from './buildKernel.ts';
import { randomKernel, valuesAfter } from './randomKernel.ts';

const x = tensorOf('x', 'state', [8]);
const y = tensorOf('y', 'temp', [8]);
const count = tensorOf('count', 'state', [], 'i32');
const k = varRef('k', 'i32');
/** What depends on the count of updates alone. */
const root = apply('sqrt', cast(load(count, []), 'f32'));

/** The statements afterwards. */
function hoisted(body: readonly Stmt[]): string {
  const kernel = hoistScalars(kernelOf(body, { workgroup: 8 }));
  verifyKernel(kernel, machines.webgpu);
  return printKernel(kernel).split('\n').slice(1, -1).join('\n');
}

describe('what depends on the step alone', () => {
  test('is computed once before the outermost loop, under a condition or not', () => {
    const update = (value: Expr): Stmt => storeOf(y, [k], apply('sub', load(x, [k]), value));
    const inner = ifOf(apply('lt', k, lid), [update(apply('mul', root, load(x, [lid])))], [update(root)]);
    const loops = [
      ifOf(apply('lt', wg, int(1)), [forOf('j', 0, 3, [forOf('k', 0, 8, [inner])])]),
      forOf('i', 0, 2, [storeOf(y, [lid], apply('add', root, apply('div', root, float(3))))]),
    ];
    expect(hoisted(loops)).toMatchInlineSnapshot(`
      "  if @wg:i32 < 1:
          let scalar = sqrt(f32(count[]))
          for j in 0 .. 3:
            for k in 0 .. 8:
              if @k:i32 < @lid:i32:
                y[@k:i32] = x[@k:i32] - @scalar:f32 * x[@lid:i32]
              else:
                y[@k:i32] = x[@k:i32] - @scalar:f32
        let scalar_2 = sqrt(f32(count[])) + sqrt(f32(count[])) / 3.0
        for i in 0 .. 2:
          y[@lid:i32] = @scalar_2:f32"
    `);
  });

  test('stays where there is no loop, or no work, or where the kernel writes it', () => {
    const same = (body: readonly Stmt[]): void =>
      expect(hoisted(body)).toBe(printKernel(kernelOf(body)).split('\n').slice(1, -1).join('\n'));
    same([storeOf(y, [lid], root)]);
    const batch = cast(liveExtent({ name: 'batch', max: 8 }), 'f32');
    same([forOf('k', 0, 8, [storeOf(y, [k], apply('add', batch, float(1)))])]);
    const first = apply('sqrt', load(y, [int(0)]));
    same([forOf('k', 0, 8, [storeOf(y, [k], first)])]);
    same([forOf('k', 0, 8, [storeOf(y, [k], apply('sqrt', load(x, [k])))])]);
  });

  test('makes no other value of a random kernel', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const drawn = randomKernel(seed);
        const { kernel } = drawn;
        const made = hoistScalars(kernel);
        verifyKernel(made, machines.webgpu);
        expect(valuesAfter(made, drawn)).toEqual(valuesAfter(kernel, drawn));
        expect(printKernel(hoistScalars(made))).toBe(printKernel(made));
      }),
      { numRuns: 60 },
    );
  });
});
