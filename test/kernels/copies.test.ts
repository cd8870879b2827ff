import { describe, expect, test } from 'vitest';
import { families } from '../../bench/growth/families.ts';
import { compileModule } from '../../src/compile.ts';
import { weakenBarriers } from '../../src/kernels/barriers.ts';
import { kernelOf, scheduledGroups } from '../../src/kernels/build/packed.ts';
import { copyOf, stageShapeOf } from '../../src/kernels/copies.ts';
import { hoistScalars } from '../../src/kernels/hoistScalars.ts';
import type { Placement } from '../../src/kernels/kernel.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import { apply, axisRef, constant, type Loop, load, type Tensor } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { likenesses, likenessOf } from '../../src/program/likeness.ts';
import { singleton } from '../../src/schedule/group.ts';

const machine = machines.webgpu;

/** `to = from * factor`, of 64 elements. */
function scaled(from: Tensor, to: Tensor, factor: number): Loop {
  const axis = { name: `${to.name}.i`, extent: 64 };
  const value = apply('mul', load(from, [axisRef(axis)]), constant(factor, 'f32'));
  const outs = [{ tensor: to, at: [axis], value }];
  return { name: to.name, axes: [axis], reduceAxes: [], reductions: [], outs, origin: [{ node: to.name }] };
}

const tensor = (name: string, role: Tensor['role'] = 'temp'): Tensor => ({
  name,
  shape: [64],
  dtype: 'f32',
  role,
});

interface Options {
  readonly names?: readonly [from: string, to: string];
  readonly role?: Tensor['role'];
  readonly factor?: number;
  readonly offset?: number;
}

function keyOf({ names: [a, b] = ['a', 'b'], role = 'temp', factor = 2, offset = 64 }: Options): string {
  const [from, to] = [tensor(a, role), tensor(b)];
  const places = new Map([
    [from, { arena: 'temps', offset: 0 }],
    [to, { arena: 'temps', offset }],
  ]);
  const groups = scheduledGroups({ groups: [singleton(scaled(from, to, factor))] }, machine);
  return stageShapeOf(groups, (of) => places.get(of)).key;
}

describe('stages have one shape', () => {
  test('whatever their loops, axes and tensors are called, and wherever tensors lie', () => {
    expect(keyOf({ names: ['c', 'd'], offset: 640 })).toBe(keyOf({}));
  });

  test.each<[string, Options, Options]>([
    ['a constant', { factor: 3 }, {}],
    ['the sign of a zero', { factor: -0 }, { factor: 0 }],
    ['memory that is shared', { offset: 32 }, {}],
    ['whose storage a tensor is', { role: 'state' }, {}],
    ['which input is read', { role: 'input', names: ['x', 'b'] }, { role: 'input', names: ['y', 'b'] }],
  ])('unless they differ in %s', (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });
});

describe('the kernels of layers that are alike', () => {
  const family = families.find(({ name }) => name === 'residual-layers');
  if (family === undefined) throw new RangeError('the family is not there');
  const { entries, layout } = compileModule(family.module(3), machine, new Set(['partition']));
  const stages = [...entries.values()].flatMap(({ stages, kernels, scheduled }) =>
    kernels.map((kernel, k) => ({
      kernel,
      stage: stages[k] ?? { groups: [] },
      scheduled: scheduled[k] ?? [],
    })),
  );
  const placement = (of: Tensor): Placement => layout.places.get(of) ?? { arena: 'data', base: of.name };
  const copies = stages.filter(({ kernel }) => copyOf(kernel) !== undefined);

  test('are copies, and what each stage would have by itself, except names', () => {
    expect(copies.length).toBeGreaterThan(3);
    const likeness = likenesses(placement);
    for (const { kernel } of stages) likeness(kernel);
    for (const { kernel, stage, scheduled } of copies) {
      const made = kernelOf(stage, machine, kernel.name);
      const own = weakenBarriers(orderEvaluation(hoistScalars(made.kernel)), (of) => layout.places.get(of));
      expect(scheduled).toEqual(made.groups);
      expect([kernel.name, kernel.origin]).toEqual([own.name, own.origin]);
      expect(likenessOf(kernel, placement)).toEqual(likenessOf(own, placement));
      expect(likeness(kernel)).toEqual(likenessOf(own, placement));
    }
  });

  test('hold to what is checked of the first', () => {
    for (const { kernel } of copies) expect(verifyKernel(kernel, machine)).toEqual([]);
  });
});
