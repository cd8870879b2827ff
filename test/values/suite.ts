import { describe, expect, test } from 'vitest';
import { defineModule, type Module, type Node, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { uniform } from '../fixtures/generator.ts';
import {
  type FixtureTensor,
  type OpCase,
  opCases,
  optimizerCases,
  secondOrderCases,
} from '../fixtures/load.ts';
import { expectClose } from './closeness.ts';
import { builders } from './ops.ts';
import { optimizersByName } from './optimizers.ts';
import { longestSum } from './sums.ts';
import type { Target } from './targets.ts';

/**
 * The reference values on a target: operations and their gradients, second derivatives, optimizers. One test an
 * operation; its cases are entries of one module, so that a target compiles them together.
 */
export function valueSuite(target: Target): void {
  describe(`operations on ${target.name} have PyTorch's values and gradients`, () => {
    const groups = byOp(opCases());
    for (const [op, cases] of groups) {
      test(`${op} (${cases.length})`, () => checkOp(target, op, cases));
    }
  });

  describe(`gradients of gradients on ${target.name} have PyTorch's values`, () => {
    for (const [k, item] of secondOrderCases().entries()) {
      test(`${item.op} (${k})`, async () => {
        const module = defineModule(`second-order-${item.op}`, (m) => {
          const x = m.input('x', { shape: item.input.shape });
          const weight = m.input('weight', { shape: item.weight.shape });
          const attrs = { axis: -1, axes: [-1] };
          const [grad] = gradients(builderOf(item.op)([x], attrs).mul(weight).sum(), [x]);
          if (grad === undefined) throw new Error('no gradient');
          const [second] = gradients(grad.square().sum(), [x]);
          m.entry('run', { grad, second: required(second) });
        });
        const session = await target.start(module);
        const outputs = await session.step('run', {
          inputs: { x: exact(item.input), weight: exact(item.weight) },
        });
        expectClose(outputs.grad, item.grad, toleranceOf(target, []), 'the gradient');
        expectClose(outputs.second, item.grad_of_sum_grad_squared, toleranceOf(target, []), 'the second one');
        await session.dispose();
      });
    }
  });

  describe(`optimizers on ${target.name} take PyTorch's steps`, () => {
    for (const { optimizer, attrs, x0_seed, x: expected } of optimizerCases()) {
      test(optimizer, async () => {
        const build = optimizersByName[optimizer];
        if (build === undefined) throw new Error(`unknown optimizer ${optimizer}: build it`);
        const count = expected[0]?.length ?? 0;
        const module = defineModule(optimizer, (m) => {
          const x = m.state('x', { shape: [count] });
          const g = m.input('g', { shape: [count] });
          const loss = x.mul(g).sum().add(x.square().sum().mul(0.05));
          m.entry('train', { updates: build(attrs).minimize(loss) });
        });
        const given = (data: ArrayLike<number>): Given => ({ shape: [count], data });
        const session = await target.start(module, { x: given(uniform(x0_seed, -1, 1, count)) });
        for (const [t, row] of expected.entries()) {
          expectClose(await session.read('x'), given(row), toleranceOf(target, []), `x after step ${t}`);
          if (t + 1 < expected.length) {
            await session.step('train', { inputs: { g: given(uniform(5000 + t, -1, 1, count)) } });
          }
        }
        await session.dispose();
      });
    }
  });
}

function byOp(cases: readonly OpCase[]): Map<string, OpCase[]> {
  const groups = new Map<string, OpCase[]>();
  for (const item of cases) groups.set(item.op, [...(groups.get(item.op) ?? []), item]);
  return groups;
}

/** What a float may be off, of the largest of its tensor. */
function toleranceOf(target: Target, nodes: readonly Node[]): number {
  if (target.floats === 'f64') return 1e-7;
  return longestSum(nodes) > 1000 ? 1e-4 : 1e-5;
}

async function checkOp(target: Target, op: string, cases: readonly OpCase[]): Promise<void> {
  const module = moduleOf(op, cases);
  const session = await target.start(module);
  for (const [k, item] of cases.entries()) {
    const entry = module.entries[k];
    const nodes = entry?.outputs.map(({ node }) => node) ?? [];
    const inputs = Object.fromEntries(item.inputs.map((input, i) => [nameOf(k, i), exact(input)]));
    const outputs = await session.step(`case${k}`, {
      inputs: item.cotangent === undefined ? inputs : { ...inputs, [cotangentOf(k)]: exact(item.cotangent) },
    });
    const label = `${op} ${JSON.stringify(item.attrs)} of ${item.inputs.map(({ shape }) => `[${shape}]`).join(', ')}`;
    const tolerance = toleranceOf(target, nodes);
    expectClose(outputs.output, item.output, item.output.dtype === 'f32' ? tolerance : 0, label);
    expect(nodes[0]?.dtype, `type of ${label}`).toBe(item.output.dtype);
    for (const [i, grad] of (item.grads ?? []).entries()) {
      expectClose(outputs[`grad${i}`], grad, tolerance, `gradient ${i} of ${label}`);
    }
  }
  await session.dispose();
}

/** An input as the reference saw it: its nine digits name a float32. */
function exact({ shape, dtype, data }: FixtureTensor): Given {
  return { shape, data: dtype === 'f32' ? data.map(Math.fround) : data };
}

/** One entry a case: the output, and the gradients of `sum(output · cotangent)` in the float inputs. */
function moduleOf(op: string, cases: readonly OpCase[]): Module {
  const build = builderOf(op);
  return defineModule(op, (m) => {
    for (const [k, { attrs, inputs, cotangent, grads }] of cases.entries()) {
      const leaf = (name: string, { shape, dtype }: FixtureTensor): Tensor => m.input(name, { shape, dtype });
      const leaves = inputs.map((input, i) => leaf(nameOf(k, i), input));
      const scale = typeof attrs.input_scale === 'number' ? attrs.input_scale : 1;
      const operands = scale === 1 ? leaves : leaves.map((x) => (x.dtype === 'f32' ? x.mul(scale) : x));
      const output = build(operands, attrs);
      const floats = leaves.filter((x) => x.dtype === 'f32');
      const weighed = cotangent && output.mul(leaf(cotangentOf(k), cotangent)).sum();
      const wanted = grads === undefined ? [] : floats.slice(0, grads.length);
      const found = weighed === undefined ? [] : gradients(weighed, wanted);
      m.entry(`case${k}`, { output, ...Object.fromEntries(found.map((grad, i) => [`grad${i}`, grad])) });
    }
  });
}

function builderOf(op: string): (typeof builders)[string] {
  const build = Object.hasOwn(builders, op) ? builders[op] : undefined;
  if (build === undefined) throw new Error(`unknown operation ${op}: build it`);
  return build;
}

function required(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error('no gradient');
  return tensor;
}

const nameOf = (k: number, i: number): string => `case${k}.x${i}`;
const cotangentOf = (k: number): string => `case${k}.cotangent`;
