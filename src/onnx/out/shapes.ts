import { type Dim, type Size, sameDim } from '../../loops/index.ts';
import { typeNumber, type Value, type Writer } from './writer.ts';

/** A dimension as the product of others: what becomes of neighbours that are merged. */
export type Merged = readonly Dim[];

/** What shapes are in a model: live extents of bounded sizes, and movements by them. */
export class Extents {
  readonly #writer: Writer;
  readonly #source: (size: Size) => Value;
  readonly #known = new Map<string, Value>();
  /** What a value was before it was reshaped, and the text of its shape. */
  readonly #origins = new Map<
    Value,
    { readonly value: Value; readonly rank: number; readonly shape: string }
  >();

  /** @param source the live extent of a size, as a list of one 64-bit integer: asked once for each */
  constructor(writer: Writer, source: (size: Size) => Value) {
    this.#writer = writer;
    this.#source = source;
  }

  /** The live extent of a dimension: a list of one 64-bit integer. */
  of(dim: Dim): Value {
    if (typeof dim === 'number') return this.#writer.constant('int64', [dim], [1]);
    const key = `${dim.factor}*${dim.size.name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value =
      dim.factor === 1
        ? this.#source(dim.size)
        : this.#writer.node('Mul', [
            this.of({ size: dim.size, factor: 1 }),
            this.#writer.constant('int64', [dim.factor], [1]),
          ]);
    this.#known.set(key, value);
    return value;
  }

  /** The product of live extents as a scalar, a 32-bit integer. */
  scalar(merged: Merged): Value {
    const [factor, bounded] = apart(merged);
    if (bounded.length === 0) return this.#writer.constant('int32', factor);
    const scalar = this.#writer.node('Squeeze', [this.#product(merged)]);
    return this.#writer.node('Cast', [scalar], { to: typeNumber('int32') });
  }

  /** A shape as a list of 64-bit integers: known beforehand where it has no bounded dimensions. */
  shape(dims: readonly Merged[]): Value {
    const parts: Value[] = [];
    let known: number[] = [];
    const flush = (): void => {
      if (known.length > 0) parts.push(this.#writer.constant('int64', known, [known.length]));
      known = [];
    };
    for (const merged of dims) {
      const [factor, bounded] = apart(merged);
      if (bounded.length === 0) {
        known.push(factor);
        continue;
      }
      flush();
      parts.push(this.#product(merged));
    }
    flush();
    const [only] = parts;
    if (only === undefined) return this.#writer.constant('int64', [], [0]);
    return parts.length === 1 ? only : this.#writer.node('Concat', parts, { axis: 0 });
  }

  /** The same elements under another shape. */
  reshape(x: Value, from: readonly Dim[], to: readonly Dim[]): Value {
    return this.merge(
      x,
      from,
      to.map((dim) => [dim]),
    );
  }

  /** The same elements under a shape of merged dimensions: what was before other reshapes, if it is of that shape. */
  merge(x: Value, from: readonly Dim[], to: readonly Merged[]): Value {
    const origin = this.#origins.get(x) ?? {
      value: x,
      rank: from.length,
      shape: from.map((dim) => textOf([dim])).join(),
    };
    const wanted = to.map(textOf).join();
    if (wanted === origin.shape && origin.rank === to.length) return origin.value;
    const isEmpty = to.some((merged) => merged.includes(0));
    const target = this.#target(to, isEmpty);
    const made = this.#writer.node('Reshape', [origin.value, target], isEmpty ? { allowzero: 1 } : {});
    this.#origins.set(made, origin);
    return made;
  }

  /** What `Reshape` is given: its one bounded dimension as the one that is left over, wherever that says enough. */
  #target(to: readonly Merged[], isEmpty: boolean): Value {
    const parts = to.map(apart);
    const isLeftOver = !isEmpty && parts.filter(([, bounded]) => bounded.length > 0).length === 1;
    if (!isLeftOver) return this.shape(to);
    const dims = parts.map(([factor, bounded]) => (bounded.length === 0 ? factor : -1));
    return this.#writer.constant('int64', dims, [to.length]);
  }

  /** Broadcast to a shape: dimensions of 1 repeat. */
  expand(x: Value, from: readonly Dim[], to: readonly Dim[]): Value {
    if (from.length === to.length && from.every((dim, k) => sameDim(dim, to[k] ?? 1))) return x;
    const lead = to.length - from.length;
    // `Expand` keeps the operand's own dimension where it is asked for 1.
    const asked = to.map((dim, k): Merged => {
      const isKept = typeof dim === 'object' && sameDim(from[k - lead] ?? 1, dim);
      return isKept ? [1] : [dim];
    });
    return this.#writer.node('Expand', [x, this.shape(asked)]);
  }

  /** The product of dimensions of which some are bounded: a list of one 64-bit integer. */
  #product(merged: Merged): Value {
    const [factor, bounded] = apart(merged);
    const [first, ...others] = bounded;
    if (first === undefined) return this.of(factor);
    const live = typeof first === 'object' ? { ...first, factor: first.factor * factor } : first;
    return others.reduce<Value>((a, b) => this.#writer.node('Mul', [a, this.of(b)]), this.of(live));
  }
}

/** The product of the numbers, and what is bounded. */
function apart(merged: Merged): [factor: number, bounded: Dim[]] {
  const factor = merged.reduce<number>((n, dim) => (typeof dim === 'number' ? n * dim : n), 1);
  return [factor, merged.filter((dim) => typeof dim === 'object')];
}

/** The product of dimensions, as a text: equal ones are equal products. */
function textOf(merged: Merged): string {
  const [factor, bounded] = apart(merged);
  let product = factor;
  const names = bounded.map((dim) => {
    if (typeof dim === 'number') return '';
    product *= dim.factor;
    return JSON.stringify(dim.size.name);
  });
  return [product, ...names.sort()].join('*');
}
