import { describe, expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type Module, nn, optim } from '../../src/index.ts';
import { reportOf } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { wgsl } from '../values/wgsl.ts';
import { firstDifference } from './agreement.ts';

/** A residual perceptron of layers that are alike, with layer norm. */
function layers(count: number): Module {
  return defineModule('layers', (m) => {
    const x = m.input('x', { shape: [8, 16] });
    let h = x;
    for (let k = 0; k < count; k++) {
      const inner = nn.dense(nn.standardize(h, -1), 16, { activation: 'relu', name: `up${k}` });
      h = h.add(nn.dense(inner, 16, { name: `down${k}` }));
    }
    const loss = h.square().mean();
    m.entry('train', { loss, h, updates: optim.adam({ lr: 1e-2 }).minimize(loss) });
  });
}

/** Each loop in a dispatch of its own: layers are as many dispatches as they have loops. */
const apart = new Set(['partition', 'packStages'] as const);

describe('dispatches of kernels that are alike', () => {
  test('share one kernel, which each tells its places', () => {
    const [two, four] = [2, 4].map(
      (n) => compileModule(layers(n), machines['webgpu-software'], apart).program,
    );
    const told = four?.entries.train?.steps.filter(({ places }) => places !== undefined) ?? [];
    expect(told.length).toBeGreaterThan(20);
    // Twice the layers are twice the dispatches, and no more kernels than the ends make.
    expect(four?.entries.train?.steps.length).toBeGreaterThan(1.7 * (two?.entries.train?.steps.length ?? 0));
    expect(four?.kernels.length).toBeLessThanOrEqual((two?.kernels.length ?? 0) + 2);
    const offsets = four?.places.words ?? [];
    const fieldsOf = (k: number): number => {
      const struct = /struct Places \{\n([^}]*)\}/.exec(four?.kernels[k]?.code ?? '');
      return struct?.[1]?.trim().split('\n').length ?? 0;
    };
    expect(Math.max(...told.map(({ kernel }) => fieldsOf(kernel)))).toBeLessThanOrEqual(
      four?.places.most ?? 0,
    );
    // Nobody tells a kernel anything that it knows: no field is the same in all of its dispatches.
    for (const k of four?.kernels.keys() ?? []) {
      const starts = told.flatMap(({ kernel, places = 0 }) => (kernel === k ? [places / 4] : []));
      expect(fieldsOf(k) > 0).toBe(starts.length > 0);
      for (let field = 0; field < fieldsOf(k); field++)
        expect(new Set(starts.map((start) => offsets[start + field])).size).toBeGreaterThan(1);
    }
  });

  test('are reported each with its own name and nodes, and the kernel that it runs', () => {
    const { dispatches = [], kernels = [] } =
      reportOf(compileModule(layers(4), machines['webgpu-software'], apart)).entries.train ?? {};
    const names = kernels.map(({ name }) => name);
    const copies = dispatches.filter(({ name, kernel }) => name !== kernel);
    expect(copies.length).toBeGreaterThan(20);
    for (const { kernel } of dispatches) expect(names).toContain(kernel);
    const steps = [1, 2, 3].map((k) =>
      dispatches.find(({ nodes }) => nodes.some((node) => node.startsWith(`up${k} = relu`))),
    );
    expect(steps.map((step) => step?.name)).toEqual(['up1', 'up2', 'up3']);
    expect(new Set(steps.map((step) => step?.kernel)).size).toBe(1);
  });

  test('a network without layers that are alike is told nothing', () => {
    const { program } = compileModule(layers(1), machines.webgpu);
    expect(program.places.words).toEqual([]);
    expect(program.kernels.some(({ code }) => code.includes('Places'))).toBe(false);
  });

  test('give the values of the reference on a device', async () => {
    const module = layers(2);
    const shape = [8, 16];
    const x = { shape, data: Float64Array.from({ length: 128 }, (_, i) => Math.sin(i * 1.7)) };
    const states = Object.fromEntries(
      module.states.map(({ name, node }, s) => {
        const extents = node.shape.map(Number);
        const length = extents.reduce((n, d) => n * d, 1);
        const isMoment = /\.(m|v|step)$/.test(name);
        const data = Float64Array.from({ length }, (_, i) => (isMoment ? 0 : Math.sin(s + i) / 4));
        return [name, { shape: extents, data }];
      }),
    );
    const reference = referenceSession(module, states);
    const session = await wgsl('webgpu-software', undefined, machines['webgpu-software'], apart).start(
      module,
      states,
    );
    for (let step = 0; step < 3; step++) {
      const expected = reference.step('train', { inputs: { x } });
      const actual = await session.step('train', { inputs: { x } });
      for (const [name, value] of Object.entries(expected))
        expect(firstDifference(actual[name]?.data ?? [], value, 1e-4)).toBeNull();
    }
    await session.dispose();
  });
});
