import {
  apply,
  type Expr,
  elementCount,
  int,
  isValueOf,
  liveExtent,
  wholeNumbers,
} from '../../loops/index.ts';
import { dimsOf, dtypeOf, numberOf, textOf } from '../attributes.ts';
import { GraphError, ShapeError } from '../issues.ts';
import type { Attrs, Lowering, ValueTypeOf } from '../node.ts';
import { axisText } from '../shape.ts';
import { wordCount } from '../words.ts';
import { GENERATOR, indexAt, LEAF, type OpDef, requireResult } from './definition.ts';

const leaf: Lowering = { kind: 'leaf' };

/** Operations without operands: what comes from outside, given values, and numbers of the shape itself. */
export const leafOps = {
  input: {
    ...LEAF,
    doc: 'an input of the module, by name; given again at each step',
    arity: 0,
    type: (_, attrs) => {
      textOf('input', attrs, 'name');
      return declared('input', attrs);
    },
    vjp: { none: 'it has no operands' },
    lower: leaf,
  },
  state: {
    ...LEAF,
    doc: 'a state of the module, by name: its value before the step',
    arity: 0,
    type: (_, attrs) => {
      textOf('state', attrs, 'name');
      const type = declared('state', attrs);
      if (type.shape.some((dim) => typeof dim === 'object')) {
        throw new GraphError('state', 'state', 'a state has a fixed shape: no bounded dimensions');
      }
      requireResult('state', type.dtype, ['f32', 'i32', 'u32', 'bool']);
      return type;
    },
    vjp: { none: 'it has no operands' },
    lower: leaf,
  },
  param: {
    ...LEAF,
    doc: 'a run-time scalar, by name, with its value until a caller gives another one',
    arity: 0,
    type: (_, attrs) => {
      textOf('param', attrs, 'name');
      const dtype = dtypeOf('param', attrs);
      requireResult('param', dtype, ['f32', 'i32', 'u32']);
      requireConstant('param', numberOf('param', attrs, 'initial'), dtype);
      return { shape: [], dtype };
    },
    vjp: { none: 'it has no operands' },
    lower: leaf,
  },
  constant: {
    ...LEAF,
    doc: 'one number known when the module is compiled',
    arity: 0,
    type: (_, attrs) => {
      const dtype = dtypeOf('constant', attrs);
      requireResult('constant', dtype, ['f32', 'i32', 'u32', 'bool']);
      requireConstant('constant', numberOf('constant', attrs, 'value'), dtype);
      return { shape: [], dtype };
    },
    vjp: { none: 'it has no operands' },
    lower: leaf,
  },
  literal: {
    ...LEAF,
    doc: 'a given array: its 32-bit words in base64, little-endian',
    arity: 0,
    type: (_, attrs) => {
      const type = declared('literal', attrs);
      requireResult('literal', type.dtype, ['f32', 'i32', 'u32', 'bool']);
      if (type.shape.some((dim) => typeof dim === 'object')) {
        throw new ShapeError(
          'dimension',
          'literal',
          'given values have a fixed shape: no bounded dimensions',
        );
      }
      const found = wordCount(textOf('literal', attrs, 'words'));
      const wanted = elementCount(type.shape);
      if (found !== wanted) {
        throw new ShapeError('values', 'literal', `${found} values for a shape of ${wanted} elements`);
      }
      return type;
    },
    vjp: { none: 'it has no operands' },
    lower: leaf,
  },
  iota: {
    ...GENERATOR,
    doc: 'each element is its own index along one axis (i32)',
    arity: 0,
    type: (_, attrs) => {
      const shape = dimsOf('iota', attrs, 'shape');
      const axis = numberOf('iota', attrs, 'axis');
      if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
        throw new ShapeError('axis', 'iota', axisText(axis, shape.length));
      }
      return { shape, dtype: 'i32' };
    },
    vjp: { none: 'it has no operands' },
    lower: {
      kind: 'value',
      value: ({ node }, at) => indexAt(at, numberOf('iota', node.attrs, 'axis')),
    },
  },
  extent: {
    ...GENERATOR,
    doc: 'how many elements are live along dimensions (i32): the product of their live extents',
    arity: 0,
    type: (_, attrs) => {
      dimsOf('extent', attrs, 'dim');
      return { shape: [], dtype: 'i32' };
    },
    vjp: { none: 'it has no operands' },
    lower: {
      kind: 'value',
      value: ({ node }) =>
        dimsOf('extent', node.attrs, 'dim')
          .map((dim): Expr => {
            if (typeof dim === 'number') return int(dim);
            const live = liveExtent(dim.size);
            return dim.factor === 1 ? live : apply('mul', live, int(dim.factor));
          })
          .reduce((a, b) => apply('mul', a, b), int(1)),
    },
  },
} satisfies Record<string, OpDef>;

/**
 * Requires a value that its element type can hold exactly (any number for floats).
 *
 * @throws GraphError naming the value and the type
 */
export function requireConstant(op: string, value: number, dtype: ValueTypeOf['dtype']): void {
  if (dtype === 'f32' || isValueOf(dtype, value)) return;
  const [low, high] = wholeNumbers[dtype];
  throw new GraphError(
    'constant',
    op,
    `${value} is no value of type ${dtype} (whole numbers from ${low} to ${high})`,
  );
}

function declared(op: string, attrs: Attrs): ValueTypeOf {
  return { shape: dimsOf(op, attrs, 'shape'), dtype: dtypeOf(op, attrs) };
}
