import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CompiledProgram,
  compile,
  defineModule,
  type Module,
  optim,
  optionalPasses,
  printModule,
} from '../../src/index.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const LR = 0.1;
const FIRST = { p: [1, -2], q: [0.5] } as const;

/** Entries of one optimizer that update two states together, or one of them alone. */
const entries = { both: ['p', 'q'], p: ['p'], q: ['q'] } as const;
type Entry = keyof typeof entries;

const optimizers = {
  adam: () => optim.adam({ lr: LR }),
  adamw: () => optim.adamw({ lr: LR, weightDecay: 0.1 }),
  adamax: () => optim.adamax({ lr: LR }),
} satisfies Record<string, () => optim.Optimizer>;
type Name = keyof typeof optimizers;

function moduleOf(name: Name): Module {
  const optimizer = optimizers[name]();
  return defineModule('counts', (m) => {
    const states = { p: m.state('p', { shape: [2] }), q: m.state('q', { shape: [1] }) };
    const loss = states.p.square().sum().add(states.q.exp().sum());
    for (const [entry, names] of Object.entries(entries)) {
      const wrt = names.map((state) => states[state]);
      m.entry(entry, { updates: optimizer.minimize(loss, { wrt }) });
    }
  });
}

/** What PyTorch's formulas make of states whose updates are counted for each by itself. */
function expected(name: Name, steps: readonly Entry[]): Record<'p' | 'q', number[]> {
  const states: Record<'p' | 'q', number[]> = { p: [...FIRST.p], q: [...FIRST.q] };
  const [b1, b2, eps, decay] = [0.9, 0.999, 1e-8, name === 'adamw' ? 0.1 : 0];
  interface Moments {
    t: number;
    readonly m: number[];
    readonly v: number[];
  }
  const moments: Record<'p' | 'q', Moments> = { p: { t: 0, m: [], v: [] }, q: { t: 0, m: [], v: [] } };
  for (const entry of steps) {
    for (const state of entries[entry]) {
      const own = moments[state];
      own.t++;
      states[state] = states[state].map((w, k) => {
        const g = state === 'p' ? 2 * w : Math.exp(w);
        const m = (own.m[k] ?? 0) * b1 + g * (1 - b1);
        const before = own.v[k] ?? 0;
        const v =
          name === 'adamax' ? Math.max(before * b2, Math.abs(g) + eps) : before * b2 + g * g * (1 - b2);
        own.m[k] = m;
        own.v[k] = v;
        const rate = LR / (1 - b1 ** own.t);
        const root = name === 'adamax' ? v : Math.sqrt(v / (1 - b2 ** own.t)) + eps;
        return w * (1 - LR * decay) - (rate * m) / root;
      });
    }
  }
  return states;
}

const runs: readonly (readonly [name: Name, target: Target])[] = [
  ['adam', reference],
  ['adamw', reference],
  ['adamax', reference],
  ['adam', wgsl('webgpu')],
  ['adam', wgsl('webgpu-software')],
  ['adam', wasm(2)],
];

describe.each(runs)('%s', (name, target) => {
  it(`counts the updates of each state, in whatever order entries make them (${target.name})`, async () => {
    const module = moduleOf(name);
    const interleaving = fc.array(fc.constantFrom<Entry[]>('both', 'p', 'q'), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(interleaving, async (steps) => {
        const session = await target.start(module, {
          p: { shape: [2], data: [...FIRST.p] },
          q: { shape: [1], data: [...FIRST.q] },
        });
        for (const entry of steps) await session.step(entry);
        const wanted = expected(name, steps);
        for (const state of ['p', 'q'] as const) {
          const { data } = await session.read(state);
          for (const [k, value] of wanted[state].entries()) expect(data[k]).toBeCloseTo(value, 4);
          const count = steps.filter((entry) => entries[entry].some((one) => one === state)).length;
          expect(Array.from((await session.read(`${state}.step`)).data)).toEqual([count]);
        }
        await session.dispose();
      }),
      { numRuns: 4, seed: 1 },
    );
  });
});

describe('a count of updates', () => {
  /** With a gradient of 1 everywhere, every step of Adam is the learning rate, whatever its number. */
  const constant = (): Promise<CompiledProgram> =>
    compile(
      defineModule('constant', (m) => {
        const w = m.state('w', { shape: [1] });
        const optimizer = optim.adam({ lr: 1 });
        for (const name of ['a', 'b']) m.entry(name, { updates: optimizer.minimize(w.sum()) });
      }),
      { target: 'wasm' },
    );

  it('is saved and loaded with the moments, so that any entry goes on', async () => {
    const program = await constant();
    const first = await program.start();
    for (let k = 0; k < 50; k++) await first.run('a');
    const saved = await first.save();
    first.dispose();
    const second = await program.start();
    await second.load(saved);
    await second.run('b');
    expect((await second.read('w')).data[0]).toBeCloseTo(-51, 3);
    expect([...(await second.read('w.step')).data]).toEqual([51]);
    second.dispose();
  });

  it('goes on where a float would stand still, and stays at the largest there is', async () => {
    const session = await (await constant()).start();
    for (const [before, after] of [
      [2 ** 24, 2 ** 24 + 1],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ] as const) {
      await session.write('w.step', [before]);
      await session.run('a');
      expect([...(await session.read('w.step')).data]).toEqual([after]);
    }
    expect(Number.isFinite((await session.read('w')).data[0])).toBe(true);
    session.dispose();
  });

  it.each(optionalPasses)('is right without the pass %s', async (pass) => {
    const module = defineModule('small', (m) => {
      const s = m.state('s', { shape: [1] });
      const x = m.input('x', { shape: [3, 1] });
      const next = s.abs().add(1);
      const y = x.div(next.add(0.5)).mul(next.exp());
      m.entry('run', { y, sum: y.sum().add(next.sum()), updates: [{ state: s, next }] });
    });
    const without = { without: [pass] };
    await compile(module, { target: 'webgpu-software', ...without });
    const session = await (await compile(module, { target: 'wasm', ...without })).start();
    const oracle = await reference.start(module);
    for (let k = 0; k < 3; k++) {
      const { y } = await session.run('run', { x: [1, 2, 3] });
      const expected = await oracle.step('run', { inputs: { x: { shape: [3, 1], data: [1, 2, 3] } } });
      for (let i = 0; i < 3; i++) expect(y?.data[i]).toBeCloseTo(expected.y?.data[i] ?? 0, 4);
    }
    session.dispose();
  });

  it('takes one loop for all states, and no dispatch of its own where a gradient takes one', async () => {
    const module = defineModule('many', (m) => {
      const x = m.input('x', { shape: [8, 4] });
      const h = [0, 1, 2].reduce((y, k) => y.matmul(m.state(`w${k}`, { shape: [4, 4] })).tanh(), x);
      m.entry('train', { updates: optim.adam({ lr: 0.1 }).minimize(h.square().mean()) });
    });
    const { report } = await compile(module, { target: 'webgpu' });
    const without = await compile(
      defineModule('many', (m) => {
        const x = m.input('x', { shape: [8, 4] });
        const h = [0, 1, 2].reduce((y, k) => y.matmul(m.state(`w${k}`, { shape: [4, 4] })).tanh(), x);
        m.entry('train', { updates: optim.rmsprop({ lr: 0.1 }).minimize(h.square().mean()) });
      }),
      { target: 'webgpu' },
    );
    const dispatches = report.entries.train?.dispatches ?? [];
    expect(dispatches).toHaveLength(without.report.entries.train?.dispatches.length ?? 0);
    const counting = dispatches.flatMap(({ groups }) =>
      groups.filter((g) => JSON.stringify(g).includes('.step')),
    );
    expect(counting).toHaveLength(1);
    expect(printModule(module)).not.toContain('param step');
  });
});
