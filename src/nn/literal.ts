import { ShapeError, Tensor, wordsOf } from '../graph/index.ts';

/** Elements of a table of indices or weights that a layer may make: it is part of the module. */
const MOST_VALUES = 2 ** 24;

/** Requires a layer's table to be of a sensible size, before it is made. @throws ShapeError naming what it is for */
export function requireTable(op: string, what: string, count: number): void {
  if (count <= MOST_VALUES) return;
  throw new ShapeError('too-large', op, `${what} takes a table of ${count} values: at most ${MOST_VALUES}`);
}

/** Given values as a tensor of another tensor's graph, row-major. */
export function literalIn(
  { graph }: Tensor,
  shape: readonly number[],
  values: readonly number[],
): Tensor<'f32'>;
export function literalIn<D extends 'f32' | 'i32'>(
  { graph }: Tensor,
  shape: readonly number[],
  values: readonly number[],
  dtype: D,
): Tensor<D>;
export function literalIn(
  { graph }: Tensor,
  shape: readonly number[],
  values: readonly number[],
  dtype: 'f32' | 'i32' = 'f32',
): Tensor {
  return new Tensor(graph, graph.build('literal', [], { words: wordsOf(values, dtype), shape, dtype }));
}
