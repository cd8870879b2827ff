import { type Axis, apply, axisRef, domainSize, type Expr, int, substituteAxes } from '../loops/index.ts';
import { type Code, driver, i32, minus, plus } from './code.ts';
import type { Evaluator } from './evaluate.ts';
import { endOf, rowValues } from './nest.ts';
import type { Side, Tiled } from './sides.ts';
import { transposed } from './transpose.ts';

/** What is packed at once, as texts: units `[from, to)` of a set, for a part of the outermost reduction axis. */
export interface PackTexts {
  readonly set: string;
  readonly from: string;
  readonly to: string;
  /** Address of the first panel, and bytes from one to the next. */
  readonly out: string;
  readonly panelBytes: string;
  /** Part of the outermost reduction axis. */
  readonly part: readonly [from: string, to: string];
}

/** What is known of the units that are packed at once, and of the reduction. */
export interface PackFacts {
  /** Whether the elements of a line, or between `from` and `to`, are whole panels. */
  readonly isEven: boolean;
  /** Whether the steps of the innermost reduction axis are a multiple of four. */
  readonly evenSteps: boolean;
}

/**
 * Writes the packing of one operand into panels, `[panel][k][width]`, whatever expression it is: four neighbouring
 * elements at a time, along the panel or along the reduction. Positions beyond the last element are left as they
 * are: their sums are never read.
 */
export function emitPacking(
  evaluator: Evaluator,
  tiled: Tiled,
  side: Side,
  texts: PackTexts,
  facts: PackFacts,
): void {
  new Packing(evaluator, tiled, side, texts, facts).write();
}

class Packing {
  readonly #evaluator: Evaluator;
  readonly #code: Code;
  readonly #reduce: readonly Axis[];
  readonly #side: Side;
  readonly #texts: PackTexts;
  readonly #facts: PackFacts;
  /** Numbers the elements of a line. */
  readonly #own: Axis;
  /** Numbers lines. */
  readonly #unit: Axis;
  /** The operand in terms of lines and the axes along them, and in terms of both numbers. */
  readonly #lined: Expr;
  readonly #value: Expr;

  constructor(evaluator: Evaluator, tiled: Tiled, side: Side, texts: PackTexts, facts: PackFacts) {
    this.#evaluator = evaluator;
    this.#code = evaluator.code;
    this.#reduce = tiled.reduce;
    this.#side = side;
    this.#texts = texts;
    this.#facts = facts;
    const name = side.kind === 'rows' ? 'row' : 'column';
    this.#own = evaluator.driver(name, side.length);
    this.#unit = evaluator.driver('line', domainSize(side.outer));
    const set = evaluator.driver('set', domainSize(tiled.sets));
    this.#code.scope.axes.set(set, texts.set);
    const values = new Map([...rowValues(tiled.sets, set), ...rowValues(side.outer, this.#unit)]);
    this.#lined = evaluator.simplify(substituteAxes(side.operand, values));
    this.#value = evaluator.simplify(substituteAxes(this.#lined, rowValues(side.inner, this.#own)));
  }

  write(): void {
    if (this.#side.alongReduction) this.#alongReduction();
    else this.#alongPanel();
  }

  /** For each step of the reduction the vectors of all panels: what is read lies side by side. */
  #alongPanel(): void {
    const { out, from, to } = this.#texts;
    const { width, length, outer, inner } = this.#side;
    const wide = inner.filter((axis) => axis.extent > 1).length;
    const counted = this.#code.local('at', 'i32');
    this.#code.line(`(local.set ${counted} ${out})`);
    this.#overReduction(this.#reduce, () => {
      const at = this.#code.local('out', 'i32');
      this.#code.line(`(local.set ${at} (local.get ${counted}))`);
      if (outer.length === 0) this.#line(at, from, to, this.#facts.isEven);
      else
        this.#code.loop(
          this.#unit.name,
          from,
          to,
          1,
          () => (wide > 1 ? this.#shortLine(at) : this.#line(at, i32(0), i32(length), length % width === 0)),
          this.#unit,
        );
      this.#advance(counted, i32(4 * width));
    });
  }

  /** One step of the elements `[from, to)` of a line; the local at which they are written moves on by panels. */
  #line(at: string, from: string, to: string, isEven: boolean): void {
    const { width, length } = this.#side;
    const name = this.#code.local(this.#own.name, 'i32');
    this.#code.line(`(local.set ${name} ${from})`);
    const start = this.#startOf(width - 4);
    const whole = (): void => {
      for (let q = 0; q < width; q += 4) this.#store(at, 4 * q, this.#shifted(start, q), start);
      this.#advance(at, this.#texts.panelBytes);
    };
    if (length >= width)
      this.#code.loopOn(name, isEven ? to : minus(to, i32(width - 1)), width, whole, start, from);
    if (isEven) return;
    // The last panel may be narrower. It is left half way, so that the next line starts where the next panel does.
    const rest = this.#code.local('rest', 'i32');
    this.#code.line(`(local.set ${rest} (local.get ${at}))`);
    const one = (): void => {
      this.#evaluator.expect(this.#value);
      this.#code.line(`(f32.store (local.get ${rest}) ${this.#evaluator.scalar(this.#value)})`);
      this.#advance(rest, i32(4));
    };
    if (width > 4) {
      const four = (): void => {
        this.#store(rest, 0, this.#value, this.#own);
        this.#advance(rest, i32(16));
      };
      this.#code.loopOn(name, minus(to, i32(3)), 4, four, this.#own);
    }
    this.#code.loopOn(name, to, 1, one, this.#own);
    this.#advance(at, this.#texts.panelBytes);
  }

  /**
   * One step of a line of several axes, without a loop: four elements at a time along the last one, which is a multiple
   * of them.
   */
  #shortLine(at: string): void {
    const { inner, length, width } = this.#side;
    const last = inner[inner.length - 1] ?? this.#own;
    for (let k = 0; k < length; k += 4) {
      // Four neighbours are in one line of the last axis: the others are known numbers.
      const first = new Map([[this.#own, int(k)]]);
      const values = new Map(
        [...rowValues(inner, this.#own)].map(
          ([axis, number]) => [axis, substituteAxes(number, first)] as const,
        ),
      );
      const lane = driver(last.name, last.extent);
      this.#code.scopes[0]?.axes.set(lane, i32(k % last.extent));
      values.set(last, axisRef(lane));
      const value = this.#evaluator.simplify(substituteAxes(this.#lined, values));
      this.#store(at, 4 * (k % width), value, lane);
      if ((k + 4) % width === 0 || k + 4 >= length) this.#advance(at, this.#texts.panelBytes);
    }
  }

  /** For each four elements four steps of the reduction at a time, transposed. */
  #alongReduction(): void {
    const { from, to, out, panelBytes } = this.#texts;
    const { width } = this.#side;
    const inner = this.#reduce[this.#reduce.length - 1];
    if (inner === undefined) throw new RangeError('a contraction without a reduction');
    const last = driver('last', this.#own.extent);
    this.#code.scope.axes.set(last, minus(to, i32(1)));
    const start = this.#facts.isEven ? this.#startOf(3) : this.#own;
    const rows = [0, 1, 2, 3].map((r) =>
      this.#facts.isEven ? this.#shifted(start, r) : this.#clamped(r, last),
    );
    const quads = (own: string): void => {
      const step = 4 * width;
      const quad = this.#code.let('quad', 'i32', `(i32.shr_u ${minus(own, from)} (i32.const 2))`);
      const panel =
        width === 4
          ? `(i32.mul ${quad} ${panelBytes})`
          : `(i32.add (i32.mul (i32.shr_u ${quad} (i32.const 1)) ${panelBytes}) (i32.shl (i32.and ${quad} (i32.const 1)) (i32.const 4)))`;
      const at = this.#code.local('out', 'i32');
      this.#code.line(`(local.set ${at} ${plus(out, panel)})`);
      this.#overReduction(this.#reduce.slice(0, -1), () => {
        const isOutermost = this.#reduce.length === 1;
        const [begin, end] = isOutermost ? this.#texts.part : [i32(0), endOf(this.#evaluator, inner)];
        const name = this.#code.local(inner.name, 'i32');
        this.#code.line(`(local.set ${name} ${begin})`);
        const four = (): void => {
          this.#evaluator.expect(...rows);
          const texts = rows.map((value) => this.#evaluator.vector(value, inner));
          for (const [k, text] of transposed(this.#code, texts).entries())
            this.#code.line(`(v128.store${k === 0 ? '' : ` offset=${k * step}`} (local.get ${at}) ${text})`);
          this.#advance(at, i32(4 * step));
        };
        const { evenSteps } = this.#facts;
        this.#code.loopOn(name, evenSteps ? end : minus(end, i32(3)), 4, four, inner, begin);
        if (evenSteps) return;
        const one = (): void => {
          this.#evaluator.expect(...rows);
          for (const [r, value] of rows.entries()) {
            const text = this.#evaluator.scalar(value);
            this.#code.line(`(f32.store${r === 0 ? '' : ` offset=${4 * r}`} (local.get ${at}) ${text})`);
          }
          this.#advance(at, i32(step));
        };
        this.#code.loopOn(name, end, 1, one, inner);
      });
    };
    this.#code.loop(this.#own.name, from, to, 4, quads, start);
  }

  #overReduction(axes: readonly Axis[], body: () => void): void {
    const { part } = this.#texts;
    const visit = (k: number): void => {
      const axis = axes[k];
      if (axis === undefined) {
        body();
        return;
      }
      const [from, to] = k === 0 ? part : [i32(0), endOf(this.#evaluator, axis)];
      this.#code.loop(axis.name, from, to, 1, () => visit(k + 1), axis);
    };
    visit(0);
  }

  #store(at: string, offset: number, value: Expr, lane: Axis): void {
    this.#evaluator.expect(value);
    const text = this.#evaluator.vector(value, lane);
    this.#code.line(`(v128.store${offset === 0 ? '' : ` offset=${offset}`} (local.get ${at}) ${text})`);
  }

  #advance(local: string, bytes: string): void {
    this.#code.line(`(local.set ${local} (i32.add (local.get ${local}) ${bytes}))`);
  }

  /** An element, or all lanes of a vector, behind which so many more are there. */
  #startOf(more: number): Axis {
    return this.#evaluator.driver(this.#own.name, Math.max(1, this.#own.extent - more), 'first');
  }

  /** The operand `by` elements further on. */
  #shifted(start: Axis, by: number): Expr {
    const moved = apply('add', axisRef(start), int(by));
    return this.#evaluator.simplify(substituteAxes(this.#value, new Map([[this.#own, moved]])));
  }

  /** The operand so much further on, or the last element: what is beyond is never read. */
  #clamped(by: number, last: Axis): Expr {
    if (by === 0) return this.#value;
    const moved = apply('min', apply('add', axisRef(this.#own), int(by)), axisRef(last));
    return this.#evaluator.simplify(substituteAxes(this.#value, new Map([[this.#own, moved]])));
  }
}
