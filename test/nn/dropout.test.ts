import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import {
  defineModule,
  evaluation,
  type GraphIssue,
  type Module,
  type Tensor,
} from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import * as nn from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { tensorsInside } from '../../src/schedule/group.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { seeded } from '../random/session.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';
import { moduleOf } from './layers.ts';

const RATE = 0.25;
const values = (count: number): number[] => Array.from({ length: count }, (_, k) => 1 + k / 8);

describe.each([reference, wasm(1), wgsl('webgpu-software')])('on $name', (target) => {
  it('what dropout drops has no gradient, and what it keeps is scaled in both', async () => {
    const shape = [12, 16];
    const module = defineModule('dropout', (m) => {
      const x = m.state('x', { shape, init: nn.init.values(values(192)) });
      const [y, twin] = [nn.dropout(x, RATE), nn.dropout(x, RATE)];
      const path = nn.dropPath(x, RATE);
      const [dy, dPath] = gradients(y.sum(), [x]).concat(gradients(path.sum(), [x]));
      m.entry('run', { y, twin, path, ...(dy && dPath ? { dy, dPath } : {}) });
    });
    const session = await target.start(module);
    const outputs = [await session.step('run'), await session.step('run')];
    await session.dispose();
    const [first = [], second = []] = outputs.map(({ y }) => Array.from(y?.data ?? []));
    const scale = 1 / (1 - RATE);
    for (const [name, of] of [
      ['y', 'dy'],
      ['path', 'dPath'],
    ] as const) {
      const [dropped, slopes] = [name, of].map((key) => Array.from(outputs[0]?.[key]?.data ?? []));
      expect(slopes).toHaveLength(192);
      slopes?.forEach((slope, k) => {
        expect(slope === 0 || Math.abs(slope - scale) < 1e-6).toBe(true);
        expect(dropped?.[k]).toBeCloseTo(slope * (1 + k / 8), 4);
      });
    }
    const isZero = (x: number): boolean => x === 0;
    // 192 elements of which a quarter is dropped, more or less: 6 standard deviations.
    expect(Math.abs(first.filter(isZero).length - 48)).toBeLessThan(36);
    expect(second.map(isZero)).not.toEqual(first.map(isZero));
    expect(Array.from(outputs[0]?.twin?.data ?? []).map(isZero)).not.toEqual(first.map(isZero));
    const rows = Array.from(
      { length: 12 },
      (_, k) =>
        Array.from(outputs[0]?.path?.data ?? [])
          .slice(16 * k, 16 * k + 16)
          .filter(isZero).length,
    );
    for (const zeros of rows) expect([0, 16]).toContain(zeros);
  });
});

describe('dropout', () => {
  it('is off in evaluation, nothing at rate 0, and all at rate 1', async () => {
    const module = defineModule('rates', (m) => {
      const x = m.input('x', { shape: [4, 8] });
      expect(nn.dropout(x, 0).node).toBe(x.node);
      expect(evaluation(nn.dropout(x, 0.5)).node).toBe(x.node);
      expect(evaluation(nn.dropPath(x, 0.5)).node).toBe(x.node);
      m.entry('run', { none: nn.dropout(x, 1), y: evaluation(nn.dropout(x.mul(2), 0.5)) });
    });
    const session = await wasm(1).start(module);
    const x = { shape: [4, 8], data: values(32) };
    const { none, y } = await session.step('run', { inputs: { x } });
    await session.dispose();
    expect(Array.from(none?.data ?? [])).toEqual(values(32).map(() => 0));
    expect(Array.from(y?.data ?? [])).toEqual(values(32).map((v) => 2 * v));
  });

  it('is a function without x, whose applications are places of their own', () => {
    defineModule('applied', (m) => {
      const x = m.input('x', { shape: [4, 8] });
      const drop = nn.dropout(0.5);
      const [one, other] = [drop(x), drop(x)];
      expect(one.node).not.toBe(other.node);
      expect(evaluation(nn.sequential([nn.relu, drop, nn.dropPath(0.1)])(x)).node).toBe(x.relu().node);
      expect(() => [nn.dropout(x, 0.5, { name: 'drop' }), nn.dropPath(x, 0.5, { name: 'drop' })]).toThrow(
        /the name "drop" is used twice/,
      );
      m.entry('run', { one, other });
    });
  });

  it('takes the name of its stream in either form', () => {
    const drawn = (build: (x: Tensor) => Tensor): unknown =>
      moduleOf([4, 8], build).graph.nodes.map(({ op, attrs }) => [op, attrs]);
    for (const drop of [nn.dropout, nn.dropPath]) {
      const named = drawn((x) => drop(x, 0.5, { name: 'drop' }));
      expect(drawn((x) => drop(0.5, { name: 'drop' })(x))).toEqual(named);
      expect(drawn((x) => drop(x, 0.5))).not.toEqual(named);
      const refused = (): unknown => drop(0.5, untyped({ names: 'drop' }));
      expect(refused).toThrow(/there is no option "names"/);
    }
  });

  it.each<[rate: unknown, text: string]>([
    [-0.1, 'rate is -0.1: it must be a number from 0 to 1'],
    [1.01, 'rate is 1.01: it must be a number from 0 to 1'],
    [Number.NaN, 'rate is NaN: it must be a number from 0 to 1'],
    ['0.5', 'rate is "0.5": it must be a number from 0 to 1'],
  ])('refuses a rate of %j', (rate, text) => {
    const code: GraphIssue = 'option';
    for (const [op, build] of Object.entries({ dropout: nn.dropout, dropPath: nn.dropPath }))
      expectRefusal(
        () => moduleOf([2, 3], (x) => build(x, untyped(rate))),
        code,
        `${op}: ${text}`,
        'dropout.test.ts',
      );
  });
});

/** A net whose activations are dropped in part. */
function net(drop: (x: Tensor) => Tensor): Module {
  return defineModule('net', (m) => {
    const x = m.input('x', { shape: [64, 100] });
    const hidden = drop(nn.dense(x, 64, { name: 'hidden', activation: 'gelu' }));
    const loss = nn.dense(hidden, 10, { name: 'output' }).sub(1).square().mean();
    m.entry('train', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
  });
}

describe('a net that is trained with dropout', () => {
  it('keeps no mask in memory, and takes no dispatch more', async () => {
    const dropped = net((x) => nn.dropout(x, 0.3));
    const onGpu = compileModule(dropped, machines.webgpu);
    const stages = ({ entries }: typeof onGpu): number => entries.get('train')?.stages.length ?? 0;
    expect(stages(onGpu)).toBe(
      stages(
        compileModule(
          net((x) => x),
          machines.webgpu,
        ),
      ),
    );
    const inSoftware = compileModule(dropped, machines['webgpu-software']);
    for (const { entries } of [onGpu, inSoftware, compileToWasm(dropped, await loadAssembler())]) {
      const groups = entries.get('train')?.stages.flatMap((stage) => stage.groups) ?? [];
      const stored = groups.flatMap((group) => {
        const inside = tensorsInside(group);
        return group.loops.flatMap(({ outs }) =>
          outs.flatMap(({ tensor }) => (tensor.role === 'temp' && !inside.has(tensor) ? [tensor.dtype] : [])),
        );
      });
      expect(stored.length).toBeGreaterThan(1);
      expect(stored.filter((dtype) => dtype !== 'f32')).toEqual([]);
    }
  });

  it('goes on where it was saved as if it had not stopped', async () => {
    const module = net((x) => nn.dropout(x, 0.3));
    const data = (step: number) => ({ x: Array.from({ length: 6400 }, (_, k) => Math.sin(k * 0.7 + step)) });
    const [whole, first, second] = [
      await seeded(module, 5),
      await seeded(module, 5),
      await seeded(module, 9),
    ];
    const losses = async (session: typeof whole, from: number, to: number): Promise<number[]> => {
      const found: number[] = [];
      for (let step = from; step < to; step++)
        found.push(Number((await session.run('train', data(step))).loss?.data[0]));
      return found;
    };
    const all = await losses(whole, 0, 6);
    const before = await losses(first, 0, 3);
    await second.load(await first.save());
    const after = await losses(second, 3, 6);
    expect([...before, ...after]).toEqual(all);
    for (const state of ['hidden.weight', 'output.bias', 'random.key'])
      expect((await second.read(state)).data).toEqual((await whole.read(state)).data);
    for (const session of [whole, first, second]) session.dispose();
  });
});
