import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, defineModule } from '../../src/index.ts';
import { type Session, start } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';
import { collect } from './targets.ts';

/** Every name that any object answers to, and names of methods that values have. */
const inherited = [
  ...Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__'),
  'length',
  'then',
];

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

/** One name for each kind of thing: `turn` says which kind gets which. */
function named(turn: number): string[] {
  return inherited.map((_, k) => inherited[(k + turn) % inherited.length] ?? '');
}

/** Everything that takes or gives names, on one target. */
async function useEveryName(target: 'wasm' | 'webgpu-software', turn: number): Promise<void> {
  const [size = '', x = '', w = '', rate = '', step = '', entry = '', loss = '', rows = ''] = named(turn);
  const module = defineModule(entry, (m) => {
    const batch = m.size(size, { max: 4 });
    const input = m.input(x, { shape: [batch, 2] });
    const state = m.state(w, { shape: [2] });
    const output = input
      .mul(state)
      .sum(1)
      .mul(m.param(rate, { initial: 3 }));
    m.entry(entry, { [loss]: output.sum(), [rows]: output });
    m.entry(step, { [loss]: state.sum(), updates: [{ state, next: state.add(input.sum(0)) }] });
  });
  const compiled = await compile(module, { target });
  expect(compiled.entry(entry).dispatches.length).toBeGreaterThan(0);
  expect(compiled.summary()).toContain(entry);
  const initial = { [w]: [1, 2] };
  const data = { [x]: [1, 1, 2, 2] };
  const session: Session = await compiled.start(
    target === 'wasm' ? { threads: 1, initial } : { device, initial },
  );
  try {
    const first = await session.run(entry, data);
    expect([...(first[rows]?.data ?? [])]).toEqual([9, 18]);
    const given = await session.run(entry, data, { params: { [rate]: 1 }, sizes: { [size]: 2 } });
    expect([...(given[loss]?.data ?? [])]).toEqual([9]);
    const all = await session.evaluate(entry, { data });
    expect(Object.entries(all.scalars)).toEqual([[loss, 27]]);
    expect([...(all.outputs[rows]?.data ?? [])]).toEqual([9, 18]);
    const [epoch] = await collect(session.train({ entry: step, data }));
    expect(epoch?.scalars).toEqual({ [loss]: 3 });
    expect([...(await session.read(w)).data]).toEqual([4, 5]);
    const saved = await session.save();
    await session.write(w, [0, 0]);
    await session.load(saved);
    expect([...(await session.read(w)).data]).toEqual([4, 5]);
  } finally {
    session.dispose();
  }
}

describe('names that every object has are names like others', () => {
  // Every kind meets every name on one target; the other one has the same session, and prints names of its own.
  for (const [target, every] of [
    ['wasm', 1],
    ['webgpu-software', 5],
  ] as const)
    test(`for sizes, inputs, states, run-time scalars, entries and outputs on ${target}`, async () => {
      for (let turn = 0; turn < inherited.length; turn += every) await useEveryName(target, turn);
    });

  test('and are refused where the program has none of them', async () => {
    const session = await startWasm(linearWasm(), { threads: 1 });
    const { x } = linearData(1);
    for (const name of inherited) {
      const wrong: readonly (() => Promise<unknown>)[] = [
        () => session.run(name, { x }),
        () => session.run('predict', { x, [name]: x }),
        () => session.run('predict', { x }, { params: { [name]: 1 } }),
        () => session.run('predict', { x }, { sizes: { [name]: 1 } }),
        () => session.run('predict', { x }, { [name]: 1 }),
        () => session.read(name),
        () => session.write(name, [1]),
      ];
      for (const call of wrong) await expect(call(), name).rejects.toThrow(/no such .*; there (are|is) /);
    }
    session.dispose();
  });

  test('`__proto__` too, where a program out of JSON has it', async () => {
    const name = '__proto__';
    const [first, ...others] = linearModel.state;
    const renamed = (text: string): string =>
      text
        .replace('"train":', `"${name}":`)
        .replace('"name":"loss"', `"name":"${name}"`)
        .replace('"name":"lr"', `"name":"${name}"`);
    expect([first?.name, others.length]).toEqual(['w', 2]);
    const programs = [
      () => start(JSON.parse(renamed(JSON.stringify(linearModel))), { device }),
      () => startWasm(JSON.parse(renamed(JSON.stringify(linearWasm()))), { threads: 1 }),
    ];
    for (const open of programs) {
      const session = await open();
      const outputs = await session.run(name, linearData(4), { params: { ['__proto__']: 0.5 } });
      expect(Object.keys(outputs)).toEqual([name, 'seen', 'at']);
      const { scalars } = await session.evaluate(name, { data: linearData(4) });
      expect(Object.keys(scalars)).toEqual([name, 'seen', 'at']);
      session.dispose();
    }
  });
});
