import { type Dim, elementCount, shapeText } from '../../loops/index.ts';
import { listText, requireList, requireOption, shown } from '../arguments.ts';
import { concatenated } from '../build.ts';
import { ShapeError } from '../issues.ts';
import { dimAt, fixedExtent, normalAxes, normalAxis, torn } from '../shape.ts';
import type { Axes } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';
import { wordsOf } from '../words.ts';

/** Elements `from` up to `to` (exclusive) of an axis, which is not bounded. */
export function rangeOf(x: Tensor, axis: number, from: number, to: number): Tensor {
  const only = (at: number): (number | undefined)[] => x.shape.map((_, k) => (k === axis ? at : undefined));
  return x.slice(only(from), only(to));
}

/** Parts one after another along an axis; at least one. */
export function joined(x: Tensor, parts: readonly Tensor[], axis: number): Tensor {
  const nodes = parts.filter(({ shape }) => shape[axis] !== 0).map(({ node }) => node);
  return nodes.length === 0 ? x : x.wrap(concatenated(x.graph, nodes, axis));
}

/** The method {@link Tensor.split}. */
export function split(x: Tensor, sizes: number | readonly number[], axis: number): Tensor[] {
  const at = normalAxis('split', x.shape.length, axis);
  const extent = fixedExtent('split', x.shape, at);
  if (typeof sizes === 'number') {
    requireOption(
      'split',
      'the size',
      sizes,
      isCount(sizes, 1),
      'a whole number from 1 on, or a list of sizes',
    );
    const count = Math.max(1, Math.ceil(extent / sizes));
    return Array.from({ length: count }, (_, k) =>
      rangeOf(x, at, k * sizes, Math.min(extent, (k + 1) * sizes)),
    );
  }
  requireCounts('split', 'sizes', sizes);
  const sum = sizes.reduce((n, size) => n + size, 0);
  if (sum !== extent) {
    const text = `sizes ${listText(sizes)} make ${sum} elements: axis ${at} of ${shapeText(x.shape)} has ${extent}`;
    throw new ShapeError('range', 'split', text);
  }
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return rangeOf(x, at, start - size, start);
  });
}

/** The method {@link Tensor.chunk}. */
export function chunk(x: Tensor, count: number, axis: number): Tensor[] {
  requireOption('chunk', 'count', count, isCount(count, 1), 'a whole number from 1 on');
  const at = normalAxis('chunk', x.shape.length, axis);
  const extent = fixedExtent('chunk', x.shape, at);
  if (extent === 0) return Array.from({ length: count }, () => x);
  return split(x, Math.ceil(extent / count), at);
}

/** The method {@link Tensor.select}. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = normalAxis('select', x.shape.length, axis);
  const extent = fixedExtent('select', x.shape, at);
  if (!(Number.isInteger(index) && index >= -extent && index < extent)) {
    const range = extent === 0 ? 'there is none' : `it must be from ${-extent} to ${extent - 1}`;
    const text = `index ${shown(index)} along axis ${at} of ${shapeText(x.shape)}: ${range}`;
    throw new ShapeError('index', 'select', text);
  }
  const from = index < 0 ? index + extent : index;
  return rangeOf(x, at, from, from + 1).reshape(x.shape.toSpliced(at, 1));
}

/** The method {@link Tensor.squeeze}. */
export function squeeze(x: Tensor, axes?: Axes): Tensor {
  const ones = x.shape.flatMap((dim, k) => (dim === 1 ? [k] : []));
  const gone = axes === undefined ? ones : normalAxes('squeeze', x.shape.length, axes);
  const wrong = gone.find((axis) => !ones.includes(axis));
  if (wrong !== undefined) {
    throw new ShapeError('axis', 'squeeze', `axis ${wrong} of ${shapeText(x.shape)} has not one element`);
  }
  return x.reshape(x.shape.filter((_, k) => !gone.includes(k)));
}

/** The method {@link Tensor.flatten}. */
export function flatten(x: Tensor, start: number, end: number): Tensor {
  const rank = x.shape.length;
  if (rank === 0) return x.reshape([1]);
  const [from, to] = [normalAxis('flatten', rank, start), normalAxis('flatten', rank, end)];
  if (from > to)
    throw new ShapeError('axis', 'flatten', `from axis ${from} to axis ${to}, which is before it`);
  const [first = 1, ...rest] = x.shape.slice(from, to + 1);
  const inner = rest.findIndex((dim) => typeof dim === 'object');
  if (inner >= 0) {
    const text = `axis ${from + 1 + inner} of ${shapeText(x.shape)} is bounded: of what is flattened only the first axis may be`;
    throw new ShapeError('bounded-reshape', 'flatten', text);
  }
  return x.reshape(x.shape.toSpliced(from, to + 1 - from, times(first, elementCount(rest))));
}

/** The method {@link Tensor.moveAxis}. */
export function moveAxis(x: Tensor, from: Axes, to: Axes): Tensor {
  const rank = x.shape.length;
  const listed = (axes: Axes): number[] => {
    normalAxes('moveAxis', rank, axes);
    return [axes].flat().map((axis) => normalAxis('moveAxis', rank, axis));
  };
  const [sources, places] = [listed(from), listed(to)];
  if (sources.length !== places.length) {
    const text = `${sources.length} axes to ${places.length} places: there must be as many of both`;
    throw new ShapeError('axis', 'moveAxis', text);
  }
  const others = x.shape.flatMap((_, k) => (sources.includes(k) ? [] : [k]))[Symbol.iterator]();
  return x.permute(
    x.shape.map((_, k) => {
      const moved = sources[places.indexOf(k)];
      return moved ?? others.next().value ?? 0;
    }),
  );
}

/** The method {@link Tensor.tile}. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  requireCounts('tile', 'repeats', repeats);
  const rank = Math.max(x.shape.length, repeats.length);
  const inFront = <T>(list: readonly T[], one: T): T[] => [
    ...Array.from({ length: rank - list.length }, () => one),
    ...list,
  ];
  const dims = inFront<Dim>(x.shape, 1);
  const counts = inFront(repeats, 1);
  const wrong = dims.findIndex((dim, k) => typeof dim === 'object' && counts[k] !== 1);
  if (wrong >= 0) {
    const text = `axis ${wrong} of ${shapeText(dims)} is bounded: copies of it cannot follow one another`;
    throw new ShapeError('bounded-range', 'tile', text);
  }
  // A new axis before each that is repeated, merged with it.
  const count = (k: number): number => counts[k] ?? 1;
  const apart = (copies: (k: number) => number): Dim[] =>
    dims.flatMap((dim, k) => (count(k) === 1 ? [dim] : [copies(k), dim]));
  return x
    .reshape(apart(() => 1))
    .broadcastTo(apart(count))
    .reshape(dims.map((dim, k) => times(dim, count(k))));
}

/** The method {@link Tensor.repeatInterleave}. */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[], axis?: number): Tensor {
  if (axis === undefined) return repeatInterleave(x.flatten(), repeats, 0);
  const at = normalAxis('repeatInterleave', x.shape.length, axis);
  const dim = dimAt(x.shape, at);
  if (typeof repeats !== 'number') return repeatedBy(x, repeats, at);
  const wanted = 'a whole number from 0 on, or a list of them';
  requireOption('repeatInterleave', 'repeats', repeats, isCount(repeats, 0), wanted);
  if (repeats === 0 && typeof dim === 'object') return torn('repeatInterleave', at);
  const apart = (copies: number): Dim[] => x.shape.toSpliced(at + 1, 0, copies);
  return x
    .reshape(apart(1))
    .broadcastTo(apart(repeats))
    .reshape(x.shape.with(at, times(dim, repeats)));
}

/** Each element as often as its number says. */
function repeatedBy(x: Tensor, repeats: readonly number[], axis: number): Tensor {
  const op = 'repeatInterleave';
  requireCounts(op, 'repeats', repeats);
  const extent = fixedExtent(op, x.shape, axis);
  if (repeats.length !== extent) {
    const text = `${repeats.length} numbers of repeats: axis ${axis} of ${shapeText(x.shape)} has ${extent} elements`;
    throw new ShapeError('range', op, text);
  }
  if (extent === 0) return x;
  const places = repeats.flatMap((count, k) => Array.from({ length: count }, () => k));
  const attrs = { words: wordsOf(places, 'i32'), shape: [places.length], dtype: 'i32' };
  return x.take(x.wrap(x.graph.build('literal', [], attrs)), axis);
}

/** The method {@link Tensor.roll}. */
export function roll(x: Tensor, shifts: Axes, axes?: Axes): Tensor {
  const by = [shifts].flat();
  for (const shift of by)
    requireOption('roll', 'the shift', shift, Number.isSafeInteger(shift), 'a whole number');
  if (axes === undefined) {
    const [only = 0, ...more] = by;
    if (more.length > 0)
      throw new ShapeError('axis', 'roll', `${by.length} shifts without axes: name an axis for each`);
    return rolled(x.flatten(), only, 0).reshape(x.shape);
  }
  const along = [axes].flat();
  if (along.length !== by.length) {
    const text = `${by.length} shifts along ${along.length} axes: there must be as many of both`;
    throw new ShapeError('axis', 'roll', text);
  }
  return along.reduce((y, axis, k) => rolled(y, by[k] ?? 0, normalAxis('roll', x.shape.length, axis)), x);
}

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const extent = fixedExtent('roll', x.shape, axis);
  const start = extent === 0 ? 0 : ((-shift % extent) + extent) % extent;
  if (start === 0) return x;
  return joined(x, [rangeOf(x, axis, start, extent), rangeOf(x, axis, 0, start)], axis);
}

/** So many times as long. */
function times(dim: Dim, count: number): Dim {
  if (typeof dim === 'number') return dim * count;
  return count === 1 ? dim : { size: dim.size, factor: dim.factor * count };
}

function isCount(value: unknown, from: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= from;
}

function requireCounts(op: string, name: string, counts: readonly number[]): void {
  requireList('range', op, name, counts);
  const wrong = counts.find((count) => !isCount(count, 0));
  if (wrong === undefined) return;
  const text = `${name} ${listText(counts)} must be whole numbers from 0 on`;
  throw new ShapeError('range', op, text);
}
