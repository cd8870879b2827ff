import { describe, expect, test } from 'vitest';
import type { EvaluatedKernel, Placement, Stmt } from '../../src/kernels/kernel.ts';
import { apply, constant, load, type Tensor, varRef } from '../../src/loops/index.ts';
import { likenessOf } from '../../src/program/likeness.ts';

const temp = (name: string, elements = 64): Tensor => ({
  name,
  shape: [elements],
  dtype: 'f32',
  role: 'temp',
});

interface Options {
  /** Names of the variable, and of the tensors that are read and written. */
  readonly names?: readonly [variable: string, from: string, to: string];
  readonly offsets?: readonly [from: number, to: number];
  readonly id?: 'wg' | 'lid';
  readonly factor?: number;
  readonly comment?: string;
}

/** `to[id] = from[id] * factor`, and its likeness. */
function keyOf({
  names = ['v', 'a', 'b'],
  offsets = [0, 64],
  id = 'wg',
  factor = 2,
  comment = '',
}: Options): string {
  const [variable, from, to] = [names[0], temp(names[1]), temp(names[2])];
  const at = [varRef(id, 'i32')];
  const body: readonly Stmt[] = [
    { kind: 'comment', text: comment },
    { kind: 'let', name: variable, value: load(from, at) },
    { kind: 'store', tensor: to, at, value: apply('mul', varRef(variable, 'f32'), constant(factor, 'f32')) },
  ];
  const kernel: EvaluatedKernel = {
    name: `${from.name}_${to.name}`,
    kind: 'map',
    workgroup: 64,
    grid: 1,
    arrays: [],
    body,
    origin: [],
    flat: true,
  };
  const places = new Map<Tensor, Placement>([
    [from, { arena: 'temps', offset: offsets[0] }],
    [to, { arena: 'temps', offset: offsets[1] }],
  ]);
  return likenessOf(kernel, (tensor) => places.get(tensor) ?? { arena: 'temps', offset: 0 }).key;
}

describe('kernels are alike', () => {
  test('whatever their variables, their tensors and their comments are called, and wherever tensors lie', () => {
    const renamed = keyOf({ names: ['w', 'c', 'd'], offsets: [640, 128], comment: 'the second layer' });
    expect(renamed).toBe(keyOf({}));
  });

  test.each<[string, Options]>([
    ['they compute something else', { factor: 3 }],
    ['a constant has another sign of zero', { factor: -0 }],
    ['a constant is not a number', { factor: Number.NaN }],
    ['they read another number that each invocation has', { id: 'lid' }],
    ['tensors share memory', { offsets: [0, 0] }],
    ['tensors share a part of their memory', { offsets: [32, 0] }],
  ])('but not where %s', (_, options) => {
    const plain = options.factor === undefined ? {} : { factor: 0 };
    expect(keyOf(options)).not.toBe(keyOf(plain));
  });
});
