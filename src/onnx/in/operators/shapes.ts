import { shortestFloat } from '../../../loops/float32.ts';
import type { Dim } from '../../../loops/size.ts';
import type { NodeContext, Result } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { countOf, numeric } from '../value.ts';
import type { Operators } from './operator.ts';

/** Elements that are made while importing; more become an operation. */
export const MOST_KNOWN = 4096;

/** Shapes, and values that depend on nothing. */
export const shapes = {
  Constant: { since: 1, import: (ctx) => constant(ctx) },
  Shape: {
    since: 1,
    import: (ctx) => {
      const shape = ctx.shape(0);
      const at = (n: number): number => Math.min(Math.max(n < 0 ? n + shape.length : n, 0), shape.length);
      const part = shape.slice(at(ctx.int('start', 0)), at(ctx.int('end', shape.length)));
      return ctx.constant(elem.int64, [part.length], part);
    },
  },
  Size: {
    since: 1,
    import: (ctx) => {
      const size = ctx.shape(0).reduce<Dim>((n, dim) => {
        if (typeof n === 'number' && typeof dim === 'number') return n * dim;
        if (typeof n === 'number' && typeof dim === 'object')
          return { size: dim.size, factor: dim.factor * n };
        if (typeof n === 'object' && typeof dim === 'number') return { size: n.size, factor: n.factor * dim };
        return ctx.refuse('two bounded sizes are multiplied');
      }, 1);
      return ctx.constant(elem.int64, [], [size]);
    },
  },
  ConstantOfShape: {
    since: 9,
    import: (ctx) => {
      const shape = ctx.elements(0, 'the shape');
      const found = ctx.attribute('value', 'tensor');
      const value = found === undefined ? undefined : ctx.around.read(found.value);
      const element = value?.elements[0] ?? 0;
      const type = value?.elem ?? elem.float;
      if (typeof element !== 'number') return ctx.fail('the value is a bounded size');
      const extents = numeric(shape);
      const negative = extents?.find((extent) => extent < 0);
      if (negative !== undefined) return ctx.fail(`the shape has the dimension ${negative}`);
      if (extents !== undefined && countOf(extents) <= MOST_KNOWN) {
        return ctx.constant(type, extents, new Float64Array(countOf(extents)).fill(element));
      }
      const { dtype } = value ?? { dtype: 'f32' };
      const full = ctx.s.full(ctx.where, shape, dtype === 'f32' ? shortestFloat(element) : element, dtype);
      return ctx.typed(full, type);
    },
  },
  Range: { since: 11, import: (ctx) => range(ctx) },
  EyeLike: {
    since: 9,
    import: (ctx) => {
      const type = ctx.attribute('dtype', 'int')?.value ?? ctx.value(0).elem;
      const [rows = 0, columns = 0, ...more] = ctx.extents(0);
      if (more.length > 0 || ctx.shape(0).length !== 2) return ctx.fail('takes a matrix');
      if (rows * columns > MOST_KNOWN) return ctx.refuse(`${rows} × ${columns} elements`);
      const k = ctx.int('k', 0);
      const eye = Array.from({ length: rows * columns }, (_, i) =>
        (i % columns) - Math.floor(i / columns) === k ? 1 : 0,
      );
      return ctx.constant(type, [rows, columns], eye);
    },
  },
  NonZero: {
    since: 9,
    import: (ctx) => {
      const known = ctx.known(0);
      if (known === undefined) return ctx.refuse('its result has as many elements as a step finds');
      const { shape, elements } = known;
      const places = Array.from(elements).flatMap((element, at) => (element === 0 ? [] : [at]));
      const strides = shape.map((_, k) => countOf(shape.slice(k + 1)));
      const found = shape.flatMap((extent, k) =>
        places.map((at) => Math.floor(at / (strides[k] ?? 1)) % extent),
      );
      return ctx.constant(elem.int64, [shape.length, places.length], found);
    },
  },
} satisfies Operators;

function constant(ctx: NodeContext): Result {
  const [attribute] = ctx.node.attributes.filter(
    ({ name }) => name.startsWith('value') || name === 'sparse_value',
  );
  switch (attribute?.kind) {
    case 'tensor':
      return { ...ctx.around.read(attribute.value), name: ctx.node.outputs[0] ?? '' };
    case 'float':
      return ctx.constant(elem.float, [], [attribute.value]);
    case 'int':
      return ctx.constant(elem.int64, [], [attribute.value]);
    case 'floats':
      return ctx.constant(elem.float, [attribute.value.length], attribute.value);
    case 'ints':
      return ctx.constant(elem.int64, [attribute.value.length], attribute.value);
    case 'string':
    case 'strings':
      return ctx.refuse('texts');
    default:
      return ctx.refuse('a constant without a dense value');
  }
}

/** Numbers from one on, as far as another, at a distance. */
function range(ctx: NodeContext): Result {
  const [start, limit, delta] = [0, 1, 2].map((k) => ctx.elements(k, 'the range')[0]);
  const type = ctx.value(0).elem;
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
    if (delta === 0) return ctx.fail('steps of 0');
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (count <= MOST_KNOWN) {
      return ctx.constant(
        type,
        [count],
        Float64Array.from({ length: count }, (_, k) => start + k * delta),
      );
    }
    const places = ctx.s.iota(ctx.where, [count]);
    const scaled = ctx.isFloat(0) ? places.cast('f32').mul(shortestFloat(delta)) : places.mul(delta);
    return ctx.typed(start === 0 ? scaled : scaled.add(start), type);
  }
  // As many as there are samples.
  if (start === 0 && delta === 1 && limit !== undefined) {
    const places = ctx.s.iota(ctx.where, [limit]);
    return ctx.typed(ctx.isFloat(0) ? places.cast('f32') : places, type);
  }
  return ctx.refuse('its bounds are bounded sizes');
}
