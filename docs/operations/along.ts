import { section } from './row.ts';

export const reductions = section(
  'Reductions',
  'Over some axes or all; `{ keepDims: true }` keeps them, of one element each. Bounded sizes count what is live.',
  `
x.sum(axes) ¦ Σ x ¦ […, n, …] → […] ¦ c to all ¦ 0 of nothing; integers wrap ¦ sum ¦ jnp.sum
x.mean(axes) ¦ Σ x / n ¦ […, n, …] → […] ¦ c / n to all ¦ NaN of nothing ¦ mean ¦ jnp.mean
x.prod(axes) ¦ Π x ¦ […, n, …] → […] ¦ c times the product of the others ¦ 1 of nothing; right beside zeros ¦ prod ¦ jnp.prod
x.max(axes) ¦ the largest ¦ […, n, …] → […] ¦ c to the first of them ¦ NaN if any is; refused of nothing ¦ amax ¦ jnp.max
x.min(axes) ¦ the smallest ¦ […, n, …] → […] ¦ c to the first of them ¦ NaN if any is; refused of nothing ¦ amin ¦ jnp.min
x.argmax(axes) ¦ place of the largest, i32 ¦ […, n, …] → […] ¦ none ¦ the first of equal ones; a NaN is the largest ¦ argmax ¦ jnp.argmax
x.argmin(axes) ¦ place of the smallest, i32 ¦ […, n, …] → […] ¦ none ¦ the first of equal ones; a NaN is the smallest ¦ argmin ¦ jnp.argmin
x.logSumExp(axes) ¦ log Σ eˣ ¦ […, n, …] → […] ¦ c softmax(x) ¦ -∞ of -∞ alone; no overflow ¦ logsumexp ¦ jax.nn.logsumexp
x.variance(axes) ¦ Σ (x - mean)² / (n - correction) ¦ […, n, …] → […] ¦ 2 c (x - mean) / (n - correction) ¦ correction is 0 where it is left out ¦ var(correction=0) ¦ jnp.var
x.std(axes) ¦ √variance ¦ […, n, …] → […] ¦ c (x - mean) / ((n - correction) std) ¦ gradient 0 where all are equal ¦ std(correction=0) ¦ jnp.std
x.norm(ord, axes) ¦ (Σ |x|ᵖ)^(1/p) ¦ […, n, …] → […] ¦ c sign(x) |x|^(p-1) / norm^(p-1) ¦ 0 counts, ±∞ are extrema ¦ linalg.vector_norm ¦ jnp.linalg.norm
x.any(axes) ¦ whether one holds ¦ […, n, …] → […] ¦ none ¦ false of nothing ¦ any ¦ jnp.any
x.all(axes) ¦ whether all hold ¦ […, n, …] → […] ¦ none ¦ true of nothing ¦ all ¦ jnp.all
x.countNonzero(axes) ¦ how many are not 0, i32 ¦ […, n, …] → […] ¦ none ¦ a NaN counts ¦ count_nonzero ¦ jnp.count_nonzero
x.softmax(axis) ¦ eˣ / Σ eˣ ¦ […] → […] ¦ s (c - Σ c s) ¦ no overflow; exact where it is saturated ¦ softmax ¦ jax.nn.softmax
x.logSoftmax(axis) ¦ x - log Σ eˣ ¦ […] → […] ¦ c - softmax(x) Σ c ¦ no overflow ¦ log_softmax ¦ jax.nn.log_softmax
`,
);

export const scans = section(
  'Scans',
  'Along one axis, in blocks that run in parallel; `{ exclusive: true }` leaves the own element out, `{ reverse: true }` begins at the end.',
  `
x.cumsum(axis) ¦ Σ of x up to here ¦ […] → […] ¦ the cumsum of c from the end ¦ ¦ cumsum ¦ jnp.cumsum
x.cumprod(axis) ¦ Π of x up to here ¦ […] → […] ¦ sums of c times products of the others ¦ right beside zeros ¦ cumprod ¦ jnp.cumprod
x.cummax(axis) ¦ the largest up to here ¦ […] → […] ¦ c to the last of equal ones ¦ NaN from the first on ¦ cummax ¦ lax.cummax
x.cummin(axis) ¦ the smallest up to here ¦ […] → […] ¦ c to the last of equal ones ¦ NaN from the first on ¦ cummin ¦ lax.cummin
x.cumargmax(axis) ¦ place of the largest up to here, i32 ¦ […] → […] ¦ none ¦ the last of equal ones, or of NaN ¦ cummax ¦
x.cumargmin(axis) ¦ place of the smallest up to here, i32 ¦ […] → […] ¦ none ¦ the last of equal ones, or of NaN ¦ cummin ¦
x.logCumSumExp(axis) ¦ log Σ of eˣ up to here ¦ […] → […] ¦ as of its pieces ¦ no overflow; -∞ of -∞ alone, with gradient 0 ¦ logcumsumexp ¦ lax.cumlogsumexp
`,
);

export const order = section(
  'Order',
  'Along an axis. What is equal keeps its order, and a NaN is greater than all numbers.',
  `
x.sort(axis) ¦ the elements in order, and their numbers ¦ […] → { values, indices } ¦ c back to where they were ¦ NaN last; { descending } ¦ sort ¦ jnp.sort
x.argsort(axis) ¦ their numbers in order, i32 ¦ […] → […] ¦ none ¦ NaN last ¦ argsort ¦ jnp.argsort
x.topK(k, axis) ¦ the k largest, and their numbers ¦ […, n] → { values, indices } of […, k] ¦ c back to where they were ¦ a NaN is the largest ¦ topk ¦ lax.top_k
x.median(axis) ¦ the middle one, the lower of two ¦ […, n] → […] ¦ c to it ¦ NaN if any is ¦ median ¦
x.quantile(q, axis) ¦ the element q of the way through ¦ […, n] → […] ¦ c to both beside it, in proportion ¦ NaN if any is ¦ quantile ¦ jnp.quantile
x.searchSorted(values) ¦ how many elements, in order, come before each value, i32 ¦ [n], […] → […] ¦ none ¦ { right }: behind equal ones ¦ searchsorted ¦ jnp.searchsorted
`,
);

export const movement = section(
  'Movement',
  'Nothing is computed or copied: a movement is an index expression of what reads it. Negative axes count from the end. A gradient is the movement back.',
  `
x.reshape(shape) ¦ the same elements in order ¦ […] → shape ¦ reshaped back ¦ one dimension may be -1 ¦ reshape ¦ jnp.reshape
x.flatten(start, end) ¦ some axes as one ¦ [a, b, …] → [a b, …] ¦ reshaped back ¦ ¦ flatten ¦
x.permute(order) ¦ axes in another order ¦ [a, b] → [b, a] ¦ permuted back ¦ ¦ permute ¦ jnp.transpose
x.transpose(a, b) ¦ two axes swapped ¦ […, a, b] → […, b, a] ¦ swapped back ¦ the last two where they are left out ¦ transpose ¦ jnp.swapaxes
x.moveAxis(from, to) ¦ axes at other places ¦ [a, b, c] → [b, c, a] ¦ moved back ¦ ¦ movedim ¦ jnp.moveaxis
x.broadcastTo(shape) ¦ spread over new and single axes ¦ [1, n] → [m, n] ¦ summed ¦ ¦ broadcast_to ¦ jnp.broadcast_to
x.expandDims(axis) ¦ a new axis of one element ¦ [n] → [1, n] ¦ squeezed ¦ ¦ unsqueeze ¦ jnp.expand_dims
x.squeeze(axes) ¦ without axes of one element ¦ [1, n] → [n] ¦ expanded ¦ ¦ squeeze ¦ jnp.squeeze
x.slice(starts, stops, steps) ¦ every s-th element of ranges ¦ [n] → [m] ¦ padded, spread ¦ as NumPy’s: negative ones from the end ¦ x[a:b:s] ¦ x[a:b:s]
x.select(axis, index) ¦ one index of an axis ¦ [a, n, b] → [a, b] ¦ padded ¦ -1 is the last ¦ select ¦ x[:, i]
x.split(sizes, axis) ¦ parts of some lengths ¦ [n] → [m], […] ¦ concatenated ¦ ¦ split ¦ jnp.split
x.chunk(count, axis) ¦ so many parts, as equal as can be ¦ [n] → [m], […] ¦ concatenated ¦ there may be fewer ¦ chunk ¦ jnp.array_split
x.tile(repeats) ¦ again and again ¦ [n] → [r n] ¦ summed ¦ ¦ tile ¦ jnp.tile
x.repeatInterleave(repeats, axis) ¦ each element again ¦ [n] → [r n] ¦ summed ¦ ¦ repeat_interleave ¦ jnp.repeat
x.roll(shifts, axes) ¦ around the end ¦ […] → […] ¦ rolled back ¦ ¦ roll ¦ jnp.roll
x.pad(low, high, value) ¦ more elements around ¦ [n] → [l + n + h] ¦ sliced; of modes summed ¦ a value, or mode reflect or replicate ¦ nn.functional.pad ¦ jnp.pad
x.flip(axes) ¦ backwards ¦ […] → […] ¦ flipped ¦ ¦ flip ¦ jnp.flip
x.tril(diagonal) ¦ zeros above a diagonal ¦ […, n, m] → […, n, m] ¦ tril of c ¦ ¦ tril ¦ jnp.tril
x.triu(diagonal) ¦ zeros below a diagonal ¦ […, n, m] → […, n, m] ¦ triu of c ¦ ¦ triu ¦ jnp.triu
x.windows(options) ¦ windows that slide ¦ […, n] → […, positions, window] ¦ foldWindows ¦ ¦ unfold ¦
x.foldWindows(extents, options) ¦ sums of what windows hold ¦ […, positions, window] → […, n] ¦ windows ¦ ¦ nn.functional.fold ¦
concat(tensors, axis) ¦ one after another ¦ [n], [m] → [n + m] ¦ sliced ¦ ¦ cat ¦ jnp.concatenate
stack(tensors, axis) ¦ along a new axis ¦ [n], [n] → [2, n] ¦ sliced ¦ ¦ stack ¦ jnp.stack
x.detach() ¦ x, as a constant to gradients ¦ […] → […] ¦ none ¦ ¦ detach ¦ lax.stop_gradient
`,
);

export const indices = section(
  'Indices',
  'Indices are i32. Those of inputs and literals are checked as they come in; those that a step computes read the nearest element there is.',
  `
x.take(indices, axis) ¦ elements of an axis by number ¦ [n, …], [k] → [k, …] ¦ summed by segment ¦ ¦ index_select ¦ jnp.take
x.pick(indices) ¦ one of each row ¦ […, n], […] → […] ¦ c at that place ¦ ¦ gather ¦
x.takeAlongAxis(indices, axis) ¦ elements along an axis ¦ […, n], […, k] → […, k] ¦ scattered ¦ ¦ gather ¦ jnp.take_along_axis
x.segmentSum(indices, n) ¦ sums of the rows of each number ¦ [k, …], [k] → [n, …] ¦ taken ¦ out of range it is the nearest row ¦ index_add ¦ jax.ops.segment_sum
x.bincount(n) ¦ how often each number stands, i32 ¦ […] → [n] ¦ none ¦ out of range it is the nearest ¦ bincount ¦ jnp.bincount
x.indexAdd(axis, indices, source) ¦ x, and rows added to it ¦ [n, …], [k], [k, …] → [n, …] ¦ c; taken ¦ repeated ones add up ¦ index_add ¦ x.at[i].add
x.scatterAdd(axis, indices, source) ¦ x, and elements added to it ¦ […, n], […, k], […, k] → […, n] ¦ c; taken along the axis ¦ repeated ones add up ¦ scatter_add ¦ x.at[i].add
x.scatter(axis, indices, source) ¦ x, and elements written to it ¦ […, n], […, k], […, k] → […, n] ¦ c where nothing is written; taken of what stays ¦ of repeated ones the last stays ¦ scatter ¦ x.at[i].set
x.scatterReduce(axis, indices, source, reduction) ¦ x, combined with elements ¦ […, n], […, k], […, k] → […, n] ¦ as of the reduction ¦ sum, prod, max, min ¦ scatter_reduce ¦ x.at[i].max
x.indexCopy(axis, indices, source) ¦ x, and rows written to it ¦ [n, …], [k], [k, …] → [n, …] ¦ c where nothing is written; taken of what stays ¦ of repeated ones the last stays ¦ index_copy ¦ x.at[i].set
x.oneHot(n) ¦ 1 at the index, else 0 ¦ […] → […, n] ¦ none ¦ zeros out of range, which is not checked ¦ nn.functional.one_hot ¦ jax.nn.one_hot
iota(m, shape, axis) ¦ the index along an axis ¦ → shape ¦ none ¦ ¦ arange ¦ lax.broadcasted_iota
x.iota(shape, axis) ¦ the index along an axis ¦ → shape ¦ none ¦ ¦ arange ¦ lax.broadcasted_iota
x.iotaLike(axis) ¦ the index along an axis of x ¦ […] → […] ¦ none ¦ ¦ arange ¦ lax.broadcasted_iota
x.liveCount(axes) ¦ how many elements are live, f32 ¦ […] → [] ¦ none ¦ ¦ numel ¦ size
x.fullLike(value) ¦ one value everywhere ¦ […] → […] ¦ none ¦ ¦ full_like ¦ jnp.full_like
full(m, shape, value) ¦ one value everywhere ¦ → shape ¦ none ¦ ¦ full ¦ jnp.full
zeros(m, shape) ¦ 0 everywhere ¦ → shape ¦ none ¦ ¦ zeros ¦ jnp.zeros
ones(m, shape) ¦ 1 everywhere ¦ → shape ¦ none ¦ ¦ ones ¦ jnp.ones
`,
);

export const products = section(
  'Products',
  'Sums of products: each is one contraction to the compiler, whatever axes it takes. Sums are in float32, in an order that the schedule says.',
  `
x.matmul(y) ¦ Σ x[…, i, k] y[…, k, j] ¦ […, n, k], […, k, m] → […, n, m] ¦ c yᵀ; xᵀ c ¦ NumPy’s rules for vectors and batches ¦ matmul ¦ jnp.matmul
x.contract(y, axes) ¦ Σ over paired axes ¦ [b, n, k], [b, m, k] → [b, n, m] ¦ contractions ¦ ¦ tensordot ¦ lax.dot_general
x.outer(y) ¦ x[i] y[j] ¦ [n], [m] → [n, m] ¦ c y; c x ¦ ¦ outer ¦ jnp.outer
einsum(equation, …) ¦ a sum of products by letters ¦ “ij,jk->ik” ¦ einsums ¦ repeated letters are diagonals, … is all other axes ¦ einsum ¦ jnp.einsum
nn.convolve(x, weight) ¦ Σ x[i · stride + w] weight[w] ¦ [b, c, …], [f, c, …w] → [b, f, …] ¦ convolutions ¦ ¦ nn.functional.conv2d ¦ lax.conv_general_dilated
x.convolve(weight, options) ¦ Σ x[i · stride + w] weight[w] ¦ [b, g, …, c], [g, f, …w, c] → [b, g, …, f] ¦ convolutions ¦ the primitive: axes of its own ¦ ¦ lax.conv_general_dilated
nn.convolveTransposed(x, weight) ¦ the gradient of a convolution ¦ [b, c, …], [c, f, …w] → [b, f, …] ¦ convolutions ¦ ¦ nn.functional.conv_transpose2d ¦ lax.conv_transpose
`,
);

export const derivatives = section(
  'Derivatives',
  'Graph to graph: what they give is built of the same operations, and differentiates again.',
  `
gradients(outputs, wrt, cotangents) ¦ cᵀ J ¦ one of the shape of each of wrt ¦ differentiates again ¦ zeros where nothing depends ¦ autograd.grad ¦ jax.grad, jax.vjp
jvp(output, wrt, tangents) ¦ J v ¦ of the output’s shape ¦ differentiates again ¦ ¦ func.jvp ¦ jax.jvp
hvp(loss, wrt, vectors) ¦ H v ¦ one of the shape of each of wrt ¦ differentiates again ¦ ¦ autograd.functional.hvp ¦
jacobian(output, wrt) ¦ J ¦ […output, …wrt] ¦ differentiates again ¦ ¦ func.jacrev ¦ jax.jacobian
hessian(loss, wrt) ¦ H ¦ […wrt, …wrt] ¦ differentiates again ¦ ¦ func.hessian ¦ jax.hessian
customGradient(f, vjp) ¦ f ¦ those of f ¦ vjp({ inputs, output, cotangent }) ¦ ¦ autograd.Function ¦ jax.custom_vjp
substitute(tensor, pairs) ¦ the same computation of other tensors ¦ […] → […] ¦ through what stands in their place ¦ ¦ func.functional_call ¦
whileTraining(trained, evaluated) ¦ trained, until evaluation ¦ […], […] → […] ¦ c; none ¦ ¦ Module.training ¦
evaluation(tensor) ¦ what a value is once training is over ¦ […] → […] ¦ as of its pieces ¦ ¦ Module.eval ¦
`,
);

export const randomNumbers = section(
  'Random numbers',
  'Drawn on the device by Threefry-2x32, from the session’s seed, the place that draws and the number of the step: the same bits on every target, except those of normal and of uniform with a low, which each target rounds for itself. Nothing has a gradient.',
  `
random.uniform(m, shape) ¦ evenly from low to high ¦ → shape ¦ none ¦ multiples of 2⁻²⁴ of the distance ¦ rand ¦ jax.random.uniform
random.normal(m, shape) ¦ normally ¦ → shape ¦ none ¦ at most 6.34 deviations from the mean ¦ randn ¦ jax.random.normal
random.bernoulli(m, p, shape) ¦ whether, with probability p ¦ → shape ¦ none ¦ p in steps of 2⁻³², as a tensor of 2⁻²⁴, and NaN as 0 ¦ bernoulli ¦ jax.random.bernoulli
random.integers(m, low, high, shape) ¦ evenly from low to below high, i32 ¦ → shape ¦ none ¦ probabilities within 2⁻³² of one another ¦ randint ¦ jax.random.randint
random.permutation(m, n) ¦ 0 to n - 1 in random order, i32 ¦ → [n] ¦ none ¦ ¦ randperm ¦ jax.random.permutation
`,
);
