import { dimsOf, numberOf, textOf } from '../../graph/attributes.ts';
import { convert, iota, pointwise } from '../lines.ts';
import { given, splat } from '../literals.ts';
import { liveCount } from '../live.ts';
import { scalarOf, tensorTypeOf, type Value } from '../types.ts';
import type { HloRow } from './row.ts';

const argument: HloRow = ({ node, argumentOf }) => argumentOf(node);

/** Operations without operands: arguments of the function, constants, numbers of the shape itself. */
export const leafRows = {
  input: argument,
  state: argument,
  param: argument,
  constant: ({ node, scope }) =>
    scope.keep(splat(numberOf(node.op, node.attrs, 'value'), tensorTypeOf(node))),
  literal: ({ node, scope }) => {
    const { shape, element } = tensorTypeOf(node);
    if (node.dtype === 'u8') throw new TypeError(`node ${node.id}: given values are never u8`);
    const values = given(textOf(node.op, node.attrs, 'words'), node.dtype, shape);
    return values.type.element === element ? values : convert(scope.keep(values), element);
  },
  iota: ({ node, scope }) =>
    scope.keep(iota(numberOf(node.op, node.attrs, 'axis'), tensorTypeOf(node).shape)),
  extent: (context) => {
    const { node, scope } = context;
    const [first, ...others] = dimsOf(node.op, node.attrs, 'dim').map((dim) => liveCount(context, dim));
    if (first === undefined) return scope.keep(splat(1, scalarOf('i32')));
    return others.reduce<Value>((a, b) => scope.keep(pointwise('multiply', a, b)), first);
  },
} satisfies Record<string, HloRow>;
