import { afterAll, describe, expect, inject, test } from 'vitest';
import {
  defineModule,
  GraphError,
  type GraphIssue,
  type Module,
  type ModuleBuilder,
  type Tensor,
} from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { type Given, referenceSession } from '../../src/reference/index.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { Call, Unsupported } from './call.ts';
import type { Build } from './elementwise.ts';
import { operations } from './operations.ts';
import { refusals } from './refusals.ts';
import { readSamples, type Sample, type SampleTensor, weightOf } from './samples.ts';

/**
 * PyTorch's own samples of its operations, drawn by its test suite: values, gradients and second gradients, on the
 * reference evaluator in float64 and on WebAssembly.
 */

const samples = readSamples(inject('samples'));

const targets: readonly (readonly [target: Target, tolerance: Tolerance])[] = [
  [reference, { value: 1e-7, gradient: 1e-7, second: 1e-6 }],
  [wasm(1), { value: 1e-5, gradient: 2e-5, second: 1e-4 }],
];

/** What a float may be off, of the largest of its tensor. */
interface Tolerance {
  readonly value: number;
  readonly gradient: number;
  readonly second: number;
}

describe.each(targets)('on $name', (target, tolerance) => {
  const counts = { samples: 0, values: 0, gradients: 0, second: 0, refused: new Map<string, number>() };
  afterAll(() => {
    const { refused, ...all } = counts;
    const numbers = Object.entries(all).map(([name, count]) => `${count} ${name}`);
    console.log(`${target.name}: ${samples.size} operations, ${numbers.join(', ')}`);
    const reasons = [...refused].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} ${reason}`);
    console.log(`${target.name}: not compared: ${reasons.join('; ')}`);
  });
  test.each(Object.entries(operations))('%s', async (name, build) => {
    const taken = samples.get(name) ?? [];
    expect(taken.length, `samples of ${name}`).toBeGreaterThan(0);
    const refused: Partial<Record<GraphIssue, number>> = {};
    const { module, built } = moduleOf(name, build, taken, (why, code) => {
      const reason = `${name}: ${why}`;
      counts.refused.set(reason, (counts.refused.get(reason) ?? 0) + 1);
      if (code !== undefined) refused[code] = (refused[code] ?? 0) + 1;
    });
    expect(refused, `what this library refuses of the samples of ${name}`).toEqual(refusals[name] ?? {});
    expect(built.length, `samples of ${name} that have a form here`).toBeGreaterThan(0);
    const session = await target.start(module);
    const inFloat32 =
      target.floats === 'f32' ? referenceSession(module, {}, { precision: 'f32' }) : undefined;
    for (const k of built) {
      const sample = taken[k];
      if (sample === undefined) throw new RangeError(`there is no sample ${k}`);
      const inputs = Object.fromEntries(sample.inputs.map((input, i) => [`${k}.${i}`, input]));
      const found = await session.step(`sample ${k}`, { inputs });
      const rounded = inFloat32?.step(`sample ${k}`, { inputs }) ?? {};
      const label = `${name} ${k} ${JSON.stringify([sample.arguments, sample.options])} of ${sample.inputs.map(({ shape }) => `[${shape}]`).join(', ')}`;
      counts.samples++;
      sample.results.forEach((wanted, i) => {
        const allowed = wanted.dtype === 'f32' ? tolerance.value : 0;
        compare(found[`y${i}`], wanted, rounded[`y${i}`], allowed, `result ${i} of ${label}`);
        counts.values++;
      });
      counts.gradients += compareAll(found, rounded, 'g', sample.g, tolerance.gradient, label);
      counts.second += compareAll(found, rounded, 'h', sample.h, tolerance.second, label);
    }
    await session.dispose();
  });
});

/** Compares gradients in inputs. @returns how many there are */
function compareAll(
  found: Readonly<Record<string, Given>>,
  rounded: Readonly<Record<string, Given>>,
  kind: 'g' | 'h',
  wanted: Sample['g'],
  tolerance: number,
  label: string,
): number {
  let count = 0;
  for (const [i, expected] of (wanted ?? []).entries()) {
    const own = found[`${kind}${i}`];
    if (own === undefined) continue;
    compare(
      own,
      expected ?? { shape: own.shape, data: Array.from(own.data, () => 0) },
      rounded[`${kind}${i}`],
      tolerance,
      `${kind} in input ${i} of ${label}`,
    );
    count++;
  }
  return count;
}

/** Is told why a sample, or a gradient of it, has no form here, and the rule where it is one of this library. */
type Refuse = (why: string, code?: GraphIssue) => void;

/** One module with an entry for each sample that has a form here. @param refuse is told why others have none */
function moduleOf(
  name: string,
  build: Build,
  taken: readonly Sample[],
  refuse: Refuse,
): { readonly module: Module; readonly built: readonly number[] } {
  const built: number[] = [];
  const module = defineModule(name, (m) => {
    for (const [k, sample] of taken.entries()) {
      try {
        m.entry(`sample ${k}`, outputsOf(m, build, sample, k, refuse));
        built.push(k);
      } catch (error) {
        refuseBy(error, refuse);
      }
    }
    if (built.length === 0) m.entry('none', { y: m.literal([0], { shape: [1] }) });
  });
  return { module, built };
}

/** Says why something has no form here. @throws what is given, where it is not a refusal */
function refuseBy(error: unknown, refuse: Refuse): void {
  if (error instanceof GraphError) refuse(error.message.replace(/ {2}at .*/, ''), error.code);
  else if (error instanceof Unsupported) refuse(error.message);
  else throw error;
}

/** Results, and gradients as far as there are some here. @param refuse is told why others have none */
function outputsOf(
  m: ModuleBuilder,
  build: Build,
  sample: Sample,
  k: number,
  refuse: Refuse,
): Record<string, Tensor> {
  for (const { dtype, data } of [...sample.inputs, ...sample.results])
    if (dtype === 'i32' && data.some((x) => (x | 0) !== x)) throw new Unsupported('integers of 64 bits');
  const inputs = sample.inputs.map(({ shape, dtype }, i) => m.input(`${k}.${i}`, { shape, dtype }));
  const call = new Call(sample, inputs);
  const made = build(call);
  call.requireAsked();
  const results = Array.isArray(made) ? made : [made];
  const outputs = byNumber('y', results);
  if (sample.g === undefined) return outputs;
  const total = sumOf(
    results.flatMap((y, i) => {
      const wanted = sample.results[i];
      return y.dtype !== 'f32' || wanted === undefined ? [] : [y.mul(weights(m, wanted)).sum()];
    }),
  );
  const wrt = inputs.flatMap((input, i) =>
    sample.g?.[i] === null || input.dtype !== 'f32' ? [] : [{ input, i }],
  );
  const asked = wrt.map(({ input }) => input);
  const named = (kind: 'g' | 'h', list: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(list.map((tensor, j) => [`${kind}${wrt[j]?.i}`, tensor]));
  try {
    const g = gradients(total, asked);
    Object.assign(outputs, named('g', g));
    if (sample.h === undefined) return outputs;
    const squares = sumOf(g.map((tensor) => tensor.square().sum()));
    Object.assign(outputs, named('h', gradients(squares, asked)));
  } catch (error) {
    refuseBy(error, refuse);
  }
  return outputs;
}

function byNumber(name: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, k) => [`${name}${k}`, tensor]));
}

function weights(m: ModuleBuilder, { shape, data }: SampleTensor): Tensor {
  return m.literal(
    data.map((_, k) => weightOf(k)),
    { shape },
  );
}

function sumOf(scalars: readonly Tensor[]): Tensor {
  return scalars.length === 0 ? unreachable() : scalars.reduce((a, b) => a.add(b));
}

function unreachable(): never {
  throw new Unsupported('no float result');
}

/**
 * Expects equal shapes, and elements no farther apart than `tolerance` times the largest, and four times what rounding to
 * float32 at every operation does to them; a NaN equals a NaN.
 */
function compare(
  actual: Given | undefined,
  expected: Given,
  rounded: Given | undefined,
  tolerance: number,
  what: string,
): void {
  expect(actual?.shape, `shape of ${what}`).toEqual(expected.shape);
  const places = Array.from(expected.data, (_, k) => k);
  const largestOf = (size: (k: number) => number): number =>
    places.reduce((most, k) => (Number.isFinite(size(k)) ? Math.max(most, size(k)) : most), 0);
  const largest = largestOf((k) => Math.abs(expected.data[k] ?? 0));
  const spread =
    tolerance === 0 || rounded === undefined
      ? 0
      : largestOf((k) => Math.abs((rounded.data[k] ?? 0) - (expected.data[k] ?? 0)));
  const allowed = tolerance * Math.max(largest, SMALLEST) + 4 * spread;
  const wrong = places.filter((k) => {
    const [a = Number.NaN, b = Number.NaN] = [actual?.data[k], expected.data[k]];
    return !(Object.is(a, b) || a === b || Math.abs(a - b) <= allowed);
  });
  const [first = 0] = wrong;
  expect(
    wrong.length,
    `${wrong.length} elements of ${what}, the first [${first}]: ${actual?.data[first]}, not ${expected.data[first]}`,
  ).toBe(0);
}

/** What a tensor of zeros is measured by. */
const SMALLEST = 1e-2;
