import { describe, expect, it } from 'vitest';
import {
  defineModule,
  type Module,
  type ModuleBuilder,
  substitute,
  type Tensor,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';
import { expectClose } from '../values/closeness.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';

/** What people build of layers that share weights, freeze or copy them. */
const models: Readonly<Record<string, (m: ModuleBuilder) => void>> = {
  'a GAN: two networks, two optimizers, each with its own loss': (m) => {
    const [noise, real] = [m.input('noise', { shape: [4, 2] }), m.input('real', { shape: [4, 3] })];
    const generator = nn.sequential([nn.dense(6, { bias: false }), nn.batchNorm(), nn.tanh, nn.dense(3)], {
      name: 'g',
    });
    const discriminator = nn.sequential([nn.dense(5), (x) => nn.leakyRelu(x, 0.2), nn.dense(1)], {
      name: 'd',
    });
    const fake = generator(noise);
    const [onReal, onFake] = [discriminator(real), discriminator(fake)];
    const judged = nn
      .bceWithLogits(onReal, onReal.fullLike(1))
      .add(nn.bceWithLogits(onFake, onFake.fullLike(0)));
    const fooled = nn.bceWithLogits(onFake, onFake.fullLike(1));
    const sgd = (name: string): optim.Optimizer => optim.sgd({ lr: 0.1, name });
    m.entry('discriminate', { judged, updates: sgd('da').minimize(judged, { wrt: discriminator }) });
    m.entry('generate', {
      fooled,
      updates: [...sgd('ga').minimize(fooled, { wrt: generator }), ...generator.updates()],
    });
  },
  'a Siamese net: one branch for both of a pair': (m) => {
    const [a, b] = [m.input('a', { shape: [4, 5] }), m.input('b', { shape: [4, 5] })];
    const branch = nn.sequential([nn.dense(6, { activation: 'tanh' }), nn.dense(2, { bias: false })], {
      name: 'branch',
    });
    const loss = nn.contrastive(branch(a), branch(b), m.input('isOther', { shape: [4], dtype: 'i32' }));
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  },
  'tied embeddings: one table that is read, and scored by': (m) => {
    const [x, y] = [
      m.input('x', { shape: [2, 3], dtype: 'i32' }),
      m.input('y', { shape: [2, 3], dtype: 'i32' }),
    ];
    const words = nn.embedding(5, 4, { name: 'words' });
    const h = nn.dense(words(x), 4, { activation: 'tanh' });
    const loss = nn.crossEntropy(words.attend(h), y);
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  },
  'a DQN: a target network that follows slowly, or is copied': (m) => {
    const [state, next] = [m.input('state', { shape: [4, 3] }), m.input('next', { shape: [4, 3] })];
    const [action, reward] = [
      m.input('action', { shape: [4], dtype: 'i32' }),
      m.input('reward', { shape: [4] }),
    ];
    const online = nn.sequential([nn.dense(6, { activation: 'relu' }), nn.dense(2)], { name: 'online' });
    const target = online.clone({ name: 'target', trainable: false });
    const chosen = online(state).pick(action);
    const wanted = reward.add(target(next).max(-1).mul(0.9)).detach();
    const loss = nn.huber(chosen, wanted);
    const updates = optim.adam({ lr: 0.01 }).minimize(loss);
    const following = nn.copyWeights(online, target, { share: 0.1, after: updates });
    m.entry('train', { loss, updates: [...updates, ...following] });
    m.entry('copy', { updates: nn.copyWeights(online, target) });
  },
  'MAML: a loss by weights that one step of another loss has changed': (m) => {
    const input = (name: string, columns: number): Tensor => m.input(name, { shape: [4, columns] });
    const net = nn.sequential([nn.dense(5, { activation: 'tanh' }), nn.dense(1)], { name: 'net' });
    const lossOf = (x: string, y: string): Tensor => nn.mse(net(input(x, 2)), input(y, 1));
    const [support, query] = [lossOf('x', 'y'), lossOf('queryX', 'queryY')];
    const weights = net.parameters();
    const slopes = gradients(support, weights);
    const adapted = weights.map((w, k) => [w, w.sub((slopes[k] ?? w).mul(0.1))] as const);
    const loss = substitute(query, adapted);
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss, { wrt: net }) });
  },
};

/** Numbers for each state and input, others for each; integers are below 2. */
function given(nodes: readonly Module['inputs'][number][]): Record<string, Given> {
  return Object.fromEntries(
    nodes.map(({ label = '', shape, dtype }, k) => {
      const extents = shape.map(Number);
      const count = extents.reduce((a, b) => a * b, 1);
      const data = dtype === 'i32' ? integers(40 + k, 2, count) : uniform(70 + k, -1, 1, count);
      return [label, { shape: extents, data }];
    }),
  );
}

describe('models of layers take the step that the reference evaluator takes', () => {
  it.each(Object.entries(models))('%s', async (_, build) => {
    const module = defineModule('model', build);
    const trained = module.states.filter(({ trainable }) => trainable);
    const states = given(trained.map(({ node }) => node));
    const inputs = given(module.inputs);
    const sessions = await Promise.all([reference, wasm(1)].map((target) => target.start(module, states)));
    const [exact, compiled] = sessions;
    if (exact === undefined || compiled === undefined) throw new Error('both targets start');
    for (const { name, outputs } of module.entries) {
      const [wanted, found] = [await exact.step(name, { inputs }), await compiled.step(name, { inputs })];
      for (const output of outputs) {
        const expected = wanted[output.name];
        if (expected === undefined) throw new Error(`${output.name} is an output`);
        expectClose(found[output.name], expected, 1e-5, output.name);
      }
    }
    for (const { name } of module.states)
      expectClose(await compiled.read(name), await exact.read(name), 1e-4, name);
    const moved = await Promise.all(trained.map(({ name }) => exact.read(name)));
    for (const [k, { name }] of trained.entries())
      expect(moved[k]?.data, name).not.toEqual(states[name]?.data);
    for (const session of sessions) await session.dispose();
  });
});
