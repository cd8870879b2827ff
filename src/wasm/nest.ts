import {
  type Axis,
  apply,
  axesIn,
  axisEnd,
  axisRef,
  type Changed,
  changedWhere,
  constant,
  domainSize,
  type Expr,
  int,
  isMultipleOf,
  type Loop,
  lifted,
  loadsIn,
  mapExpr,
  monoidDef,
  type Out,
  positionOver,
  substituteAxes,
  varRef,
  type Walk,
  walkOf,
  withoutLists,
} from '../loops/index.ts';
import { runsOf } from '../loops/runs.ts';
import { type ChosenTerms, chosenTerms } from './chosenTerms.ts';
import { type Code, constantOf, driver, i32, minus, plus, times } from './code.ts';
import type { Evaluator } from './evaluate.ts';
import { type Lanes, wasmType } from './operations.ts';
import { type Pieces, piecesOf } from './pieces.ts';

/** How a loop that has no tiles runs: over a block of rows, four elements at a time along `lane`. */
export interface Nest {
  /** Parallel axes that a block of rows is made of, outermost first; one number counts them all. */
  readonly rows: readonly Axis[];
  /** The axis along which four elements are computed at once: parallel, or of the reduction; null for none. */
  readonly lane: Axis | null;
  /** Whether every block of rows holds a multiple of four. */
  readonly evenRows: boolean;
  /** Set where vectors lie along the number of all rows, whatever axes it counts; there is no lane then. */
  readonly isNumbered?: true;
}

/** The texts between which a function's rows lie, and the variables that stand for them in expressions. */
export interface RowRange {
  readonly from: string;
  readonly to: string;
  /** The row, numbered over all rows. */
  readonly row: Axis;
  /** Values of parallel axes that do not change in the function. */
  readonly fixed?: ReadonlyMap<Axis, Expr>;
}

/**
 * Writes a loop over a range of rows: parallel axes outside, then the reduction, then its outputs.
 *
 * @param evaluator of the function that is written
 */
export function emitNest(evaluator: Evaluator, loop: Loop, nest: Nest, range: RowRange): void {
  new NestWriter(evaluator, loop, nest, range).write();
}

/** The values of row axes at a row's number. */
export function rowValues(rows: readonly Axis[], row: Axis): Map<Axis, Expr> {
  const values = new Map<Axis, Expr>();
  let stride = 1;
  for (const axis of [...rows].reverse()) {
    const quotient = stride === 1 ? axisRef(row) : apply('idiv', axisRef(row), int(stride));
    const isFirst = axis === rows[0];
    values.set(
      axis,
      axis.extent <= 1 ? int(0) : isFirst ? quotient : apply('mod', quotient, int(axis.extent)),
    );
    stride *= Math.max(1, axis.extent);
  }
  return values;
}

/**
 * What row axes are in a nest's text, and along what its vectors lie: where one row axis alone has several values, and is
 * the lane, along the row's number; where the lane is the last of several, along it, in lines, which the number counts.
 */
export function rowLane(
  rows: readonly Axis[],
  lane: Axis | null,
  row: Axis,
): {
  readonly values: ReadonlyMap<Axis, Expr>;
  readonly lane: Axis | null;
  readonly isInLines: boolean;
} {
  if (lane === null || !rows.includes(lane)) return { values: rowValues(rows, row), lane, isInLines: false };
  if (rows.every((axis) => axis === lane || axis.extent <= 1))
    return { values: rowValues(rows, row), lane: row, isInLines: false };
  const others = rows.filter((axis) => axis !== lane);
  return { values: rowValues(others, row), lane, isInLines: true };
}

/** Where a loop over an axis ends, as a text: its live extent where it has one. */
export function endOf(evaluator: Evaluator, axis: Axis): string {
  return evaluator.scalar(axisEnd(axis));
}

class NestWriter {
  readonly #evaluator: Evaluator;
  readonly #code: Code;
  readonly #loop: Loop;
  readonly #nest: Nest;
  readonly #range: RowRange;
  /** The axis along which vectors lie, as the text has it: the row where that is the lane. */
  #lane: Axis | null;
  /** Whether rows are taken in lines along the lane. */
  readonly #isInLines: boolean;
  readonly #values: Map<Axis, Expr>;
  readonly #pieces: Pieces;
  readonly #terms: ChosenTerms;
  /** The condition under which alone a row changes. */
  readonly #changed: Changed | null;
  /** The lists that name its reductions' terms. */
  readonly #walk: Walk | null;
  /** Vectors that are reduced side by side, and the axis of which the lane is a part then; null where one is. */
  #copies: { readonly count: number; readonly of: Axis } | null = null;
  /** How much further on along the lane the vector lies that is written. */
  #further = 0;
  /** Row axes along which no vectors lie. */
  readonly #outer: readonly Axis[];
  /** The parallel axes that are not rows, the vector's innermost; without those of `#free`. */
  readonly #inner: readonly Axis[];
  /** Those on which no reduction depends: outputs are written for all of them, once it has been computed. */
  readonly #free: readonly Axis[];

  constructor(evaluator: Evaluator, loop: Loop, nest: Nest, range: RowRange) {
    this.#evaluator = evaluator;
    this.#code = evaluator.code;
    this.#changed = changedOf(loop, nest);
    const changing = this.#changed?.loop ?? loop;
    this.#walk = walkOf(changing);
    const terms = this.#walk?.loop ?? changing;
    this.#loop = terms;
    this.#nest = nest;
    this.#range = range;
    const { values, lane, isInLines } =
      nest.isNumbered === true
        ? { values: rowValues(nest.rows, range.row), lane: range.row, isInLines: false }
        : rowLane(nest.rows, nest.lane, range.row);
    this.#values = new Map([...(range.fixed ?? []), ...values]);
    this.#lane = lane;
    this.#isInLines = isInLines;
    const inner = loop.axes.filter((axis) => !nest.rows.includes(axis) && axis.extent !== 1);
    const isFree = (axis: Axis): boolean => axis !== lane && isFreeOf(loop, axis);
    this.#free = inner.filter(isFree);
    const own = inner.filter((axis) => !isFree(axis));
    this.#inner = [...own.filter((axis) => axis !== lane), ...own.filter((axis) => axis === lane)];
    this.#outer = nest.rows.filter((axis) => axis !== nest.lane && axis.extent !== 1);
    const pieces = piecesOf(terms, [...this.#outer, ...this.#free, ...this.#inner], lane);
    // How long a list is only memory says.
    this.#pieces = this.#walk === null ? pieces : { ...pieces, terms: null };
    this.#terms = chosenTerms(terms, nest.lane);
  }

  write(): void {
    const { rows } = this.#nest;
    if (rows.length === 0) {
      this.#inRow(1);
      return;
    }
    const { from, to, row } = this.#range;
    if (this.#isInLines && this.#lane !== null) this.#overLines(this.#lane);
    else this.#over(row, from, to, this.#nest.evenRows, (lanes) => this.#inRow(lanes));
  }

  /** Rows line by line: the row's number counts lines, the first and the last of which may be there in part. */
  #overLines(lane: Axis): void {
    const { from, to, row } = this.#range;
    const extent = i32(lane.extent);
    const most = endOf(this.#evaluator, lane);
    const isEvenAxis = isMultipleOf(4, lane.live ?? lane.extent);
    const code = this.#code;
    const lineOf = (text: string): string => `(i32.div_u ${text} ${extent})`;
    const end = code.let('last', 'i32', lineOf(plus(to, i32(lane.extent - 1))));
    code.loop(
      'line',
      code.let('first_line', 'i32', lineOf(from)),
      end,
      1,
      (line) => {
        const start = code.let('start', 'i32', times(line, extent));
        const low = code.let('low', 'i32', minus(from, start));
        const high = code.let('high', 'i32', minus(to, start));
        const begin = code.let(
          'begin',
          'i32',
          `(select ${low} (i32.const 0) (i32.gt_s ${low} (i32.const 0)))`,
        );
        const stop = code.let('stop', 'i32', `(select ${high} ${most} (i32.lt_s ${high} ${most}))`);
        const isEven = this.#nest.evenRows && isEvenAxis;
        this.#over(lane, begin, stop, isEven, (lanes) => this.#inRow(lanes));
      },
      row,
    );
  }

  /** What is computed of a row: where its axes have pieces, a text for each. */
  #inRow(lanes: Lanes): void {
    const visit = (k: number): void => {
      const axis = this.#outer[k];
      if (axis === undefined) {
        this.#parallel(lanes);
        return;
      }
      const ends = this.#pieces.ends.get(axis);
      const place = this.#bind(axisRef(axis));
      if (ends === undefined) {
        // The first axis ends where the live rows do; a vector along the number of all rows may hold both.
        if (axis.live === undefined || k === 0 || this.#nest.isNumbered) visit(k + 1);
        else
          this.#code.if(
            this.#evaluator.scalar(this.#evaluator.simplify(apply('lt', place, axisEnd(axis)))),
            () => visit(k + 1),
          );
        return;
      }
      for (const [n, end] of ends.entries()) {
        const from = ends[n - 1] ?? 0;
        const inside = apply('and', apply('le', int(from), place), apply('lt', place, int(end)));
        const own = driver(axis.name, end - from);
        this.#code.if(this.#evaluator.scalar(this.#evaluator.simplify(inside)), () => {
          const number = this.#evaluator.simplify(apply('sub', place, int(from)));
          this.#code.scope.axes.set(own, this.#evaluator.scalar(number));
          this.#with([[axis, valueIn(own, from)]], () => visit(k + 1));
        });
      }
    };
    visit(0);
  }

  #parallel(lanes: Lanes): void {
    const write = (): void => this.#through(this.#inner, lanes, (now) => this.#element(now));
    if (this.#changed === null) write();
    else this.#code.if(this.#evaluator.scalar(this.#bind(this.#changed.condition)), write);
  }

  /** Loops over axes, in their pieces. @param lanes of a vector outside of them */
  #through(axes: readonly Axis[], lanes: Lanes, body: (lanes: Lanes) => void): void {
    const visit = (k: number, now: Lanes): void => {
      const axis = axes[k];
      const next = (more: Lanes): void => visit(k + 1, more === 4 ? 4 : now);
      const ends = axis === undefined ? undefined : this.#pieces.ends.get(axis);
      if (axis === undefined) body(now);
      else if (ends === undefined)
        this.#over(
          axis,
          i32(0),
          endOf(this.#evaluator, axis),
          isMultipleOf(4, axis.live ?? axis.extent),
          next,
        );
      else for (const [n, end] of ends.entries()) this.#piece(axis, ends[n - 1] ?? 0, end, next);
    };
    visit(0, lanes);
  }

  /** A piece of an axis, which a variable of its own goes through. */
  #piece(axis: Axis, from: number, to: number, body: (lanes: Lanes) => void): void {
    const lane = this.#lane;
    const own = driver(axis.name, to - from);
    if (axis === lane) this.#lane = own;
    this.#with([[axis, valueIn(own, from)]], () => {
      if (own.extent === 1) this.#inRegion(() => body(1));
      else this.#over(own, i32(0), i32(own.extent), own.extent % 4 === 0, body);
    });
    this.#lane = lane;
  }

  /** What `body` writes where some axes have other values. */
  #with(values: Iterable<readonly [Axis, Expr]>, body: () => void): void {
    const around = new Map(this.#values);
    for (const [axis, value] of values) this.#values.set(axis, value);
    body();
    this.#values.clear();
    for (const [axis, value] of around) this.#values.set(axis, value);
  }

  /** All values of an axis: by four along the lane, then what is left one by one. */
  #over(axis: Axis, from: string, to: string, even: boolean, body: (lanes: Lanes) => void): void {
    if (axis !== this.#lane) {
      this.#code.loop(axis.name, from, to, 1, () => body(1), axis);
      return;
    }
    const name = this.#code.local(axis.name, 'i32');
    this.#code.line(`(local.set ${name} ${from})`);
    const [first, last] = [constantOf(from), constantOf(to)];
    const length = first === null || last === null ? axis.extent : last - first;
    if (this.#isSharing && length >= LINE) {
      const start = driver(axis.name, axis.extent - LINE + 4);
      this.#lane = start;
      this.#copies = { count: LINE / 4, of: axis };
      this.#code.loopOn(name, minus(to, i32(LINE - 1)), LINE, () => body(4), start, from);
      this.#copies = null;
      this.#lane = axis;
      if (first !== null && last !== null && length % LINE === 0) return;
      this.#code.loopOn(name, even ? to : minus(to, i32(3)), 4, () => body(4), axis);
    } else this.#code.loopOn(name, even ? to : minus(to, i32(3)), 4, () => body(4), axis, from);
    if (even) return;
    if (last !== null && length >= 4 && this.#mayRepeat) {
      // The last four, some of them once more: as fast as one element, and what is left may be three.
      this.#code.line(`(local.set ${name} ${i32(last - 4)})`);
      this.#code.loopOn(name, to, 4, () => body(4), axis, i32(last - 4));
    } else this.#code.loopOn(name, to, 1, () => body(1), axis);
  }

  /** Whether an element may be computed once more after it has been written: where nothing is written over what is read. */
  get #mayRepeat(): boolean {
    const { outs, reductions } = this.#loop;
    const read = loadsIn(...outs.map(({ value }) => value), ...reductions.map(({ body }) => body));
    return outs.every((out) =>
      read.every((load) => this.#evaluator.addresses.isApart(out.tensor, load.tensor)),
    );
  }

  /**
   * Whether vectors of a cache line are reduced side by side: where each term is as far from the next as a line or more,
   * every line would be read once for each of them otherwise, and what they have in common be computed as often.
   */
  get #isSharing(): boolean {
    const { reductions, reduceAxes } = this.#loop;
    const parts = reductions.flatMap((r) => monoidDef(r.monoid).parts(r.body.dtype));
    if (parts.length === 0 || parts.length > MOST_SHARED || this.#pieces.terms !== null) return false;
    return this.#lane !== null && !reduceAxes.includes(this.#lane) && domainSize(reduceAxes) >= 8;
  }

  /** One element, or four along the lane. */
  #element(lanes: Lanes): void {
    if (this.#loop.reductions.length === 0) this.#writeOuts(lanes);
    else if (this.#lane !== null && this.#loop.reduceAxes.includes(this.#lane)) this.#reduceAlong(this.#lane);
    else this.#reduce(lanes);
  }

  /** Parts of elements along a parallel axis, or of one element. */
  #reduce(lanes: Lanes): void {
    const { terms } = this.#pieces;
    if (this.#copies !== null) {
      const all = Array.from({ length: this.#copies.count }, () => this.#accumulators('acc', lanes));
      this.#overTerms(all);
      this.#overFree(() => {
        for (const [n, acc] of all.entries()) this.#copy(n, () => this.#writeOuts(lanes, acc));
      });
      return;
    }
    const acc = this.#accumulators('acc', lanes);
    if (terms === null) this.#overTerms([acc]);
    else
      for (const term of terms)
        this.#with(term, () => this.#whereChosen(() => this.#combineBody(acc, lanes)));
    this.#overFree(() => this.#writeOuts(lanes, acc));
  }

  /** All terms of a reduction, or those that its list names. @param all accumulators, of vectors side by side */
  #overTerms(all: readonly Accumulators[]): void {
    const walk = this.#walk;
    if (walk === null) {
      this.#inRuns(this.#loop.reduceAxes, null, all);
      return;
    }
    const code = this.#code;
    const end = code.let('count', 'i32', this.#evaluator.scalar(this.#bind(walk.count)));
    const here = code.local('here', 'i32');
    code.line(`(local.set ${here} ${this.#evaluator.scalar(this.#bind(walk.first))})`);
    const turn = driver('turn', walk.position.extent);
    this.#inRuns([turn], null, all, {
      end,
      step: (combine) => {
        code.scope.axes.set(walk.position, `(local.get ${here})`);
        combine();
        code.line(`(local.set ${here} ${this.#evaluator.scalar(walk.next)})`);
      },
    });
  }

  /** What `body` writes for all values of the axes on which no reduction depends. */
  #overFree(body: () => void): void {
    this.#through(this.#free, 1, body);
  }

  /** A term, where data says that it counts. */
  #whereChosen(combine: () => void): void {
    const { condition } = this.#terms;
    if (condition === null) combine();
    else this.#code.if(this.#evaluator.scalar(this.#evaluator.simplify(this.#bind(condition))), combine);
  }

  /** What `body` writes for the vector that is so many further on. */
  #copy(n: number, body: () => void): void {
    this.#further = 4 * n;
    this.#inRegion(body);
    this.#further = 0;
  }

  /** Four parts of one element along a reduction axis, combined at the end. */
  #reduceAlong(lane: Axis): void {
    const acc = this.#accumulators('acc', 1);
    const four = this.#accumulators('four', 4);
    const order = [...this.#loop.reduceAxes.filter((axis) => axis !== lane), lane];
    this.#inRuns(order, lane, isEven(lane) ? [four] : [four, acc]);
    for (let l = 0; l < 4; l++) this.#combineWith(acc, (parts) => laneOf(parts, l), four);
    this.#overFree(() => this.#writeOuts(1, acc));
  }

  /**
   * The loops of a reduction, in runs.
   *
   * @param lane the axis along which vectors lie, the last one; null where none of these is
   * @param into accumulators of vectors, and of the elements that are left at the lane's end
   * @param along where the turns are those of a list
   */
  #inRuns(
    axes: readonly Axis[],
    lane: Axis | null,
    into: readonly Accumulators[],
    along: Along = { step: (combine) => combine() },
  ): void {
    const runs = runsOf(axes, lane === null ? new Map() : new Map([[lane, 4]]));
    const visit = (k: number, all: readonly Accumulators[], around: Turn | null): void => {
      const run = runs[k];
      const [acc = []] = all;
      if (run === undefined) {
        const lanes = acc[0]?.[0]?.lanes ?? 1;
        along.step(() => {
          if (this.#copies === null) this.#whereChosen(() => this.#combineBody(acc, lanes));
          else
            this.#whereChosen(() => {
              for (const [n, one] of all.entries()) this.#copy(n, () => this.#combineBody(one, lanes));
            });
        });
        return;
      }
      const { axis, step, isOwn } = run;
      const isFirst = runs[k - 1]?.axis !== axis;
      const isElements = runs[k + 1]?.axis !== axis;
      const turn =
        !isFirst && around !== null
          ? around
          : along.end === undefined
            ? this.#wholeAxis(axis, lane)
            : { from: i32(0), to: along.end, end: along.end };
      const body = (i: string): void => {
        const own = isOwn ? all.map((a) => this.#accumulators('run', a[0]?.[0]?.lanes ?? 1)) : all;
        const { end } = turn;
        visit(k + 1, own, isElements ? null : { from: i, to: this.#turnEnd(step, i, end), end });
        if (!isOwn) return;
        for (const [n, other] of own.entries()) this.#combineWith(all[n] ?? [], (parts) => parts, other);
      };
      this.#code.loop(
        isElements ? axis.name : 'run',
        turn.from,
        turn.to,
        step,
        body,
        isElements ? axis : undefined,
      );
      const rest = all[1];
      if (isFirst && axis === lane && rest !== undefined)
        this.#code.loop(
          axis.name,
          turn.end,
          endOf(this.#evaluator, axis),
          1,
          () => this.#combineBody(rest, 1),
          axis,
        );
    };
    visit(0, into, null);
  }

  /** All turns of an axis: along the lane those of whole vectors. */
  #wholeAxis(axis: Axis, lane: Axis | null): Turn {
    const all = endOf(this.#evaluator, axis);
    const end = axis !== lane || isEven(axis) ? all : this.#wholeVectors(all);
    return { from: i32(0), to: end, end };
  }

  #wholeVectors(end: string): string {
    const fixed = constantOf(end);
    return fixed === null
      ? this.#code.let('whole', 'i32', `(i32.and ${end} (i32.const -4))`)
      : i32(fixed - (fixed % 4));
  }

  /** Where a turn of so many elements ends that begins at `i`. */
  #turnEnd(step: number, i: string, end: string): string {
    const next = plus(i, i32(step));
    const fixed = constantOf(end);
    if (fixed !== null && fixed % step === 0) return next;
    return this.#code.let('to', 'i32', `(select ${next} ${end} (i32.lt_s ${next} ${end}))`);
  }

  #accumulators(prefix: string, lanes: Lanes): Accumulators {
    return this.#loop.reductions.map((r, k) => {
      const def = monoidDef(r.monoid);
      const identity = def.identity(r.body.dtype);
      return def.parts(r.body.dtype).map((dtype, part) => {
        const value = identity[part] ?? constant(0, dtype);
        const text = lanes === 1 ? this.#evaluator.scalar(value) : this.#splat(value);
        const local = this.#code.local(`${prefix}${k}_${part}`, wasmType(dtype, lanes));
        this.#code.line(`(local.set ${local} ${text})`);
        return { name: `${prefix}${k}_${part}`, local, dtype, lanes };
      });
    });
  }

  #splat(value: Expr): string {
    return this.#evaluator.vector(value, this.#lane ?? this.#range.row);
  }

  /** acc = combine(acc, lift(body)). */
  #combineBody(acc: Accumulators, lanes: Lanes): void {
    const index = this.#bind(positionOver(this.#loop.reduceAxes));
    this.#combining(acc, () => {
      const elements = this.#loop.reductions.map((r, k) =>
        lifted(r.monoid, this.#bind(this.#terms.bodies[k] ?? r.body), index),
      );
      this.#assign(acc, elements, lanes);
    });
  }

  /** acc = combine(acc, other), where `pick` reads what is combined out of other accumulators. */
  #combineWith(
    acc: Accumulators,
    pick: (parts: readonly Part[]) => readonly Read[],
    other: Accumulators,
  ): void {
    this.#combining(acc, () => {
      const more = other.map((parts) =>
        pick(parts).map((read) => {
          this.#code.scope.vars.set(`more_${read.name}`, read.as ?? shown(read));
          return varRef(`more_${read.name}`, read.dtype);
        }),
      );
      this.#assign(acc, more, acc[0]?.[0]?.lanes ?? 1);
    });
  }

  /** A region in which accumulators can be read; what is known of their values there is not known later. */
  #combining(acc: Accumulators, body: () => void): void {
    this.#inRegion(() => {
      this.#expose(acc);
      body();
    });
  }

  /** A region of its own: what variables mean in it, and what is known of them, ends with it. */
  #inRegion(body: () => void): void {
    const scope = this.#code.inside(false, body);
    for (const line of scope.lines) this.#code.line(line);
  }

  #assign(acc: Accumulators, more: readonly (readonly Expr[])[], lanes: Lanes): void {
    const parts = acc.flat();
    const values = this.#loop.reductions.flatMap((r, k) =>
      monoidDef(r.monoid)
        .combine(
          (acc[k] ?? []).map((p) => varRef(p.name, p.dtype)),
          more[k] ?? [],
        )
        .map((value) => this.#evaluator.simplify(value)),
    );
    this.#evaluator.expect(...values);
    const texts = values.map((value) => this.#text(value, lanes));
    const named =
      texts.length < 2
        ? texts
        : texts.map((text, k) => this.#code.let('next', wasmType(parts[k]?.dtype ?? 'f32', lanes), text));
    for (const [k, part] of parts.entries()) this.#code.line(`(local.set ${part.local} ${named[k] ?? ''})`);
  }

  #text(value: Expr, lanes: Lanes): string {
    if (lanes === 1) return this.#evaluator.scalar(value);
    return this.#evaluator.vector(value, this.#lane ?? this.#range.row);
  }

  #expose(acc: Accumulators): void {
    for (const part of acc.flat()) this.#code.scope.vars.set(part.name, shown(part));
  }

  /**
   * Outputs: every value first, then every store, so that a state is read before it is written over. An
   * output that lacks some axes is written at index 0 of these alone.
   */
  #writeOuts(lanes: Lanes, acc: Accumulators = []): void {
    const owners = new Map<string, Out[]>();
    for (const out of this.#loop.outs) {
      const lacks = this.#lacking(out)
        .map((axis) => axis.name)
        .join(' ');
      owners.set(lacks, [...(owners.get(lacks) ?? []), out]);
    }
    for (const outs of owners.values()) {
      const missing = this.#lacking(outs[0]);
      const bound = missing.map((axis) => this.#bind(axisRef(axis)));
      const alongLane = lanes === 4 && missing.some((axis) => this.#isLane(axis));
      const write = (): void => {
        for (const part of acc.flat()) {
          const read =
            alongLane && part.lanes === 4 ? (laneOf([part], 0)[0]?.as ?? shown(part)) : shown(part);
          this.#code.scope.vars.set(part.name, read);
        }
        this.#writeOwn(outs, alongLane ? 1 : lanes);
      };
      if (bound.length === 0) write();
      else {
        const first = bound.map((e) => apply('eq', e, int(0))).reduce((a, b) => apply('and', a, b));
        this.#code.if(this.#evaluator.scalar(this.#evaluator.simplify(first)), write);
      }
    }
  }

  #writeOwn(outs: readonly Out[], lanes: Lanes): void {
    const values = outs.map((out) => this.#bind(this.#withAccumulators(out.value)));
    this.#evaluator.expect(...values);
    const texts = values.map((value) => this.#text(value, lanes));
    const named =
      texts.length < 2
        ? texts
        : texts.map((text, k) =>
            text.startsWith('(local.get')
              ? text
              : this.#code.let(
                  outs[k]?.tensor.name ?? 'value',
                  wasmType(values[k]?.dtype ?? 'f32', lanes),
                  text,
                ),
          );
    for (const [k, out] of outs.entries()) {
      const at = out.at.map((axis) => this.#bind(axisRef(axis)));
      if (lanes === 1 || this.#lane === null) this.#evaluator.store(out.tensor, at, named[k] ?? '');
      else this.#evaluator.storeVector(out.tensor, at, named[k] ?? '', this.#lane);
    }
  }

  #lacking(out: Out | undefined): Axis[] {
    return this.#loop.axes.filter((axis) => axis.extent > 1 && !out?.at.includes(axis));
  }

  #isLane(axis: Axis): boolean {
    return axis === this.#nest.lane;
  }

  /** An expression of the loop in terms of the text's variables. */
  #bind(expr: Expr): Expr {
    const bound = mapExpr(withoutLists(expr), (e) =>
      e.kind === 'axis' ? (this.#values.get(e.axis) ?? e) : e,
    );
    if (this.#copies === null || this.#lane === null) return this.#evaluator.simplify(bound);
    const further = apply('add', axisRef(this.#lane), int(this.#further));
    return this.#evaluator.simplify(substituteAxes(bound, new Map([[this.#copies.of, further]])));
  }

  #withAccumulators(expr: Expr): Expr {
    return mapExpr(expr, (e) => (e.kind === 'acc' ? varRef(`acc${e.reduction}_${e.part}`, e.dtype) : e));
  }
}

/** Where a nest changes anything, if that is said of whole rows: vectors have one condition. */
function changedOf(loop: Loop, { rows, lane, isNumbered }: Nest): Changed | null {
  const changed = isNumbered === true ? null : changedWhere(loop);
  if (changed === null) return null;
  const outer = rows.filter((axis) => axis !== lane);
  return [...axesIn(changed.condition)].every((axis) => outer.includes(axis)) ? changed : null;
}

/** Whether the reductions of a loop, of which it has some, are the same for all values of a parallel axis. */
function isFreeOf({ reductions, reduceAxes }: Loop, axis: Axis): boolean {
  const ends = reduceAxes.map(axisEnd);
  return reductions.length > 0 && !axesIn(...reductions.map(({ body }) => body), ...ends).has(axis);
}

/** Elements of a cache line. */
const LINE = 16;

/** Parts of accumulators for each of the vectors of a line, at most: all of them fit in V8's registers. */
const MOST_SHARED = 2;

/** An axis in a piece from `from` on, which a variable of its own numbers. */
function valueIn(own: Axis, from: number): Expr {
  return own.extent === 1 ? int(from) : apply('add', axisRef(own), int(from));
}

/** Whether vectors of four take all of an axis. */
function isEven(axis: Axis): boolean {
  return axis.live === undefined && axis.extent % 4 === 0;
}

/** A stretch of an axis, as texts, and where the axis itself ends. */
interface Turn {
  readonly from: string;
  readonly to: string;
  readonly end: string;
}

/** How the turns of a reduction go. */
interface Along {
  /** Where they end, in place of the axis's end. */
  readonly end?: string;
  /** Writes a turn around what combines its term. */
  readonly step: (combine: () => void) => void;
}

/** The parts of each reduction, each in a local. */
type Accumulators = readonly (readonly Part[])[];

interface Part {
  readonly name: string;
  readonly local: string;
  readonly dtype: Expr['dtype'];
  readonly lanes: Lanes;
}

/** A part as it is read: itself, or one of its lanes. */
interface Read extends Part {
  readonly as?: { readonly text: string; readonly lanes: Lanes };
}

function shown(part: Part): { text: string; lanes: Lanes } {
  return { text: `(local.get ${part.local})`, lanes: part.lanes };
}

function laneOf(parts: readonly Part[], l: number): Read[] {
  return parts.map((part) => {
    const shape = part.dtype === 'f32' ? 'f32x4' : 'i32x4';
    const lane = `(${shape}.extract_lane ${l} (local.get ${part.local}))`;
    return {
      ...part,
      as: { text: part.dtype === 'bool' ? `(i32.ne ${lane} (i32.const 0))` : lane, lanes: 1 },
    };
  });
}
