import { dimsOf } from '../graph/attributes.ts';
import { concat, type Node, Tensor } from '../graph/index.ts';
import { type Dim, sameDim } from '../loops/index.ts';

/** Sums by segment that are joined to one, at most: each place asks which of them it is of. Assumed. */
const MOST_JOINED = 8;

/**
 * The sum of two cotangents. Two sums by segment over the same rows, as two lookups of one table have, are one over the
 * places of both, those of the first first: its rows are then summed and stored once. Where there are more than one takes,
 * the last of the first's terms is the one that still has room.
 */
export function sumOf(a: Tensor, b: Tensor): Tensor {
  const [x, y] = [a.node, b.node];
  const [terms, open] = x.op === 'add' ? x.inputs : [];
  if (terms !== undefined && open?.op === 'segmentSum' && y.op === 'segmentSum') {
    const sum = sumOf(new Tensor(a.graph, open), b);
    if (sum.node.op === 'segmentSum') return new Tensor(a.graph, terms).add(sum);
  }
  if (x.op !== 'segmentSum' || y.op !== 'segmentSum' || segments(x) + segments(y) > MOST_JOINED)
    return a.add(b);
  const [rows] = dimsOf(x.op, x.attrs, 'rows');
  const [first, second] = [partsOf(a), partsOf(b)];
  if (rows === undefined || first === undefined || second === undefined) return a.add(b);
  const lead = commonLead(first.indices.shape, second.indices.shape);
  if (lead === null) return a.add(b);
  const flat = (tensor: Tensor, rank: number): Tensor =>
    tensor.reshape([...lead, -1, ...tensor.shape.slice(rank)]);
  const both = [first, second].map(({ values, indices }) => ({
    values: flat(values, indices.shape.length),
    indices: flat(indices, indices.shape.length),
  }));
  const joined = (of: 'values' | 'indices'): Tensor =>
    concat(
      both.map((part) => part[of]),
      lead.length,
    );
  return joined('values').segmentSum(joined('indices'), rows);
}

/** How many sums by segment are joined in one. */
function segments({ inputs: [, indices] }: Node): number {
  const count = (node: Node | undefined): number =>
    node?.op === 'concat' ? node.inputs.reduce((n, input) => n + count(source(input)), 0) : 1;
  return count(source(indices));
}

/** What a reshape has another shape of. */
function source(node: Node | undefined): Node | undefined {
  return node?.op === 'reshape' ? source(node.inputs[0]) : node;
}

function partsOf({ graph, node }: Tensor): { readonly values: Tensor; readonly indices: Tensor } | undefined {
  const [values, indices] = node.inputs;
  if (values === undefined || indices === undefined) return undefined;
  return { values: new Tensor(graph, values), indices: new Tensor(graph, indices) };
}

/** The dimensions that the indices of both begin with, all bounded ones among them; null where there is no such beginning. */
function commonLead(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | null {
  const last = (shape: readonly Dim[]): number => shape.findLastIndex((dim) => typeof dim === 'object');
  const rank = Math.max(last(a), last(b)) + 1;
  const lead = a.slice(0, rank);
  const isCommon =
    lead.length === rank && b.length >= rank && lead.every((dim, k) => sameDim(dim, b[k] ?? 0));
  return isCommon ? lead : null;
}
