import type { Dtype } from '../loops/index.ts';
import { outer } from './composed/outer.ts';
import { type ContractOptions, contracted, multiplied } from './contract.ts';
import type { Node } from './node.ts';
import { showAs, tensorLine } from './shown.ts';
import { type ConvolveOptions, convolveAttrs } from './sliding.ts';
import { Indices } from './tensor/indices.ts';
import { nodeOf } from './tensor/value.ts';

/**
 * A value of a graph, to write expressions with. It holds no numbers: every method builds a node, or gives
 * the one that exists. Numbers among operands become constants; shapes broadcast as in NumPy; element types
 * are never cast by themselves.
 *
 * Every method throws a ShapeError, with the caller's line, where shapes or element types do not fit, and a GraphError
 * where an option is unknown or out of range.
 */
export class Tensor<D extends Dtype = Dtype> extends Indices<D> {
  /** The tensor of a node of this graph. `x.wrap(x.graph.build('neg', [x.node]))` */
  wrap(node: Node): Tensor {
    return node === this.node ? this : new Tensor(this.graph, node);
  }

  /** The same values, as a constant to gradients. `target.detach()` */
  detach(): Tensor<D> {
    return this.like(this.wrap(this.graph.build('detach', [this.node])));
  }

  // Products

  /** Product of matrices as NumPy's `matmul`: `[..., m, k] · [..., k, n]`, vectors allowed. `x.matmul(weight)` */
  matmul(other: Tensor): Tensor<D> {
    return this.like(this.wrap(multiplied(this.graph, this.node, nodeOf('matmul', other))));
  }
  /** All products of the elements of two vectors, `[m]` and `[n]`: `[m, n]` (PyTorch's `outer`). `x.outer(y)` */
  outer(other: Tensor): Tensor<D> {
    return this.like(outer(this, other));
  }

  /**
   * Products of two tensors, summed over axes that both have, the primitive of all matrix products (XLA's
   * `dot_general`). Axes that `options` does not name are rows. `einsum` names axes by letters.
   *
   * ```ts
   * x.contract(weight, { over: [[2], [0]] }); // [batch, tokens, in] · [in, units]: [batch, tokens, units]
   * x.contract(y, { over: [[0, 1], [0, 1]] }); // over batch and tokens: [in, units]
   * queries.contract(keys, { batch: [[0, 1], [0, 1]], over: [[-1], [-1]] }); // of each head: [batch, heads, q, k]
   * ```
   *
   * @returns `[...batch, ...rows of this, ...rows of other]`, axes of the batch as they are listed, rows in their order
   */
  contract(other: Tensor, options: ContractOptions): Tensor<D> {
    return this.like(this.wrap(contracted(this.graph, this.node, nodeOf('contract', other), options)));
  }

  /**
   * Sums of products of a window at its positions, the primitive of all convolutions: this is
   * `[batch, groups, in, ...space]`, the window `[groups, out, in, ...window]`; lists have a number for each axis of
   * space. The window is not turned around.
   *
   * Padding is zeros that the window multiplies: by an infinity or a NaN in it they are NaN. Between dilated neighbours
   * there is nothing.
   *
   * ```ts
   * x.convolve(window, { stride: [2, 2], low: [1, 1], high: [1, 1] });
   * ```
   *
   * @returns `[batch, groups, out, ...positions]`
   */
  convolve(window: Tensor, options: ConvolveOptions = {}): Tensor<D> {
    const node = nodeOf('convolve', window);
    return this.like(
      this.wrap(this.graph.build('convolve', [this.node, node], convolveAttrs(this.node, options))),
    );
  }
}

showAs(Tensor.prototype, {
  line: ({ node }) => tensorLine(node),
  html: async ({ node }) => (await import('./shownHtml.ts')).tensorHtml(node),
});
