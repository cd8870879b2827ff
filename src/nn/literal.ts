import { Tensor, wordsOf } from '../graph/index.ts';

/** Given values as a tensor of another tensor's graph, row-major. */
export function literalIn(
  { graph }: Tensor,
  shape: readonly number[],
  values: readonly number[],
  dtype: 'f32' | 'i32' = 'f32',
): Tensor {
  return new Tensor(graph, graph.build('literal', [], { words: wordsOf(values, dtype), shape, dtype }));
}
