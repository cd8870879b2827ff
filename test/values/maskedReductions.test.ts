import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { dense, init } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { reference, type Target, type TargetSession } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

/** A prime that is long enough for reductions in parts, none of which divides it. */
const LENGTH = 100_003;

const targets: readonly Target[] = [reference, wasm(2), wgsl('webgpu-software')];

/** Small integers: their sums are exact in float32. */
const x = Float64Array.from({ length: LENGTH }, (_, k) => ((k * 7) % 11) - 5);
const mask = Float64Array.from({ length: LENGTH }, (_, k) => Number(k % 3 !== 1));
const labels = Float64Array.from({ length: LENGTH }, (_, k) => (k % 5 === 2 ? -100 : k % 8));

const sumWhere = (counts: (k: number) => boolean, of: (k: number) => number): number => {
  let sum = 0;
  for (let k = 0; k < LENGTH; k++) if (counts(k)) sum += of(k);
  return sum;
};
const xAt = (k: number): number => x[k] ?? 0;

const given = (data: ArrayLike<number>, shape = [data.length]): Given => ({ shape, data });

async function started<T>(
  target: Target,
  module: Module,
  use: (session: TargetSession) => Promise<T>,
): Promise<T> {
  const session = await target.start(module);
  try {
    return await use(session);
  } finally {
    await session.dispose();
  }
}

const vector = (m: ModuleBuilder, name: string, dtype: 'f32' | 'bool' | 'i32' = 'f32'): Tensor =>
  m.input(name, { shape: [LENGTH], dtype });

/** Masks, labels and the terms themselves as conditions. */
const reductions = defineModule('reductions', (m) => {
  const [x, mask, labels] = [vector(m, 'x'), vector(m, 'mask', 'bool'), vector(m, 'labels', 'i32')];
  const isLabelled = labels.ne(-100);
  m.entry('run', {
    masked: mask.where(x, 0).sum(),
    labelled: isLabelled.where(x, 0).sum(),
    positive: x.gt(0).where(x, 0).sum(),
    highest: mask.where(x, -Infinity).max(),
    lowest: mask.where(x, Infinity).min(),
    product: mask.and(isLabelled).where(x.gt(4).where(-1, 1), 1).prod(),
    inRange: mask.where(x.gt(labels.cast('f32')).where(x, 0), 0).sum(),
  });
});

/** One at a time, since reductions of one tensor share a loop. */
const alone = (build: (m: ModuleBuilder) => Tensor): Module =>
  defineModule('alone', (m) => m.entry('run', { y: build(m) }));

describe.each(targets)('on $name', (target) => {
  it('terms count where a loaded condition holds, in parts that do not divide them', async () => {
    const inputs = { x: given(x), mask: given(mask), labels: given(labels) };
    const values = await started(target, reductions, (session) => session.step('run', { inputs }));
    const isMasked = (k: number): boolean => mask[k] === 1;
    const isLabelled = (k: number): boolean => labels[k] !== -100;
    expect(Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data[0]]))).toEqual({
      masked: sumWhere(isMasked, xAt),
      labelled: sumWhere(isLabelled, xAt),
      positive: sumWhere((k) => xAt(k) > 0, xAt),
      highest: 5,
      lowest: -5,
      product:
        sumWhere(
          (k) => isMasked(k) && isLabelled(k) && xAt(k) > 4,
          () => 1,
        ) %
          2 ===
        0
          ? 1
          : -1,
      inRange: sumWhere((k) => isMasked(k) && xAt(k) > (labels[k] ?? 0), xAt),
    });
  });

  it.each([
    ['mask', (m: ModuleBuilder) => vector(m, 'mask', 'bool').where(vector(m, 'x'), 0).sum()],
    ['labels', (m: ModuleBuilder) => vector(m, 'labels', 'i32').ne(-100).where(vector(m, 'x'), 0).sum()],
  ] as const)('so do those of a sum that is alone, by its %s', async (name, build) => {
    const inputs = { x: given(x), mask: given(mask), labels: given(labels) };
    const { y } = await started(target, alone(build), (session) => session.step('run', { inputs }));
    const counts = name === 'mask' ? mask : labels.map((label) => Number(label !== -100));
    expect(y?.data[0]).toBe(sumWhere((k) => counts[k] === 1, xAt));
  });

  it('the gradients of a bias under relu and of rows of an embedding count every place', async () => {
    const module = defineModule('training', (m) => {
      const rows = m.state('rows', { shape: [8, 1], init: init.zeros() });
      const ones = { kernelInit: init.ones(), biasInit: init.zeros(), activation: 'relu' } as const;
      const active = dense(vector(m, 'x').reshape([LENGTH, 1]), 1, { name: 'layer', ...ones });
      const loss = active.sum().add(rows.take(vector(m, 'ids', 'i32')).sum());
      m.entry('train', { updates: sgd({ lr: 1 }).minimize(loss) });
    });
    const ids = labels.map((label) => Math.max(0, label));
    await started(target, module, async (session) => {
      await session.step('train', { inputs: { x: given(x), ids: given(ids) } });
      const read = async (state: string): Promise<number[]> => Array.from((await session.read(state)).data);
      expect(await read('layer.bias')).toEqual([
        -sumWhere(
          (k) => xAt(k) > 0,
          () => 1,
        ),
      ]);
      expect(await read('layer.weight')).toEqual([1 - sumWhere((k) => xAt(k) > 0, xAt)]);
      const uses = Array.from(
        { length: 8 },
        (_, row) =>
          -sumWhere(
            (k) => ids[k] === row,
            () => 1,
          ) + 0,
      );
      expect(await read('rows')).toEqual(uses);
    });
  });
});

it.each([100_000, LENGTH, 1_000_003])(
  'reductions of %i guarded terms compile for machines with barriers',
  (length) => {
    const forms: readonly ((x: Tensor, mask: Tensor) => Tensor)[] = [
      (x, mask) => mask.where(x, 0).sum(),
      (x) => x.gt(0).where(x, 0).sum(),
      (x, mask) => mask.where(x, -Infinity).max(),
    ];
    const module = defineModule('lengths', (m) => {
      for (const [k, form] of forms.entries()) {
        const x = m.input(`x${k}`, { shape: [length] });
        m.entry(`run${k}`, { y: form(x, m.input(`mask${k}`, { shape: [length], dtype: 'bool' })) });
      }
    });
    const { entries } = compileModule(module, machines.webgpu);
    for (const { loops, stages } of entries.values()) {
      expect(loops).toHaveLength(1);
      expect(stages).toHaveLength(2);
    }
  },
);
