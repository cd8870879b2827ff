import { describe, expect, it } from 'vitest';
import { Graph, iota, Tensor } from '../../src/graph/index.ts';
import type { Dim } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import {
  countOf,
  forEachIndex,
  type NDArray,
  offsetOf,
  stridesOf,
  trimmed,
} from '../../src/reference/array.ts';
import { evaluate } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';
import { type Dot, randomDot } from '../oracle/randomDot.ts';
import { disagreements, firstDifference } from './agreement.ts';
import { wasmDisagreements } from './wasmAgreement.ts';

/** Modules of each run; `SINTER_SEEDS=1000-2000` runs others. */
const seeds = (count: number): number[] => {
  const [first = 0, last = count] = (process.env.SINTER_SEEDS ?? `0-${count}`).split('-').map(Number);
  return Array.from({ length: last - first }, (_, k) => first + k);
};

describe('a contraction of any axes', () => {
  it('is what its definition says, in the reference evaluator', () => {
    const kinds = new Set<string>();
    for (const seed of seeds(150)) {
      const dot = randomDot(seed);
      const { inputs, live = {} } = dot.step(0);
      const nodes = [dot.a, dot.b, dot.y].map((tensor) => tensor.node);
      const [a, b, y] = evaluate(nodes, { inputs, live }).map((value, k) =>
        trimmed(value, nodes[k]?.shape ?? [], live),
      );
      if (a === undefined || b === undefined || y === undefined) throw new Error('three values');
      const expected = { ...y, data: byDefinition(a, b, dot) };
      expect(firstDifference(y.data, expected, 1e-12), `seed ${seed}`).toBe(null);
      for (const kind of kindsOf(dot)) kinds.add(kind);
    }
    expect([...kinds].sort()).toEqual([
      'a bounded batch',
      'a bounded row',
      'a bounded sum',
      'axes of none',
      'axes of one element',
      'no batch',
      'no rows of a',
      'no rows of b',
      'no sum',
      'several axes of a batch',
      'several rows of a',
      'several rows of b',
      'several sums',
    ]);
  });

  it('has its value, gradients and second gradients in the kernels of WebGPU', () => {
    const targets = [machines.webgpu, machines['webgpu-software']] as const;
    const found = seeds(20).flatMap((seed) =>
      disagreements(randomDot(seed), targets[seed % 2 === 0 ? 0 : 1], new Set()),
    );
    expect(found).toEqual([]);
  });

  it('has them on WebAssembly', () => {
    expect(seeds(20).flatMap((seed) => wasmDisagreements(randomDot(seed), new Set()))).toEqual([]);
  });
});

describe('a product of matrices', () => {
  it('is that of its elements, spread over all leading axes', () => {
    const dice = new Dice(5);
    for (let k = 0; k < 100; k++) {
      const [rows, inner, columns] = [dice.between(1, 3), dice.between(1, 4), dice.between(1, 3)];
      const lead = Array.from({ length: dice.below(4) }, () => dice.between(1, 3));
      const some = (): number[] =>
        lead.slice(dice.below(lead.length + 1)).map((extent) => (dice.chance(0.4) ? 1 : extent));
      const graph = new Graph();
      const of = (shape: readonly number[], step: number): Tensor => {
        const count = shape.reduce((n, extent) => n * extent, 1);
        const flat = iota(new Tensor(graph, graph.build('constant', [], { value: 0, dtype: 'f32' })), [
          count,
        ]);
        return flat.cast('f32').mul(step).sub(1).reshape(shape);
      };
      const [a, b] = [of([...some(), rows, inner], 0.25), of([...some(), inner, columns], 0.5)];
      const [found, spread] = evaluate(
        [a.matmul(b).node, a.expandDims(-1).mul(b.expandDims(-3)).sum(-2).node],
        {},
      );
      expect(found).toEqual(spread);
    }
  });
});

/** What there is of each kind of axis. */
function kindsOf({ a, b, batch, over }: Dot): string[] {
  const rows = ({ shape }: Tensor, k: 0 | 1): Dim[] =>
    shape.filter((_, d) => !batch[k].includes(d) && !over[k].includes(d));
  const dims = (axes: readonly number[]): Dim[] => axes.map((d) => a.shape[d] ?? 0);
  const [ofA, ofB] = [rows(a, 0), rows(b, 1)];
  const isBounded = (dim: Dim): boolean => typeof dim === 'object';
  const facts = {
    'no batch': batch[0].length === 0,
    'no sum': over[0].length === 0,
    'no rows of a': ofA.length === 0,
    'no rows of b': ofB.length === 0,
    'several axes of a batch': batch[0].length > 1,
    'several sums': over[0].length > 1,
    'several rows of a': ofA.length > 1,
    'several rows of b': ofB.length > 1,
    'a bounded batch': dims(batch[0]).some(isBounded),
    'a bounded sum': dims(over[0]).some(isBounded),
    'a bounded row': [...ofA, ...ofB].some(isBounded),
    'axes of one element': [...a.shape, ...b.shape].includes(1),
    'axes of none': [...a.shape, ...b.shape].includes(0),
  };
  return Object.entries(facts).flatMap(([kind, holds]) => (holds ? [kind] : []));
}

/** The sum of products at every place of the result, one after the other. */
function byDefinition(a: NDArray, b: NDArray, { batch, over }: Dot): Float64Array {
  const rowsOf = (array: NDArray, k: 0 | 1): number[] =>
    array.shape.flatMap((_, d) => (batch[k].includes(d) || over[k].includes(d) ? [] : [d]));
  const [rowsA, rowsB] = [rowsOf(a, 0), rowsOf(b, 1)];
  const extents = (array: NDArray, dims: readonly number[]): number[] => dims.map((d) => array.shape[d] ?? 0);
  const result = [...extents(a, batch[0]), ...extents(a, rowsA), ...extents(b, rowsB)];
  const data = new Float64Array(countOf(result));
  const element = (array: NDArray, dims: readonly number[], at: readonly number[]): number =>
    array.data[
      offsetOf(
        array.shape.map((_, d) => at[dims.indexOf(d)] ?? 0),
        stridesOf(array.shape),
      )
    ] ?? 0;
  forEachIndex(result, (index, flat) => {
    const [ofBatch, ofA] = [
      index.slice(0, batch[0].length),
      index.slice(batch[0].length, -rowsB.length || undefined),
    ];
    const ofB = index.slice(result.length - rowsB.length);
    forEachIndex(extents(a, over[0]), (k) => {
      const x = element(a, [...batch[0], ...rowsA, ...over[0]], [...ofBatch, ...ofA, ...k]);
      const y = element(b, [...batch[1], ...rowsB, ...over[1]], [...ofBatch, ...ofB, ...k]);
      data[flat] = (data[flat] ?? 0) + x * y;
    });
  });
  return data;
}
