import { liveField, paramField } from '../kernels/names.ts';
import {
  type Apply,
  type Axis,
  apply,
  axisRef,
  childrenOf,
  type Dtype,
  type Expr,
  extentOf,
  int,
  type Load,
  load,
  mapExpr,
  type Ranges,
  type ScalarDef,
  type ScalarOp,
  scalarOps,
  subexpressions,
  type Tensor,
  type ValueNumbers,
} from '../loops/index.ts';
import { MARGIN_BYTES } from '../runtime/wasm/program.ts';
import { Addresses, elementBytes, type Location, laneAddress, offsetText } from './addresses.ts';
import { type Code, f32Const, i32, vectorConst } from './code.ts';
import { flooredByPositive, shiftName } from './integers.ts';
import type { Knowledge } from './knowledge.ts';
import type { FunctionName } from './math.ts';
import { type Lanes, repeats, type Spelling, spellings, wasmType } from './operations.ts';
import { isName, Regions } from './regions.ts';

/** What the expressions of a function mean in its module. */
export interface Surroundings {
  readonly place: (tensor: Tensor) => Location;
  /** Position of a field in the step block. */
  readonly field: (name: string) => number;
  /** Is told each function of the module that is called. */
  readonly calls: (name: FunctionName) => void;
  /** What is known of expressions: one memory for all functions of a module. */
  readonly known: Knowledge;
}

/** Operations of a select's arm up to this cost are evaluated whether or not they are chosen. */
const CHEAP_ARM = 8;

/**
 * Writes expressions as text, for one element or for four neighbours along an axis. What several expressions
 * share is computed once, and everything is computed in the outermost region where it can be: addresses and
 * what does not change in a loop are there before the loop.
 */
export class Evaluator {
  readonly code: Code;
  readonly #around: Surroundings;
  readonly #ranges: Ranges;
  readonly #numbers: ValueNumbers;
  readonly #regions: Regions;
  readonly addresses: Addresses;
  readonly #uses = new Map<number, number>();
  readonly #clamped = new Map<Expr, Expr>();

  constructor(code: Code, around: Surroundings) {
    this.code = code;
    this.#around = around;
    this.#ranges = around.known.ranges;
    this.#numbers = this.#ranges.numbers;
    this.#regions = new Regions(code, around.known);
    this.addresses = new Addresses(this.#regions, around.place, around.known, {
      scalar: (expr) => this.scalar(expr),
      vector: (expr, lane) => this.vector(expr, lane),
      varies: (expr, lane) => this.varies(expr, lane),
    });
  }

  /** The variable of a name and an extent: the same in all functions. @param which tells those of one function apart */
  driver(name: string, extent: number, which = ''): Axis {
    return this.#around.known.driver(name, extent, which);
  }

  /** An expression with fewer operations and the same value. */
  simplify(expr: Expr): Expr {
    return this.#around.known.simplify(expr);
  }

  /** Says what will be evaluated next, so that what occurs twice is named. */
  expect(...roots: readonly Expr[]): void {
    this.#uses.clear();
    const seen = new Set<number>();
    const visit = (expr: Expr): void => {
      const number = this.#numbers.of(expr);
      this.#uses.set(number, (this.#uses.get(number) ?? 0) + 1);
      if (seen.has(number)) return;
      seen.add(number);
      for (const child of childrenOf(expr)) visit(child);
    };
    for (const root of roots) visit(root);
  }

  /** Text of one element; the type is that of `wasmType(expr.dtype, 1)`. */
  scalar(expr: Expr): string {
    return this.#value(expr, null);
  }

  /** Text of the four elements at `lane`, `lane + 1`, `lane + 2`, `lane + 3`. */
  vector(expr: Expr, lane: Axis): string {
    return this.#value(expr, lane);
  }

  /** Whether an expression differs between lanes. */
  varies(expr: Expr, lane: Axis): boolean {
    const { axes, vars } = this.#around.known.factsOf(expr);
    if (axes.has(lane)) return true;
    for (const name of vars) if (this.#regions.variable(name).lanes === 4) return true;
    return false;
  }

  /** Stores one element. */
  store(tensor: Tensor, at: readonly Expr[], value: string): void {
    const { offset, text } = this.addresses.of(tensor, at, null);
    const type = tensor.dtype === 'f32' ? 'f32' : 'i32';
    this.code.line(`(${type}.store${offsetText(offset)} ${text} ${value})`);
  }

  /** Stores four elements along `lane`; the tensor's index moves with it. */
  storeVector(tensor: Tensor, at: readonly Expr[], value: string, lane: Axis): void {
    const stored = tensor.dtype === 'bool' ? `(v128.and ${value} ${vectorConst(1, false)})` : value;
    const address = this.addresses.of(tensor, at, lane);
    if (address.stride === 4) {
      this.code.line(`(v128.store${offsetText(address.offset)} ${address.text} ${stored})`);
      return;
    }
    const name = this.code.let('lanes', 'v128', stored);
    for (let l = 0; l < 4; l++) {
      const { offset, text } = laneAddress(address, l);
      this.code.line(`(v128.store32_lane${offsetText(offset)} ${l} ${text} ${name})`);
    }
  }

  /**
   * Instructions that expressions take, roughly: for one element, or for four along a lane, where what lies
   * apart is collected.
   */
  cost(roots: readonly Expr[], lane: Axis | null): number {
    let cost = 0;
    for (const e of subexpressions(...roots)) {
      if (e.kind === 'load') {
        const stride = lane === null ? 0 : this.addresses.stride(e.tensor, e.at, lane);
        const bytes = elementBytes(e.tensor.dtype);
        const near = stride === 0 || stride === bytes;
        cost += near ? 1 : stride === null ? 14 : stride === 2 * bytes && bytes === 4 ? 3 : 5;
      }
      if (e.kind === 'apply' && (e.dtype !== 'i32' || lane === null))
        cost += (scalarOps[e.op] satisfies ScalarDef).cost;
    }
    return cost;
  }

  #value(expr: Expr, lane: Axis | null): string {
    if (lane !== null && !this.varies(expr, lane)) return this.#splat(expr, lane);
    const lanes: Lanes = lane === null ? 1 : 4;
    switch (expr.kind) {
      case 'const':
        return expr.dtype === 'f32' ? f32Const(expr.value) : i32(expr.value | 0);
      case 'var':
        return this.#regions.variable(expr.name).text;
      case 'axis': {
        const text = this.#regions.axis(expr.axis);
        if (lane === null) return text;
        return this.#named(
          expr,
          lane,
          'lane',
          () => `(i32x4.add (i32x4.splat ${text}) (v128.const i32x4 0 1 2 3))`,
        );
      }
      case 'acc':
        throw new RangeError('an accumulator is a variable by now');
      case 'parts':
        throw new RangeError('parts of a reduction are combined, and have no value');
      case 'live':
      case 'param':
        return this.#named(expr, null, expr.kind === 'live' ? expr.size.name : expr.param.name, () => {
          const field = expr.kind === 'live' ? liveField(expr.size.name) : paramField(expr.param.name);
          return `(${wasmType(expr.dtype, 1)}.load${offsetText(4 * this.#around.field(field))} (global.get $record))`;
        });
      case 'load':
        return this.#named(expr, lane, expr.tensor.name, () =>
          lanes === 1 ? this.#loadOne(expr) : this.#loadFour(expr, lane),
        );
      case 'apply':
        return this.#named(expr, lane, expr.op, () =>
          expr.op === 'select' ? this.#select(expr, lane) : this.#apply(expr, lane),
        );
      default:
        return expr satisfies never;
    }
  }

  /** One value four times. */
  #splat(expr: Expr, lane: Axis): string {
    const key = `four ${this.#numbers.of(expr)}`;
    const known = this.#regions.known(key);
    if (known !== undefined) return known;
    const level = this.#regions.levelOf(expr);
    const text = this.code.at(level, () => {
      if (expr.kind === 'const' && expr.dtype !== 'bool')
        return vectorConst(expr.value, expr.dtype === 'f32');
      const one = this.scalar(expr);
      if (expr.dtype === 'bool') return `(i32x4.splat (i32.sub (i32.const 0) ${one}))`;
      return `(${expr.dtype === 'f32' ? 'f32' : 'i32'}x4.splat ${one})`;
    });
    const scope = this.code.scopes[level] ?? this.code.scope;
    const named = this.code.let(expr.kind === 'const' ? 'four' : wish(expr, lane), 'v128', text, scope);
    scope.known.set(key, named);
    return named;
  }

  #apply(expr: Apply, lane: Axis | null): string {
    const spelling: Spelling = spellings[expr.op];
    const operandType = (expr.args[0] as Expr).dtype;
    if (spelling.calls !== undefined && operandType === (spelling.callsFor ?? 'f32'))
      this.#around.calls(spelling.calls);
    const lanes: Lanes = lane === null ? 1 : 4;
    const shifted = lane === null ? null : this.#shifted(expr, lane);
    if (shifted !== null) return shifted;
    const args = expr.args.map((arg) => {
      const text = this.#value(arg, lane);
      const again = repeats.has(expr.op) && !isName(text);
      return again ? this.code.let('x', wasmType(arg.dtype, lanes), text) : text;
    });
    if (lane === null) return this.#integer(expr, args) ?? spelling.scalar(args, operandType, expr.dtype);
    const vector = spelling.vector(args, operandType, expr.dtype);
    if (vector !== null) return vector;
    // Each lane by itself.
    const names = args.map((text) => (isName(text) ? text : this.code.let('x', 'v128', text)));
    const one = (l: number): string =>
      spelling.scalar(
        names.map((name, k) => `(${laneShape((expr.args[k] as Expr).dtype)}.extract_lane ${l} ${name})`),
        operandType,
        expr.dtype,
      );
    const shape = laneShape(expr.dtype);
    return [1, 2, 3].reduce(
      (text, l) => `(${shape}.replace_lane ${l} ${text} ${one(l)})`,
      `(${shape}.splat ${one(0)})`,
    );
  }

  /** Four numbers shifted by a known number of places, or divided by a power of two and not negative; null of others. */
  #shifted(expr: Apply, lane: Axis): string | null {
    const [x, y] = expr.args;
    if (x === undefined || y?.kind !== 'const') return null;
    if (isShift(expr.op) && isPlaces(y.value))
      return `(i32x4.${shiftName(expr.op, expr.dtype)} ${this.#value(x, lane)} ${i32(y.value)})`;
    if (expr.op !== 'idiv' && expr.op !== 'mod') return null;
    const shift = Math.log2(y.value);
    if (!Number.isInteger(shift) || this.#ranges.of(x).low < 0) return null;
    const text = this.#value(x, lane);
    return expr.op === 'idiv'
      ? `(i32x4.shr_u ${text} ${i32(shift)})`
      : `(v128.and ${text} ${vectorConst(y.value - 1, false)})`;
  }

  /** A shift by a known number of places; a division by what is positive, which needs no correction of what is not negative. */
  #integer(expr: Apply, args: readonly string[]): string | null {
    const [x, y] = expr.args;
    const [text = '', by = ''] = args;
    if (x === undefined || y === undefined) return null;
    if (isShift(expr.op))
      return y.kind === 'const' && isPlaces(y.value)
        ? `(i32.${shiftName(expr.op, expr.dtype)} ${text} ${by})`
        : null;
    if ((expr.op !== 'idiv' && expr.op !== 'mod') || this.#ranges.of(y).low <= 0) return null;
    if (x.dtype === 'i32' && this.#ranges.of(x).low < 0) return flooredByPositive[expr.op](text, by);
    const shift = y.kind === 'const' ? Math.log2(y.value) : Number.NaN;
    if (y.kind === 'const' && Number.isInteger(shift))
      return expr.op === 'idiv'
        ? `(i32.shr_u ${text} ${i32(shift)})`
        : `(i32.and ${text} ${i32(y.value - 1)})`;
    return `(i32.${expr.op === 'idiv' ? 'div' : 'rem'}_u ${text} ${by})`;
  }

  /**
   * Only the chosen operand of a `select` may be evaluated where the other may fail: loads that are not known
   * to be in range. For four elements of which some choose one and some the other, what is loaded beside the end
   * of a tensor is not chosen; loads that may be far from it are clamped.
   */
  #select(expr: Apply, lane: Axis | null): string {
    const [condition, yes, no] = expr.args;
    if (condition === undefined || yes === undefined || no === undefined)
      throw new RangeError('a select of fewer than three operands');
    const unsafe = this.#mayFail(yes) || this.#mayFail(no);
    const type = wasmType(expr.dtype, lane === null ? 1 : 4);
    if (lane === null || !this.varies(condition, lane)) {
      const test = this.scalar(condition);
      const costly =
        this.#around.known.factsOf(yes).cost > CHEAP_ARM || this.#around.known.factsOf(no).cost > CHEAP_ARM;
      if (unsafe || costly)
        return this.code.choose(
          type,
          test,
          () => this.#value(yes, lane),
          () => this.#value(no, lane),
        );
      return `(select (result ${type}) ${this.#value(yes, lane)} ${this.#value(no, lane)} ${test})`;
    }
    const mask = this.#value(condition, lane);
    const blend = (a: Expr, b: Expr): string =>
      spellings.select.vector([mask, this.#value(a, lane), this.#value(b, lane)]);
    if (!unsafe) return blend(yes, no);
    if (!this.#mayFail(no) && this.#staysNear(yes, lane)) {
      const any = isName(mask) ? mask : this.code.let('mask', 'v128', mask);
      return this.code.choose(
        'v128',
        `(v128.any_true ${any})`,
        () => spellings.select.vector([any, this.#value(yes, lane), this.#value(no, lane)]),
        () => this.#value(no, lane),
      );
    }
    const named = isName(mask) ? mask : this.code.let('mask', 'v128', mask);
    return this.code.choose(
      'v128',
      `(i32x4.all_true ${named})`,
      () => this.#value(yes, lane),
      () =>
        spellings.select.vector([
          named,
          this.#value(this.#clamp(yes), lane),
          this.#value(this.#clamp(no), lane),
        ]),
    );
  }

  /**
   * Whether the loads of an operand lie so near to one another that where one of four is in its tensor, the others
   * are in memory at least: there are `MARGIN_BYTES` on both sides of everything.
   */
  #staysNear(expr: Expr, lane: Axis): boolean {
    for (const e of subexpressions(expr)) {
      if (e.kind === 'apply' && e.op === 'select' && this.#around.known.factsOf(e).loads) return false;
      if (e.kind !== 'load' || this.#clamp(e) === e) continue;
      const stride = this.addresses.stride(e.tensor, e.at, lane);
      if (stride === null || Math.abs(3 * stride) + 16 > MARGIN_BYTES) return false;
    }
    return true;
  }

  #loadOne(expr: Load): string {
    const { dtype } = expr.tensor;
    const { offset, text } = this.addresses.of(expr.tensor, expr.at, null);
    if (dtype === 'u8') return `(i32.load8_u${offsetText(offset)} ${text})`;
    return `(${dtype === 'f32' ? 'f32' : 'i32'}.load${offsetText(offset)} ${text})`;
  }

  #loadFour(expr: Load, lane: Axis | null): string {
    if (lane === null) throw new RangeError('four elements along no axis');
    const { dtype } = expr.tensor;
    const address = this.addresses.of(expr.tensor, expr.at, lane);
    const bytes = elementBytes(dtype);
    let words: string;
    if (address.stride === bytes && dtype === 'u8') {
      const four = `(v128.load32_zero${offsetText(address.offset)} ${address.text})`;
      return `(i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u ${four}))`;
    }
    if (address.stride === bytes) {
      words = `(v128.load${offsetText(address.offset)} ${address.text})`;
    } else if (address.stride === 2 * bytes && bytes === 4) {
      // What is read beside the last element is in memory: there are `MARGIN_BYTES` behind everything.
      const [low, high] = [0, 16].map(
        (by) => `(v128.load${offsetText(address.offset + by)} ${address.text})`,
      );
      words = `(i8x16.shuffle ${EVEN_WORDS} ${low} ${high})`;
    } else {
      const at = [0, 1, 2, 3].map((l) => laneAddress(address, l));
      const first = at[0] ?? { offset: 0, text: '' };
      if (dtype === 'u8') {
        return [1, 2, 3].reduce(
          (text, l) => {
            const { offset, text: where } = at[l] ?? first;
            return `(i32x4.replace_lane ${l} ${text} (i32.load8_u${offsetText(offset)} ${where}))`;
          },
          `(i32x4.splat (i32.load8_u${offsetText(first.offset)} ${first.text}))`,
        );
      }
      words = [1, 2, 3].reduce(
        (text, l) => {
          const { offset, text: where } = at[l] ?? first;
          return `(v128.load32_lane${offsetText(offset)} ${l} ${where} ${text})`;
        },
        `(v128.load32_zero${offsetText(first.offset)} ${first.text})`,
      );
    }
    return dtype === 'bool' ? `(i32x4.ne ${words} ${vectorConst(0, false)})` : words;
  }

  /** Names a value if it is used more than once, or can be computed further outside. */
  #named(expr: Expr, lane: Axis | null, name: string, build: () => string): string {
    const number = this.#numbers.of(expr);
    const key = lane === null ? `one ${number}` : `lanes ${this.#numbers.of(axisRef(lane))} ${number}`;
    const known = this.#regions.known(key);
    if (known !== undefined) return known;
    const level = this.#regions.levelOf(expr);
    const current = this.code.scopes.length - 1;
    if (level === current && (this.#uses.get(number) ?? 0) <= 1) return build();
    const text = this.code.at(level, build);
    const scope = this.code.scopes[level] ?? this.code.scope;
    if (isName(text)) {
      scope.known.set(key, text);
      return text;
    }
    const made = this.code.let(name, wasmType(expr.dtype, lane === null ? 1 : 4), text, scope);
    scope.known.set(key, made);
    return made;
  }

  /** Whether a load in an expression is not known to be in range. */
  #mayFail(expr: Expr): boolean {
    return this.#around.known.factsOf(expr).loads && this.#clamp(expr) !== expr;
  }

  /** The expression with indices clamped that are not known to be in range; itself if all are. */
  #clamp(expr: Expr): Expr {
    return mapExpr(
      expr,
      (e) => {
        if (e.kind !== 'load' || this.#around.place(e.tensor).isSafe === true) return e;
        const at = e.at.map((index, d) => {
          // Row numbers are always those of rows that are there.
          if (index.kind === 'load' && index.tensor.role === 'rows') return index;
          const last = extentOf(e.tensor.shape[d] ?? 1) - 1;
          const { low, high } = this.#ranges.of(index);
          const below = high <= last ? index : apply('min', index, int(last));
          return low >= 0 ? below : apply('max', below, int(0));
        });
        return at.every((index, d) => index === e.at[d]) ? e : load(e.tensor, at);
      },
      this.#clamped,
    );
  }
}

/** Bytes of every second word of two vectors, for a shuffle. */
const EVEN_WORDS = [0, 8, 16, 24].flatMap((at) => [at, at + 1, at + 2, at + 3]).join(' ');

function isShift(op: ScalarOp): op is 'shiftLeft' | 'shiftRight' {
  return op === 'shiftLeft' || op === 'shiftRight';
}

/** Whether bits of a word may be moved by so many places. */
function isPlaces(n: number): boolean {
  return n >= 0 && n < 32;
}

function laneShape(dtype: Dtype): 'f32x4' | 'i32x4' {
  return dtype === 'f32' ? 'f32x4' : 'i32x4';
}

function wish(expr: Expr, lane: Axis): string {
  if (expr.kind === 'load') return expr.tensor.name;
  if (expr.kind === 'param') return expr.param.name;
  return expr.kind === 'apply' ? expr.op : lane.name;
}
