import { type Dim, elementCount, extentOf, shapeText } from '../../loops/index.ts';
import { numberOf, numbersOf, textOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Node, ValueTypeOf } from '../node.ts';
import { dimAt } from '../shape.ts';
import { valuesOf } from '../words.ts';
import type { OpDef } from './definition.ts';

/** Elements that are looked at, at most: a larger table is made by a program, which knows what it does. */
const MOST_CHECKED = 2 ** 22;

/**
 * Refuses indices that are known when a module is declared and that do not exist: given values, constants and `iota`,
 * behind casts and movements. Others are refused as they come in, or read the nearest element.
 *
 * @throws ShapeError `index` naming the index and what it would have to be
 */
export function requireKnownIndices(
  op: string,
  definition: OpDef,
  inputs: readonly Node[],
  result: ValueTypeOf,
): void {
  const indices = inputs[definition.indexOperand ?? -1];
  const indexed = definition.indexesResult ? result : inputs[0];
  if (indexed === undefined || indices === undefined) return;
  const axis = (definition.indexedAxis ?? 0) < 0 ? indexed.shape.length - 1 : (definition.indexedAxis ?? 0);
  requireIndicesBelow(op, indices, indexed.shape, axis);
}

/** The same for indices along an axis of a shape. @throws ShapeError `index` as {@link requireKnownIndices} */
export function requireIndicesBelow(op: string, indices: Node, shape: readonly Dim[], axis: number): void {
  const count = extentOf(dimAt(shape, axis));
  const wrong = outside(indices, count);
  if (wrong === undefined) return;
  const hint = wrong < 0 ? '; negative indices do not count from the end' : '';
  const text = `index ${wrong} along axis ${axis} of ${shapeText(shape)}: it must be from 0 to ${count - 1}${hint}`;
  throw new ShapeError('index', op, text);
}

/** A known value of a node that is not below a count, nor from 0 on; undefined where there is none. */
function outside(indices: Node, count: number): number | undefined {
  const [low, high] = knownRange(indices) ?? [0, 0];
  if (low < 0) return low;
  return high >= count ? high : undefined;
}

const ranges = new WeakMap<Node, readonly [low: number, high: number] | null>();

/** The least and the largest of a node's values; null where they are not known. A table is looked through once. */
export function knownRange(node: Node): readonly [low: number, high: number] | null {
  const known = ranges.get(node);
  if (known !== undefined) return known;
  const range = findRange(node);
  ranges.set(node, range);
  return range;
}

function findRange(indices: Node): readonly [low: number, high: number] | null {
  if (elementCount(indices.shape) === 0) return null;
  const source = withoutRearranging(indices);
  if (source.op === 'iota') {
    const dim = dimAt(source.shape, numberOf('iota', source.attrs, 'axis'));
    return typeof dim === 'number' ? [0, dim - 1] : null;
  }
  const value = elementsOf(source);
  const shape = source.shape.map(extentOf);
  if (value === undefined || elementCount(shape) > MOST_CHECKED) return null;
  const at = shape.map(() => 0);
  let [low, high] = [Infinity, -Infinity];
  do {
    const index = value(at);
    low = Math.min(low, index);
    high = Math.max(high, index);
  } while (advance(at, shape));
  return [low, high];
}

/** The node behind movements that keep all values, each at some other place. */
function withoutRearranging(node: Node): Node {
  let source = node;
  while (['reshape', 'permute', 'expand', 'flip'].includes(source.op) && source.inputs[0] !== undefined)
    source = source.inputs[0];
  return source;
}

type Elements = (at: readonly number[]) => number;

/** The elements of a node whose values are known; undefined where they are not. */
function elementsOf(node: Node): Elements | undefined {
  // From the node down to where its values are given: chains may be long, so nothing calls itself.
  const places: ((at: readonly number[]) => readonly number[])[] = [];
  let source = node;
  let isCast = false;
  for (let given = givenElements(source); ; given = givenElements(source)) {
    if (given !== undefined) {
      const elements = given;
      const value = (at: readonly number[]): number => elements(places.reduce((p, place) => place(p), at));
      return isCast ? (at) => asInteger(value(at)) : value;
    }
    const [operand] = source.inputs;
    if (operand === undefined) return undefined;
    if (source.op === 'cast' && source.dtype === 'bool') return undefined;
    if (source.op === 'cast') isCast = true;
    else {
      const place = placeIn(source, operand);
      if (place === undefined) return undefined;
      places.push(place);
    }
    source = operand;
  }
}

/** The elements of what is given or counted. */
function givenElements({ op, attrs, shape, dtype }: Node): Elements | undefined {
  if (op === 'constant') {
    const value = numberOf(op, attrs, 'value');
    return () => value;
  }
  if (op === 'literal') {
    if (dtype === 'u8') return undefined;
    const values = valuesOf(textOf(op, attrs, 'words'), dtype);
    return (at) => values[flat(at, shape)] ?? 0;
  }
  if (op !== 'iota') return undefined;
  const axis = numberOf(op, attrs, 'axis');
  return (at) => at[axis] ?? 0;
}

/** Where an element of a movement comes from; undefined for what is not a movement of one operand. */
function placeIn(
  { op, attrs, shape }: Node,
  { shape: from }: Node,
): ((at: readonly number[]) => number[]) | undefined {
  switch (op) {
    case 'reshape':
      return (at) => unflat(flat(at, shape), from);
    case 'permute': {
      const perm = numbersOf(op, attrs, 'perm');
      return (at) => from.map((_, k) => at[perm.indexOf(k)] ?? 0);
    }
    case 'expand': {
      const lead = shape.length - from.length;
      return (at) => from.map((dim, k) => (dim === 1 ? 0 : (at[k + lead] ?? 0)));
    }
    case 'flip': {
      const axes = numbersOf(op, attrs, 'axes');
      return (at) => at.map((i, k) => (axes.includes(k) ? extentOf(dimAt(from, k)) - 1 - i : i));
    }
    case 'slice': {
      const [starts, steps] = [numbersOf(op, attrs, 'starts'), numbersOf(op, attrs, 'steps')];
      return (at) => at.map((i, k) => (starts[k] ?? 0) + i * (steps[k] ?? 1));
    }
    default:
      return undefined;
  }
}

/** As a cast to i32 does: towards zero, NaN to 0. */
function asInteger(value: number): number {
  return Number.isNaN(value) ? 0 : Math.trunc(value);
}

function flat(at: readonly number[], shape: readonly Dim[]): number {
  return shape.reduce<number>((n, dim, k) => n * extentOf(dim) + (at[k] ?? 0), 0);
}

function unflat(index: number, shape: readonly Dim[]): number[] {
  let rest = index;
  const at = shape.map(() => 0);
  for (let k = shape.length - 1; k >= 0; k--) {
    const extent = extentOf(dimAt(shape, k));
    at[k] = rest % extent;
    rest = Math.floor(rest / extent);
  }
  return at;
}

/** The next index, row-major; false after the last one. */
function advance(at: number[], shape: readonly number[]): boolean {
  for (let k = at.length - 1; k >= 0; k--) {
    const next = (at[k] ?? 0) + 1;
    at[k] = next === shape[k] ? 0 : next;
    if (next !== shape[k]) return true;
  }
  return false;
}
