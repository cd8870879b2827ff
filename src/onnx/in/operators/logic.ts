import type { Tensor } from '../../../graph/index.ts';
import { elementType } from '../elementTypes.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

const comparison = (method: 'lt' | 'le' | 'gt' | 'ge' | 'eq', since: number): Operators[string] => ({
  since,
  import: (ctx) => ctx.tensor(0)[method](numberOr(ctx, 1, 0)),
});

const connective = (method: 'and' | 'or' | 'xor'): Operators[string] => ({
  since: 7,
  import: (ctx) => ctx.tensor(0)[method](ctx.tensor(1)),
});

/** Comparison, logic and element types. */
export const logic = {
  Less: comparison('lt', 7),
  LessOrEqual: comparison('le', 12),
  Greater: comparison('gt', 7),
  GreaterOrEqual: comparison('ge', 12),
  Equal: comparison('eq', 7),
  And: connective('and'),
  Or: connective('or'),
  Xor: connective('xor'),
  Not: { since: 1, import: (ctx) => ctx.tensor(0).not() },
  IsNaN: { since: 9, import: (ctx) => ctx.tensor(0).isNaN() },
  IsInf: {
    since: 10,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [negative, positive] = [ctx.flag('detect_negative', true), ctx.flag('detect_positive', true)];
      if (negative && positive) return x.isInf();
      if (negative || positive) return x.eq(positive ? Infinity : -Infinity);
      return x.fullLike(0, 'bool');
    },
  },
  Where: {
    since: 9,
    import: (ctx) => {
      const condition = ctx.tensor(0);
      const rank = condition.shape.length;
      const [a, b] = [ctx.operand(1, rank), ctx.operand(2, rank)];
      // Two numbers would be floats.
      const isNumbers = typeof a === 'number' && typeof b === 'number' && !ctx.isFloat(1);
      const chosen = condition.where(a, isNumbers ? ctx.tensor(2) : b);
      return ctx.typed(chosen, ctx.value(1).elem);
    },
  },
  Cast: {
    since: 6,
    import: (ctx) => {
      const [value, to] = [ctx.value(0), ctx.int('to')];
      // Weights of few bits, which are scaled next: floats that can be trained.
      if (
        value.kind === 'known' &&
        ctx.type(0).narrow !== undefined &&
        elementType(to, 'the cast').dtype === 'f32'
      )
        return ctx.around.weight(value.name, value.shape, () => Float32Array.from(value.elements, Number));
      return ctx.typed(cast(ctx.tensor(0), to), to);
    },
  },
  CastLike: {
    since: 15,
    import: (ctx) => ctx.typed(cast(ctx.tensor(0), ctx.value(1).elem), ctx.value(1).elem),
  },
} satisfies Operators;

/** A tensor as one of an element type: integers that are narrower than 32 bits wrap. */
export function cast(x: Tensor, to: number): Tensor {
  const { dtype, narrow } = elementType(to, 'the cast');
  const result = x.cast(dtype);
  return narrow === undefined || x.dtype === 'bool' ? result : wrapped(result, narrow);
}

/** Integers modulo what a narrower type has values. */
export function wrapped(x: Tensor, [least, most]: readonly [least: number, most: number]): Tensor {
  if (least === 0) return x.bitAnd(most);
  const places = 31 - Math.log2(most + 1);
  return x.shiftLeft(places).shiftRight(places);
}
