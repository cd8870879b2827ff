import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Workload, workloadNames, workloadOf } from '../../bench/byName.ts';
import { kernelLines, kernelTimes } from '../../bench/kernels.ts';
import { peerWorkloads } from '../../bench/peers/optimizers.ts';
import { compile, type TargetName } from '../../src/index.ts';
import { otherLoops } from '../wgsl/loopForm.ts';

/** What `bench/peers/torch_models.py` prints: shapes of the parameters of PyTorch's models, by workload and name. */
const inPyTorch: unknown = JSON.parse(
  readFileSync(new URL('../../bench/peers/parameters.json', import.meta.url), 'utf8'),
);

/**
 * What compiles here besides those that learn. To compile all for all targets takes half a minute; models differ more
 * than targets do.
 */
const compiled: readonly (readonly [workload: string, target: TargetName])[] = [
  ['w6', 'webgpu'],
  ['w7', 'webgpu-software'],
  ['w8', 'webgpu'],
  ['w8', 'webgpu-software'],
  ['w8', 'wasm'],
];

/** Losses of four steps on one batch. */
async function losses({ module, data }: Workload): Promise<readonly number[]> {
  const session = await (await compile(module, { target: 'wasm' })).start({ seed: 1, threads: 1 });
  try {
    const rows = (await data())(module.sizes[0]?.max ?? 1);
    const epochs = await session.train({ data: rows, epochs: 4 });
    return epochs.map(({ loss }) => loss ?? Number.NaN);
  } finally {
    session.dispose();
  }
}

describe('the workloads', () => {
  it('have in PyTorch parameters of the same names and shapes', () => {
    const own = peerWorkloads.map((name) => {
      const parameters = workloadOf(name).module.states.filter(({ trainable }) => trainable);
      return [name, Object.fromEntries(parameters.map((state) => [state.name, state.node.shape]))];
    });
    expect(inPyTorch).toEqual(Object.fromEntries(own));
  });

  it.each(workloadNames)('%s has rows for its inputs, as many as are asked for', async (name) => {
    const { module, data } = workloadOf(name);
    const rows = (await data())(3);
    const elements = module.inputs.map(({ attrs, shape }) => [
      attrs.name,
      shape.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : 3), 1),
    ]);
    const lengths = Object.entries(rows).map(([input, values]) => [input, values.length]);
    expect(lengths).toEqual(elements);
  });

  it.each(compiled)('%s compiles for %s', async (name, target) => {
    const { report, program } = await compile(workloadOf(name).module, { target });
    // A GPU's driver takes its loops as they are.
    if (target !== 'wasm') expect(program.kernels.flatMap(({ code }) => otherLoops(code))).toEqual([]);
    expect(Object.keys(report.entries)).toEqual(['train', 'predict']);
    expect(report.peakBytes).toBeGreaterThanOrEqual(report.lowerBoundBytes);
  });

  it.each(['w5', 'w9'])('%s learns a batch on WebAssembly', async (name) => {
    const [first = Number.NaN, ...rest] = await losses(workloadOf(name));
    expect(rest).toHaveLength(3);
    for (const [k, loss] of rest.entries()) expect(loss).toBeLessThan([first, ...rest][k] ?? Number.NaN);
  });

  it('that are not there are refused by those that are', () => {
    expect(() => workloadOf('w0')).toThrow(/no workload "w0"; there are w1, w2, w2-1024, w3, w5/);
  });
});

describe('the table of kernels', () => {
  const report = (name: string) => ({
    name,
    kind: 'map',
    flops: 2e6,
    predicted: { micros: 20, limit: 'memory' as const },
  });

  it('leaves out samples of warming up, and says which part of the whole each kernel takes', () => {
    const kernels = kernelTimes(
      [report('a'), report('b')],
      [
        [900, 30, 30, 30],
        [900, 10, 10, 10],
      ],
      3,
    );
    const [a, b] = kernelLines(kernels, null);
    expect(a).toMatch(
      /^ +75\.0 % +30\.0 \(least +30\.0\) µs +predicted +20\.0 µs \(memory\) +2\.00 MFLOP +66\.7 GFLOP\/s +map +a$/,
    );
    expect(b).toMatch(/^ +25\.0 % +10\.0 /);
  });
});
