import { type Axis, apply, axisRef, domainSize, type Expr, int, substituteAxes } from '../loops/index.ts';
import { constantOf, driver, i32, minus, plus, times } from './code.ts';
import type { Evaluator } from './evaluate.ts';
import { endOf, rowValues } from './nest.ts';
import type { PackTexts } from './packing.ts';
import type { Side, Tiled } from './sides.ts';
import { TILE_ROWS } from './tileSize.ts';
import type { Move, WindowDim, WindowLayout } from './window.ts';

/** What a block copies of an operand, and how much of it there may be less of. */
export interface WindowBlock {
  readonly layout: WindowLayout;
  /** Values of the last outer axis, and of the outermost reduction axis. */
  readonly block: number;
  readonly chunk: number;
  /** Whether all blocks have so many, and all parts of the reduction. */
  readonly isWholeBlock: boolean;
  readonly isWholeChunk: boolean;
}

/** Bytes of the copy. */
export function copyBytes({ layout }: WindowBlock): number {
  return 4 * layout.size;
}

/** Bytes of the table of rows' addresses: there is one for every row of the last tile. */
export function rowTableBytes(positions: number): number {
  return 4 * (positions + TILE_ROWS);
}

/**
 * Copies what the windows of units `[from, to)` slide over, for a part of the outermost reduction axis, each element
 * once: with its guards, decoding and whatever else the operand is.
 */
export function emitWindowCopy(
  evaluator: Evaluator,
  tiled: Tiled,
  side: Side,
  window: WindowBlock,
  texts: PackTexts,
): void {
  const { code } = evaluator;
  const { dims } = window.layout;
  const numbers = dims.map(({ coordinate, extent }) => driver(coordinate.along.name, extent));
  const [outermost] = tiled.reduce;
  const bind = (name: string, extent: number, text: string): Axis => {
    const axis = driver(name, extent);
    code.scope.axes.set(axis, text);
    return axis;
  };
  const unit = bind('unit', domainSize(side.outer), texts.from);
  const begin = bind('begin', outermost?.extent ?? 1, texts.part[0]);
  const set = bind('set', domainSize(tiled.sets), texts.set);
  const values = new Map<Axis, Expr>([
    ...rowValues(tiled.sets, set),
    ...rowValues(side.outer, unit),
    ...[...side.inner, ...tiled.reduce].map((axis) => [axis, int(0)] as const),
    ...(outermost === undefined ? [] : [[outermost, axisRef(begin)] as const]),
  ]);
  // The axis that stands for a coordinate takes it on; the others stay where the box begins.
  for (const [d, { coordinate, low }] of dims.entries()) {
    const { along } = coordinate;
    const number = apply('add', axisRef(numbers[d] ?? along), int(low));
    values.set(along, apply('add', values.get(along) ?? int(0), number));
  }
  const value = evaluator.simplify(substituteAxes(side.operand, values));
  const range = (dim: WindowDim): readonly [from: string, to: string] =>
    rangeOf(dim, tiled, side, window, texts);
  const visit = (d: number): void => {
    const [dim, number] = [dims[d], numbers[d]];
    if (dim === undefined || number === undefined) return;
    const [from, to] = range(dim);
    if (d < dims.length - 1) {
      code.loop(number.name, from, to, 1, () => visit(d + 1), number);
      return;
    }
    const before = flat(dims.slice(0, d).map(({ pitch }, k) => times4(pitch, numbers[k] ?? number)));
    const line = plus(texts.out, evaluator.scalar(evaluator.simplify(before)));
    const at = code.let('at', 'i32', plus(line, times(from, i32(4))));
    emitLine(evaluator, value, number, at, from, to);
  };
  visit(0);
}

/** Elements of a line that is written without a loop, at most. */
const SHORT_LINE = 32;

/**
 * Writes the elements `[from, to)` of a line. Those of a short line are written one after the other, so that what does
 * not change from line to line, as guards of their numbers, is computed before all of them.
 */
function emitLine(
  evaluator: Evaluator,
  value: Expr,
  number: Axis,
  at: string,
  from: string,
  to: string,
): void {
  const { code } = evaluator;
  const [first, end] = [constantOf(from), constantOf(to)];
  if (first !== null && end !== null && end - first <= SHORT_LINE) {
    const whole = end - ((end - first) % 4);
    for (let k = first; k < end; k += k < whole ? 4 : 1) {
      const own = driver(number.name, number.extent);
      code.scopes[0]?.axes.set(own, i32(k));
      const element = evaluator.simplify(
        substituteAxes(value, new Map([[number, k < whole ? axisRef(own) : int(k)]])),
      );
      evaluator.expect(element);
      const text = k < whole ? evaluator.vector(element, own) : evaluator.scalar(element);
      code.line(`(${k < whole ? 'v128' : 'f32'}.store offset=${4 * (k - first)} ${at} ${text})`);
    }
    return;
  }
  const [name, place] = [code.local(number.name, 'i32'), code.local('at', 'i32')];
  code.line(`(local.set ${name} ${from})`);
  code.line(`(local.set ${place} ${at})`);
  const store = (type: string, text: string, bytes: number): void => {
    code.line(`(${type}.store (local.get ${place}) ${text})`);
    code.line(`(local.set ${place} (i32.add (local.get ${place}) ${i32(bytes)}))`);
  };
  const four = (): void => {
    evaluator.expect(value);
    store('v128', evaluator.vector(value, number), 16);
  };
  const one = (): void => {
    evaluator.expect(value);
    store('f32', evaluator.scalar(value), 4);
  };
  const isEven = first !== null && end !== null && (end - first) % 4 === 0;
  code.loopOn(name, isEven ? to : minus(to, i32(3)), 4, four, number, from);
  if (!isEven) code.loopOn(name, to, 1, one, number);
}

/** The elements of a coordinate that a block has, where it may have fewer units or a shorter part than its box has room for. */
function rangeOf(
  { coordinate, extent }: WindowDim,
  { reduce }: Tiled,
  side: Side,
  window: WindowBlock,
  texts: PackTexts,
): readonly [from: string, to: string] {
  let [from, to] = [i32(0), i32(extent)];
  const shorten = (move: Move | undefined, most: number, first: string, last: string): void => {
    if (move === undefined) return;
    const lacking = times(minus(i32(most), minus(last, first)), i32(Math.abs(move.by)));
    if (move.by < 0) from = plus(from, lacking);
    else to = minus(to, lacking);
  };
  const moveOf = (axis: Axis | undefined): Move | undefined => coordinate.moves.find((m) => m.axis === axis);
  if (!window.isWholeBlock)
    shorten(moveOf(side.outer[side.outer.length - 1]), window.block, texts.from, texts.to);
  if (!window.isWholeChunk) shorten(moveOf(reduce[0]), window.chunk, ...texts.part);
  return [from, to];
}

/** Where the tables of a block lie and what they are of, as texts. */
export interface TableTexts {
  /** How many units the block has. */
  readonly count: string;
  readonly copy: string;
  /** Addresses of rows in the copy, and bytes from there to each step's element. */
  readonly rows: string;
  readonly steps: string;
}

/** Writes the tables by which tiles find rows in the copy. */
export function emitWindowTables(
  evaluator: Evaluator,
  { reduce }: Tiled,
  side: Side,
  { layout, chunk }: WindowBlock,
  { count, copy, rows, steps }: TableTexts,
): void {
  const { code } = evaluator;
  const [outermost] = reduce;
  const offset = (isIn: (axis: Axis) => boolean): Expr =>
    flat(
      layout.dims.flatMap(({ coordinate, pitch }) =>
        coordinate.moves.filter(({ axis }) => isIn(axis)).map(({ axis, by }) => times4(pitch * by, axis)),
      ),
    );
  const write = (
    table: string,
    axes: readonly (readonly [Axis, string])[],
    value: Expr,
    first: string,
  ): string => {
    const at = code.local('at', 'i32');
    code.line(`(local.set ${at} ${table})`);
    const visit = (k: number): void => {
      const [axis, end] = axes[k] ?? [];
      if (axis !== undefined && end !== undefined) {
        code.loop(axis.name, i32(0), end, 1, () => visit(k + 1), axis);
        return;
      }
      const number = evaluator.simplify(value);
      evaluator.expect(number);
      code.line(`(i32.store (local.get ${at}) ${plus(first, evaluator.scalar(number))})`);
      code.line(`(local.set ${at} (i32.add (local.get ${at}) (i32.const 4)))`);
    };
    visit(0);
    return `(local.get ${at})`;
  };
  const stepAxes = reduce.map(
    (axis) => [axis, axis === outermost ? i32(chunk) : endOf(evaluator, axis)] as const,
  );
  write(
    steps,
    stepAxes,
    offset((axis) => reduce.includes(axis)),
    i32(0),
  );
  const cut = side.outer[side.outer.length - 1];
  const own: (readonly [Axis, string])[] = side.inner.map((axis) => [axis, i32(axis.extent)]);
  if (cut !== undefined) own.unshift([cut, count]);
  const low = layout.dims.reduce((n, { low, pitch }) => n + low * pitch, 0);
  const place = offset((axis) => own.some(([one]) => one === axis));
  const end = write(rows, own, apply('sub', place, int(4 * low)), copy);
  // The last tile may have fewer rows: it reads the last one again in their place, and what comes of it is not used.
  const last = code.let('last', 'i32', `(i32.load (i32.sub ${end} (i32.const 4)))`);
  for (let r = 0; r < TILE_ROWS - 1; r++) code.line(`(i32.store offset=${4 * r} ${end} ${last})`);
}

function times4(by: number, axis: Axis): Expr {
  return apply('mul', axisRef(axis), int(4 * by));
}

function flat(terms: readonly Expr[]): Expr {
  return terms.reduce((sum, term) => apply('add', sum, term), int(0));
}
