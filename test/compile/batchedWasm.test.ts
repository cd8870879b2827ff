import { expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { caseOf, type Leaf } from '../oracle/leaves.ts';
import { wasmDisagreements } from './wasmAgreement.ts';

it('products of a batch are all there where their sum is taken in the same task', () => {
  const leaf: Leaf = { name: 'x', shape: [4, 8, 11], dtype: 'f32', below: 0 };
  const module = defineModule('batch', (m) => {
    const x = m.input('x', { shape: leaf.shape });
    const out = x.matmul(x.transpose());
    m.entry('run', { out, mean: out.mean() });
  });
  const random = caseOf(0, module, { inputs: [leaf], states: [], size: undefined });
  expect(wasmDisagreements(random, new Set())).toEqual([]);
});
