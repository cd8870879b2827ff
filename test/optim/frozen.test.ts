import { describe, expect, it } from 'vitest';
import {
  compile,
  defineModule,
  evaluation,
  type Module,
  type ModuleBuilder,
  nn,
  optim,
  type Tensor,
} from '../../src/index.ts';
import { expectRefusal } from '../graph/refusal.ts';

const FILE = 'frozen.test.ts';

/** A module whose only entry minimises a loss of two states, by what decays them, and what the entry updates. */
function updated(
  loss: (w: Tensor, head: Tensor, m: ModuleBuilder) => Tensor,
  wrt = false,
): (string | undefined)[] {
  const module: Module = defineModule('frozen', (m) => {
    const [w, head] = [m.state('w', { shape: [3] }), m.state('head', { shape: [3] })];
    const optimizer = optim.sgd({ lr: 0.1, weightDecay: 0.1 });
    m.entry('train', { updates: optimizer.minimize(loss(w, head, m), wrt ? { wrt: [w, head] } : {}) });
  });
  return (module.entries[0]?.updates ?? []).map(({ state }) => state.label);
}

/** Ways from a state to a loss that have no gradient. */
const withoutGradient: Readonly<Record<string, (w: Tensor) => Tensor>> = {
  detach: (w) => w.detach(),
  'an operation before detach': (w) => w.exp().detach().mul(2),
  'a comparison': (w) => w.gt(0).where(1, 2),
  'a comparison cast to floats': (w) => w.gt(0).cast('f32'),
  argmax: (w) => w.argmax(0).cast('f32').expandDims(0),
  'a cast to integers': (w) => w.cast('i32').cast('f32'),
  'an index': (w) => w.iota([3], 0).cast('f32').take(w.cast('i32')),
};

describe('a state that a loss reaches', () => {
  it.each(Object.entries(withoutGradient))('only through %s is not updated', (_, way) => {
    const loss = (w: Tensor, head: Tensor): Tensor => head.mul(way(w)).sum();
    expect(updated(loss)).toEqual(['head']);
    expect(updated(loss, true)).toEqual(['head']);
  });

  it.each(['round', 'floor', 'ceil', 'trunc', 'sign'] as const)(
    'through %s has a gradient of zeros, and decays, as in PyTorch',
    (op) => {
      expect(updated((w, head) => head.mul(w[op]()).sum())).toEqual(['w', 'head']);
    },
  );

  it.each(Object.entries(withoutGradient))('also through %s is updated', (_, way) => {
    expect(updated((w) => w.mul(way(w)).sum())).toEqual(['w']);
  });

  it('is not updated by what evaluation alone would compute', () => {
    const running = (m: ModuleBuilder): Tensor => {
      const { output } = nn.batchNorm(m.input('x', { shape: [4, 3] }), { affine: false });
      return output;
    };
    const loss = (w: Tensor, head: Tensor, m: ModuleBuilder): Tensor =>
      running(m).mul(head).add(w.detach()).sum();
    expect(updated(loss)).toEqual(['head']);
    expect(updated((w, head, m) => evaluation(running(m).mul(head)).add(w.detach()).sum())).toEqual(['head']);
  });

  it('is said to have no gradient where no state has one', () => {
    const refused = (loss: (w: Tensor, head: Tensor, m: ModuleBuilder) => Tensor, text: string): void => {
      for (const wrt of [false, true]) {
        const error = expectRefusal(() => updated(loss, wrt), 'gradient', `sgd: ${text}`, FILE);
        expect(error.op).toBe('sgd');
      }
    };
    const none = 'has a gradient in none of the states: it depends on w (state f32[3]) only through';
    refused((w) => w.exp().detach().sum(), `%4 (sum f32[]) ${none} %3 (detach f32[3])`);
    refused((w) => w.gt(0).where(1, 2).sum(), `%10 (sum f32[]) ${none} %4 (lt bool[3])`);
    const text =
      'sgd: x (input f32[]) has a gradient in none of the states: it does not depend on w (state f32[3])';
    expectRefusal(() => updated((_, __, m) => m.input('x', { shape: [] }), true), 'gradient', text, FILE);
  });
});

describe('a frozen backbone', () => {
  it('keeps its weights bit for bit while a head is trained, weight decay or not', async () => {
    const module = defineModule('frozen', (m) => {
      const x = m.input('x', { shape: [4, 3] });
      const h = nn.dense(x, 5, { activation: 'relu', name: 'backbone' }).detach();
      const loss = nn.dense(h, 1, { name: 'head' }).square().mean();
      m.entry('train', { loss, updates: optim.adamw({ lr: 0.1, weightDecay: 0.1 }).minimize(loss) });
    });
    const names = module.states.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('backbone'))).toEqual(['backbone.weight', 'backbone.bias']);
    const session = await (await compile(module, { target: 'wasm' })).start({ seed: 3 });
    const [before, head] = [await session.read('backbone.weight'), await session.read('head.weight')];
    const x = Array.from({ length: 12 }, (_, k) => k / 7);
    for (let k = 0; k < 20; k++) await session.run('train', { x });
    expect(await session.read('backbone.weight')).toEqual(before);
    expect(await session.read('head.weight')).not.toEqual(head);
    session.dispose();
  });
});
