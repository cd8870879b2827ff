import { describe, expect, test } from 'vitest';
import type { TargetResult } from '../../src/check/lane.ts';
import type { Runner } from '../../src/check/runner.ts';
import { type SideBySide, sideBySide } from '../../src/check/sideBySide.ts';
import {
  customGradient,
  defineModule,
  type Module,
  nn,
  optim,
  parseModule,
  printModule,
  type Tensor,
} from '../../src/index.ts';
import { DeviceError } from '../../src/runtime/index.ts';
import { entriesOf, evaluatorRunner, usual, withElement } from './evaluatorRunner.ts';

/** A small perceptron; `hidden` and `loss` are what tests spoil. */
const perceptron = defineModule('perceptron', (m) => {
  const x = m.input('x', { shape: [6, 4] });
  const y = m.input('y', { shape: [6], dtype: 'i32' });
  const h = nn.dense(x, 5, { activation: 'tanh', name: 'hidden' });
  const loss = nn.crossEntropy(nn.dense(h, 3, { name: 'output' }), y);
  m.entry('train', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
  m.entry('predict', { h });
});

async function check(
  module: Module,
  runner: Runner,
  options: Partial<typeof usual> = {},
): Promise<SideBySide> {
  return sideBySide(module, [runner], { ...usual, ...options, entries: entriesOf(module) });
}

async function resultOf(
  module: Module,
  runner: Runner,
  options: Partial<typeof usual> = {},
): Promise<TargetResult | undefined> {
  return (await check(module, runner, options)).targets[0];
}

describe('a target beside the reference', () => {
  test('agrees where it only rounds', async () => {
    const result = await resultOf(
      perceptron,
      evaluatorRunner((_, value) => value),
    );
    expect(result).toMatchObject({ status: 'agrees', steps: 6, finding: null, failure: null });
    expect(result?.worst?.excess).toBeLessThan(1);
  });

  test('is told of while it works: each node that the reference evaluates, and each step of the target', async () => {
    const told: string[] = [];
    const runner = evaluatorRunner((_, value) => value);
    const options = {
      ...usual,
      steps: 2,
      entries: ['predict'],
      onProgress: (doing: string) => told.push(doing),
    };
    await sideBySide(perceptron, [runner], options);
    const nodes = told.filter((doing) => doing.startsWith('reference: predict, step 2 of 2, node '));
    expect(nodes[0]).toMatch(/node 1 of (\d+), \w+$/);
    const [, count] = /of (\d+), \w+$/.exec(nodes[0] ?? '') ?? [];
    expect(nodes.at(-1)).toContain(`node ${count} of ${count}, tanh`);
    expect(nodes).toHaveLength(Number(count));
    expect(told.at(-1)).toBe(`${runner.name}: predict, step 2 of 2`);
  });

  test('differs by the first node that is wrong, named with its line, kernel and element', async () => {
    const runner = evaluatorRunner((node, value) =>
      node.label === 'hidden' ? withElement(value, 7, (x) => x + 0.25) : value,
    );
    const result = await resultOf(perceptron, runner);
    expect(result?.status).toBe('differs');
    expect(result?.finding).toMatchObject({
      kind: 'node',
      entry: 'train',
      step: 1,
      node: { op: 'tanh', source: expect.stringMatching(/^sideBySide\.test\.ts:\d+$/) },
      difference: { index: [1, 2], differs: true },
      dispatches: [{ number: 0, kernel: expect.any(String) }],
    });
    const { difference } = result?.finding?.kind === 'node' ? result.finding : { difference: undefined };
    expect((difference?.actual ?? 0) - (difference?.expected ?? 0)).toBeCloseTo(0.25, 5);
  });

  test('is told the first step that is wrong by itself, not one that inherits', async () => {
    const runner = evaluatorRunner((node, value, { step }) =>
      node.label === 'hidden' && step === 2 ? withElement(value, 0, () => Number.NaN) : value,
    );
    const result = await resultOf(perceptron, runner);
    expect(result?.finding).toMatchObject({
      kind: 'node',
      entry: 'train',
      step: 2,
      node: { op: 'tanh' },
      difference: { index: [0, 0], actual: Number.NaN, excess: Infinity },
    });
  });

  test('that is right where every value is stored is told the kernel, and the pass that makes the difference', async () => {
    const runner = evaluatorRunner((node, value, { isObserved, without = [] }) =>
      node.label === 'hidden' && !isObserved && !without.includes('partition')
        ? withElement(value, 0, (x) => x - 1)
        : value,
    );
    const result = await resultOf(perceptron, runner);
    expect(result?.status).toBe('differs');
    expect(result?.finding).toMatchObject({
      kind: 'fusion',
      entry: 'train',
      step: 1,
      result: { kind: 'output', name: 'loss' },
      healedBy: ['partition'],
    });
    const dispatches = result?.finding?.kind === 'fusion' ? result.finding.dispatches : [];
    expect(dispatches.length).toBeGreaterThan(0);
  });

  test('that the device refuses has failed, with the reason; a fault of ours is thrown', async () => {
    const refusing = (error: Error): Runner => ({
      ...evaluatorRunner((_, value) => value),
      start: async () => {
        throw error;
      },
    });
    const result = await resultOf(perceptron, refusing(new DeviceError('limit', 'needs more than there is')));
    expect(result).toMatchObject({
      status: 'failed',
      steps: 0,
      worst: null,
      failure: 'needs more than there is',
    });
    await expect(resultOf(perceptron, refusing(new TypeError('a fault')))).rejects.toThrow('a fault');
  });

  test('sees states that an entry should have left alone', async () => {
    const module = defineModule('left alone', (m) => {
      const kept = m.state('kept', { shape: [2] });
      m.entry('run', { y: kept.add(1) });
    });
    const runner = evaluatorRunner((_, value) => value);
    const spoiling: Runner = {
      ...runner,
      start: async (...args) => {
        const running = await runner.start(...args);
        return {
          ...running,
          step: async (entry, inputs) => {
            const outputs = await running.step(entry, inputs);
            await running.write('kept', { shape: [2], data: [0, 5] });
            return outputs;
          },
        };
      },
    };
    const result = await resultOf(module, spoiling);
    expect(result?.status).toBe('differs');
    expect(result?.finding).toMatchObject({
      kind: 'fusion',
      step: 1,
      result: { kind: 'state', name: 'kept' },
      difference: { index: [1], actual: 5, expected: 0 },
    });
  });
});

describe('rounding is no fault of a target', () => {
  /** All but equal values: which is the largest is a matter of rounding. */
  const tied = defineModule('tied', (m) => {
    const x = m.input('x', { shape: [4, 6] });
    const close = x.mul(1e-8).add(1);
    m.entry('run', { label: close.mul(3).argmax(1) });
  });

  test.each([
    ['where every value is stored too', true],
    ['only where the program is as it is', false],
  ])('the place of the largest of nearly equal values, %s', async (_, always) => {
    const runner = evaluatorRunner((node, value, { isObserved }) =>
      node.op === 'mul' && node.inputs[0]?.op === 'add' && (always || !isObserved)
        ? withElement(value, 9, (x) => x + 2 ** -21)
        : value,
    );
    const result = await resultOf(tied, runner, { seed: 2 });
    expect(result?.status).toBe('rounding');
    expect(result?.finding).toMatchObject({
      kind: 'rounding',
      node: { op: 'argmax' },
      difference: { actual: 3 },
    });
  });

  test('another place than that of nearly equal values is a fault', async () => {
    const module = defineModule('apart', (m) => {
      m.entry('run', { label: m.input('x', { shape: [4, 6] }).argmax(1) });
    });
    const runner = evaluatorRunner((node, value, { isObserved }) =>
      node.op === 'argmax' && !isObserved ? { ...value, data: value.data.map((k) => (k + 1) % 6) } : value,
    );
    expect(await resultOf(module, runner)).toMatchObject({ status: 'differs', finding: { kind: 'fusion' } });
  });

  test('differences that grow from step to step, each of which is right', async () => {
    const module = defineModule('growth', (m) => {
      const x = m.state('x', { shape: [], init: nn.init.constant(0.3) });
      m.entry('run', { updates: [{ state: x, next: x.mul(1.5) }] });
    });
    const runner = evaluatorRunner((node, value) =>
      node.op === 'mul' ? withElement(value, 0, (x) => x * (1 + 4e-6)) : value,
    );
    expect(await resultOf(module, runner, { steps: 5 })).toMatchObject({
      status: 'rounding',
      worst: { step: 5, place: { kind: 'state', name: 'x' } },
      finding: { kind: 'drift' },
    });
  });

  test('a sum that cancels may be any rounding of its terms', async () => {
    const module = defineModule('cancelling', (m) => {
      const x = m.input('x', { shape: [3, 50] });
      m.entry('run', {
        nothing: x
          .softmax()
          .sub(x.softmax().mean(1, { keepDims: true }))
          .sum(1),
      });
    });
    const runner = evaluatorRunner((node, value) =>
      node.op === 'sum' && node.inputs[0]?.op === 'sub' ? withElement(value, 0, (x) => -x) : value,
    );
    expect((await resultOf(module, runner))?.status).toBe('agrees');
  });
});

describe('a result that is no finite number', () => {
  const right = evaluatorRunner((_, value) => value);

  test('is traced to the node at which it begins, though all targets agree', async () => {
    const module = defineModule('logarithm', (m) => {
      const x = m.input('x', { shape: [8] });
      m.entry('run', { loss: x.log().mul(2).sum() });
    });
    const found = await check(module, right);
    expect(found.targets[0]?.status).toBe('agrees');
    expect(found.nonFinite).toMatchObject({
      entry: 'run',
      step: 1,
      result: { kind: 'output', name: 'loss' },
      origin: {
        node: { op: 'log', source: expect.stringContaining('sideBySide.test.ts:') },
        value: Number.NaN,
      },
      infinity: null,
    });
    const [operand] = found.nonFinite?.origin.operands ?? [];
    expect(operand).toBeLessThan(0);
  });

  test('is traced to the infinity that it was made of, and to what is too large for float32 alone', async () => {
    const module = defineModule('overflow', (m) => {
      const huge = m.state('x', { shape: [2], init: nn.init.constant(100) }).exp();
      m.entry('run', { y: huge.sub(huge) });
    });
    const found = await check(module, right);
    expect(found.targets[0]?.status).toBe('agrees');
    expect(found.nonFinite).toMatchObject({
      origin: { node: { op: 'sub' }, operands: [Infinity, Infinity], float64: 0 },
      infinity: { node: { op: 'exp' }, operands: [100], float64: expect.closeTo(Math.exp(100), -30) },
    });
  });

  test('is not asked for where masks alone hold infinities', async () => {
    const module = defineModule('masked', (m) => {
      const x = m.input('x', { shape: [3, 4] });
      m.entry('run', { y: x.gt(0).where(x, -Infinity).softmax().sum(1) });
    });
    // A seed whose rows all hold something that is greater than 0: of the others a softmax is NaN.
    const found = await check(module, right, { steps: 1, seed: 3 });
    expect(found.nonFinite).toBeNull();
  });
});

describe("gradients of one's own", () => {
  type Rule = Parameters<typeof customGradient>[1];
  const moduleOf = (rule: Rule, estimate = false): Module =>
    defineModule('custom', (m) => {
      const batch = m.size('batch', { max: 4 });
      const x = m.input('x', { shape: [batch, 3] });
      const w = m.state('w', { shape: [3], init: nn.init.normal() });
      const cube = customGradient((a: Tensor, b: Tensor) => a.mul(b).mul(b).mul(b), rule, { estimate });
      const loss = cube(x, w).mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
      m.entry('predict', { loss });
    });
  const right: Rule = ({ inputs: [a, b], cotangent }) => {
    if (a === undefined || b === undefined) return [];
    return [cotangent.mul(b).mul(b).mul(b), cotangent.mul(a).mul(b.square()).mul(3).sum(0)];
  };
  const wrong: Rule = ({ inputs: [a, b], cotangent }) => {
    if (a === undefined || b === undefined) return [];
    return [cotangent.mul(b).mul(b).mul(b), cotangent.mul(a).mul(b.square()).mul(3.03).sum(0)];
  };
  const runner = evaluatorRunner((_, value) => value);

  test('agree with differences where they are derivatives', async () => {
    expect((await check(moduleOf(right), runner)).gradients).toEqual([]);
  });

  test('are named where they are not: the application, the input, and by how much', async () => {
    const { gradients } = await check(moduleOf(wrong), runner);
    expect(gradients.map(({ entry, step, input }) => ({ entry, step, input }))).toEqual([
      { entry: 'train', step: 1, input: 1 },
      { entry: 'predict', step: 1, input: 1 },
    ]);
    const [first] = gradients;
    expect(first?.node).toMatchObject({
      op: 'custom',
      source: expect.stringMatching(/^sideBySide\.test\.ts:\d+$/),
    });
    expect((first?.given ?? 0) / (first?.differences ?? 1)).toBeCloseTo(1.01, 5);
  });

  test('agree where one tensor is several inputs, and where the function finds it outside, too', async () => {
    const product = customGradient(
      (a: Tensor, b: Tensor) => a.mul(b),
      ({ inputs: [a, b], cotangent }) => [b?.mul(cotangent), a?.mul(cotangent)],
    );
    const module = defineModule('several', (m) => {
      const x = m.input('x', { shape: [3] });
      const outside = customGradient(
        (a: Tensor) => a.mul(x),
        ({ cotangent }) => cotangent.mul(x),
      );
      m.entry('run', {
        y: product(x, x)
          .add(product(x, x.mul(2).add(1)))
          .add(outside(x))
          .sum(),
      });
    });
    expect((await check(module, runner)).gradients).toEqual([]);
    // A module that was read from text has no rules to compare.
    expect((await check(parseModule(printModule(module)), runner)).gradients).toEqual([]);
  });

  test('are not compared where they are estimates', async () => {
    expect((await check(moduleOf(wrong, true), runner)).gradients).toEqual([]);
  });
});
