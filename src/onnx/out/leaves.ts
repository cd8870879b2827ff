import { dimsOf, numberOf, textOf } from '../../graph/attributes.ts';
import { valuesOf } from '../../graph/index.ts';
import { extentOf } from '../../loops/index.ts';
import type { Exporter, OnnxRow, Spread } from './exporter.ts';
import { computedTypes, tensorOf } from './tensors.ts';

const given: OnnxRow = (out, node) => {
  const value = out.leaves.get(node);
  if (value === undefined) throw new RangeError(`node ${node.id} (${node.op}) is given by nobody`);
  return value;
};

/** What has no operands. */
export const leafRows = {
  input: given,
  state: given,
  param: given,
  constant: (out, node) => out.number(numberOf('constant', node.attrs, 'value'), node.dtype),
  literal: (out, node) => {
    if (node.dtype === 'u8') throw new RangeError(`node ${node.id}: a literal is never u8`);
    const values = valuesOf(textOf('literal', node.attrs, 'words'), node.dtype);
    const name = out.writer.fresh(node.label ?? 'literal');
    return out.writer.tensor(tensorOf(name, computedTypes[node.dtype], values, node.shape.map(extentOf)));
  },
  iota: (out, { shape, attrs }) => counted(out, shape, numberOf('iota', attrs, 'axis')),
  extent: (out, { attrs }) => out.extents.scalar(dimsOf('extent', attrs, 'dim')),
} as const satisfies Record<string, OnnxRow>;

/** Whole numbers from 0 on along an axis. */
function counted(out: Exporter, shape: Parameters<OnnxRow>[1]['shape'], axis: number): Spread {
  const dim = shape[axis] ?? 1;
  const w = out.writer;
  const range = w.node('Range', [w.constant('int32', 0), out.extents.scalar([dim]), w.constant('int32', 1)]);
  // Behind the axis are dimensions of 1, and before it none.
  const own = [dim, ...shape.slice(axis + 1).map(() => 1)];
  return { value: out.extents.reshape(range, [dim], own), shape: own };
}
