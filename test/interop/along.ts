import { concat, einsum, type Tensor } from '../../src/graph/index.ts';
import { type Call, stacked, unsupported } from './call.ts';
import type { Build } from './elementwise.ts';

const keep = (call: Call): { readonly keepDims: boolean } => ({ keepDims: call.flag('keepdim', 2) });
/** A sum or product of integers and truth values is one of integers. */
const whole = (x: Tensor): Tensor => (x.dtype === 'bool' ? x.cast('i32') : x);
const rank = (x: Tensor): number => x.shape.length;
/** A dimension that is a number. */
const extent = (x: Tensor, axis: number): number => Number(x.shape.at(axis) ?? 1);

const reduction =
  (f: (x: Tensor, axes: readonly number[] | undefined, call: Call) => Tensor): Build =>
  (call) =>
    f(call.tensor(0), axesOf(call), call);
/** An empty list of axes is all of them, in PyTorch's old reductions. */
const axesOf = (call: Call): readonly number[] | undefined => {
  const axes = call.axes();
  return axes?.length === 0 ? undefined : axes;
};

const running =
  (f: (x: Tensor, axis: number) => readonly Tensor[]): Build =>
  (call) =>
    f(ordered(call.tensor(0)), call.number('dim', 1));
/** What can be put in order. */
const ordered = (x: Tensor): Tensor => (x.dtype === 'bool' ? unsupported('bool') : x);
const sorting = (call: Call): { readonly descending: boolean } => {
  call.flag('stable');
  return { descending: call.flag('descending', 2) };
};
const kindOf = (x: Tensor): 'f32' | 'i32' | 'bool' =>
  x.dtype === 'f32' || x.dtype === 'bool' ? x.dtype : 'i32';

export const along: Readonly<Record<string, Build>> = {
  sum: reduction((x, axes, call) => whole(x).sum(axes, keep(call))),
  mean: reduction((x, axes, call) => x.mean(axes, keep(call))),
  prod: reduction((x, axes, call) => whole(x).prod(axes, keep(call))),
  amax: reduction((x, axes, call) => (x.dtype === 'bool' ? unsupported('bool') : x.max(axes, keep(call)))),
  amin: reduction((x, axes, call) => (x.dtype === 'bool' ? unsupported('bool') : x.min(axes, keep(call)))),
  argmax: reduction((x, axes, call) => x.argmax(axes, keep(call))),
  argmin: reduction((x, axes, call) => x.argmin(axes, keep(call))),
  logsumexp: reduction((x, axes, call) => x.cast('f32').logSumExp(axes, keep(call))),
  all: reduction((x, axes, call) => x.cast('bool').all(axes, keep(call))),
  any: reduction((x, axes, call) => x.cast('bool').any(axes, keep(call))),
  count_nonzero: reduction((x, axes) => x.cast('bool').countNonzero(axes)),
  var: reduction((x, axes, call) => x.variance(axes, { ...keep(call), correction: correctionOf(call) })),
  std: reduction((x, axes, call) => x.std(axes, { ...keep(call), correction: correctionOf(call) })),
  'linalg.vector_norm': (call) =>
    call.tensor(0).norm(call.number('ord', 1, 2), call.axes(2), { keepDims: call.flag('keepdim', 3) }),
  cumsum: (call) => whole(call.tensor(0)).cumsum(call.number('dim', 1)),
  cumprod: (call) => whole(call.tensor(0)).cumprod(call.number('dim', 1)),
  cummax: running((x, axis) => [x.cummax(axis), x.cumargmax(axis)]),
  cummin: running((x, axis) => [x.cummin(axis), x.cumargmin(axis)]),
  logcumsumexp: (call) => call.floats(0).logCumSumExp(call.number('dim', 1)),
  sort: (call) => {
    const { values, indices } = ordered(call.tensor(0)).sort(call.number('dim', 1, -1), sorting(call));
    return [values, indices];
  },
  argsort: (call) => ordered(call.tensor(0)).argsort(call.number('dim', 1, -1), sorting(call)),
  msort: (call) => ordered(call.tensor(0)).sort(0).values,
  topk: (call) => {
    if (call.tensor(0).dtype !== 'f32')
      return unsupported('numbers of equal elements, which PyTorch leaves open');
    call.flag('sorted', 4, true);
    const largest = call.flag('largest', 3, true);
    const { values, indices } = ordered(call.tensor(0)).topK(call.number('k', 1), call.number('dim', 2, -1), {
      largest,
    });
    return [values, indices];
  },
  median: (call) =>
    call.has('dim', 1) ? unsupported('indices of medians') : ordered(call.tensor(0)).median(),
  quantile: (call) =>
    call.isNumber(1) && call.text('interpolation', undefined, 'linear') === 'linear'
      ? call.tensor(0).quantile(call.number('q', 1), call.has('dim', 2) ? call.number('dim', 2) : undefined, {
          keepDims: call.flag('keepdim', 3),
        })
      : unsupported('several quantiles'),
  scatter: (call) => {
    if (call.has('reduce')) return unsupported('reduce');
    const x = call.tensor(0);
    const indices = call.indices(2);
    const value =
      call.has('value', 3) && !call.isTensor(3)
        ? indices.cast(kindOf(x)).fullLike(call.number('value', 3))
        : call.tensor(3);
    return x.scatter(call.number('dim', 1), indices, value);
  },
  index_copy: (call) => call.tensor(0).indexCopy(call.number('dim', 1), call.indices(2), call.tensor(3)),
  scatter_reduce: (call) => {
    const reduction = call.text('reduce', 4);
    const known = { sum: 'sum', prod: 'prod', amax: 'max', amin: 'min' } as const;
    if (!(reduction in known)) return unsupported(reduction);
    if (!call.flag('include_self', undefined, true)) return unsupported('include_self');
    const kind = known[reduction as keyof typeof known];
    return call.tensor(0).scatterReduce(call.number('dim', 1), call.indices(2), call.tensor(3), kind);
  },
  softmax: (call) => call.floats(0).softmax(call.number('dim', 1)),
  log_softmax: (call) => call.floats(0).logSoftmax(call.number('dim', 1)),
  cat: (call) => concat(call.tensors(0), call.number('dim', 1, 0)),
  stack: (call) => stacked(call.tensors(0), call.number('dim', 1, 0)),
  split: (call) => call.tensor(0).split(sizes(call), call.number('dim', 2, 0)),
  split_with_sizes: (call) => call.tensor(0).split(sizes(call), call.number('dim', 2, 0)),
  chunk: (call) => call.tensor(0).chunk(call.number('chunks', 1), call.number('dim', 2, 0)),
  tile: (call) => call.tensor(0).tile(call.rest('dims', 1)),
  repeat: (call) => call.tensor(0).tile(call.rest('repeats', 1)),
  flatten: (call) => {
    const x = call.tensor(0);
    return rank(x) === 0
      ? x.reshape([1])
      : x.flatten(call.number('start_dim', 1, 0), call.number('end_dim', 2, -1));
  },
  reshape: (call) => call.tensor(0).reshape(call.rest('shape', 1)),
  view: (call) => call.tensor(0).reshape(call.rest('shape', 1)),
  permute: (call) => call.tensor(0).permute(call.rest('dims', 1)),
  transpose: (call) => call.tensor(0).transpose(call.number('dim0', 1), call.number('dim1', 2)),
  movedim: (call) =>
    call.tensor(0).moveAxis([...call.numbers('source', 1)], [...call.numbers('destination', 2)]),
  expand: (call) => {
    const x = call.tensor(0);
    const shape = call.rest('size', 1);
    const lead = shape.length - rank(x);
    return x.broadcastTo(shape.map((dim, k) => (dim === -1 ? extent(x, k - lead) : dim)));
  },
  broadcast_to: (call) => call.tensor(0).broadcastTo(call.rest('size', 1)),
  unsqueeze: (call) => call.tensor(0).expandDims(call.number('dim', 1)),
  squeeze: (call) => {
    const x = call.tensor(0);
    const axes = call.axes();
    return axes === undefined ? x.squeeze() : x.squeeze(axes.filter((axis) => extent(x, axis) === 1));
  },
  select: (call) => call.tensor(0).select(call.number('dim', 1), call.number('index', 2)),
  roll: (call) =>
    call
      .tensor(0)
      .roll([...call.numbers('shifts', 1)], call.has('dims', 2) ? [...call.numbers('dims', 2)] : undefined),
  flip: (call) => call.tensor(0).flip([...call.numbers('dims', 1)]),
  fliplr: (call) => call.tensor(0).flip(1),
  flipud: (call) => call.tensor(0).flip(0),
  tril: (call) => call.tensor(0).tril(call.number('diagonal', 1, 0)),
  triu: (call) => call.tensor(0).triu(call.number('diagonal', 1, 0)),
  narrow: (call) => {
    const [axis, start, length] = [call.number('dim', 1), call.number('start', 2), call.number('length', 3)];
    const x = call.tensor(0);
    const from = start < 0 ? start + extent(x, axis) : start;
    const at = axis < 0 ? axis + rank(x) : axis;
    const skip = Array.from({ length: at }, () => undefined);
    return x.slice([...skip, from], [...skip, from + length]);
  },
  unbind: (call) => {
    const axis = call.number('dim', 1, 0);
    const x = call.tensor(0);
    return Array.from({ length: extent(x, axis) }, (_, k) => x.select(axis, k));
  },
  'nn.functional.pad': padding,
  matmul: (call) => call.tensor(0).matmul(call.tensor(1)),
  mm: (call) => call.tensor(0).matmul(call.tensor(1)),
  bmm: (call) => call.tensor(0).matmul(call.tensor(1)),
  mv: (call) => call.tensor(0).matmul(call.tensor(1)),
  dot: (call) => call.tensor(0).matmul(call.tensor(1)),
  outer: (call) => call.tensor(0).outer(call.tensor(1)),
  einsum: (call) => einsum(call.text('equation', 1), ...call.tensors(0)),
  gather: (call) => call.tensor(0).takeAlongAxis(call.indices(2), call.number('dim', 1)),
  take_along_dim: (call) => {
    const [x, indices] = [call.tensor(0), call.indices(1)];
    if (!call.has('dim', 2)) return x.flatten().takeAlongAxis(indices.flatten(), 0);
    const at = (call.number('dim', 2) + rank(x)) % rank(x);
    const other = (t: Tensor, k: number): number =>
      k === at ? extent(t, k) : Math.max(extent(x, k), extent(indices, k));
    const [own, asked] = [x, indices].map((t) => t.broadcastTo(t.shape.map((_, k) => other(t, k))));
    return own === undefined || asked === undefined ? x : own.takeAlongAxis(asked, at);
  },
  index_select: (call) => call.tensor(0).take(call.indices(2), call.number('dim', 1)),
  index_add: (call) => {
    const source = call.tensor(3);
    const scaled = call.has('alpha') ? source.mul(source.fullLike(call.number('alpha'))) : source;
    return call.tensor(0).indexAdd(call.number('dim', 1), call.tensor(2), scaled);
  },
  scatter_add: (call) => call.tensor(0).scatterAdd(call.number('dim', 1), call.tensor(2), call.tensor(3)),
  'nn.functional.one_hot': (call) =>
    call.number('num_classes', 1, -1) < 0
      ? unsupported('a number of classes that data say')
      : call.tensor(0).oneHot(call.number('num_classes', 1)).cast('i32'),
};

function correctionOf(call: Call): number {
  if (call.has('unbiased')) return call.flag('unbiased') ? 1 : 0;
  return call.number('correction', undefined, 1);
}

function sizes(call: Call): number | readonly number[] {
  const found = call.numbers('split_size_or_sections', 1);
  const [one] = found;
  return call.isNumber(1) && one !== undefined ? one : found;
}

/** PyTorch lists paddings from the last axis on. */
function padding(call: Call): Tensor {
  const x = call.tensor(0);
  const pairs = call.numbers('pad', 1);
  const mode = call.text('mode', 2, 'constant');
  const sides = (side: 0 | 1): number[] => x.shape.map((_, k) => pairs[2 * (rank(x) - 1 - k) + side] ?? 0);
  const [low, high] = [sides(0), sides(1)];
  if ([...low, ...high].some((n) => n < 0)) return unsupported('negative paddings');
  switch (mode) {
    case 'constant':
      return x.pad(low, high, call.number('value', 3, 0));
    case 'reflect':
    case 'replicate':
      return x.pad(low, high, { mode });
    default:
      return unsupported(`mode ${mode}`);
  }
}
