import { Names } from '../kernels/names.ts';
import type { Axis } from '../loops/index.ts';
import type { Lanes, WasmType } from './operations.ts';

/** A parameter of a function. */
export interface Param {
  readonly name: string;
  readonly type: WasmType;
}

/**
 * A region of a function's text that runs together: the whole function, one turn of a loop, one arm of a
 * condition. What is computed in it is known in it and in the regions inside.
 */
export interface Scope {
  readonly lines: string[];
  /** Axes that have a value from here on. */
  readonly axes: Map<Axis, string>;
  /** Variables that have a value from here on: their texts, and how many elements they hold. */
  readonly vars: Map<string, { readonly text: string; readonly lanes: Lanes }>;
  /** Locals that hold expressions, by the key of the evaluator. */
  readonly known: Map<string, string>;
  /** Whether it runs under a condition: what may fail must not be moved out of it. */
  readonly guarded: boolean;
}

/** The text of one function under construction: its locals, and the regions that are open. */
export class Code {
  readonly name: string;
  readonly #params: readonly Param[];
  readonly #locals: Param[] = [];
  readonly #names: Names;
  readonly #scopes: Scope[] = [newScope(false)];

  /** @param name without the `$` */
  constructor(name: string, params: readonly Param[]) {
    this.name = name;
    this.#params = params;
    this.#names = new Names(params.map((p) => p.name));
  }

  /** The open regions, the function's first. */
  get scopes(): readonly Scope[] {
    return this.#scopes;
  }

  /** The innermost open region. */
  get scope(): Scope {
    const scope = this.#scopes[this.#scopes.length - 1];
    if (scope === undefined) throw new RangeError(`${this.name}: no region is open`);
    return scope;
  }

  /** Declares a local like `wish`. @returns its name, with the `$` */
  local(wish: string, type: WasmType): string {
    const name = this.#names.fresh(wish);
    this.#locals.push({ name, type });
    return `$${name}`;
  }

  /** Writes a statement to the innermost region. */
  line(text: string): void {
    this.scope.lines.push(text);
  }

  /** Names a value in a region. @returns the text that reads it */
  let(wish: string, type: WasmType, text: string, scope: Scope = this.scope): string {
    const name = this.local(wish, type);
    scope.lines.push(`(local.set ${name} ${text})`);
    return `(local.get ${name})`;
  }

  /** What `body` writes into a region of its own. */
  inside(guarded: boolean, body: () => void): Scope {
    const scope = newScope(guarded);
    this.#scopes.push(scope);
    body();
    this.#scopes.pop();
    return scope;
  }

  /** Writes what `body` writes to an outer region, by its position in `scopes`. */
  at<T>(level: number, body: () => T): T {
    const inner = this.#scopes.splice(level + 1);
    const result = body();
    this.#scopes.push(...inner);
    return result;
  }

  /**
   * `for (i = from; i < to; i += step)`, signed. The first turn is tested too.
   *
   * @param axis takes the value of i, where it is one
   */
  loop(wish: string, from: string, to: string, step: number, body: (i: string) => void, axis?: Axis): void {
    const name = this.local(wish, 'i32');
    this.line(`(local.set ${name} ${from})`);
    this.loopOn(name, to, step, body, axis, from);
  }

  /**
   * The same with a local that has its first value; it holds the first value that is not below `to` afterwards.
   *
   * @param first where the local's value is a known constant: a loop that surely runs needs no test before
   */
  loopOn(
    name: string,
    to: string,
    step: number,
    body: (i: string) => void,
    axis?: Axis,
    first?: string,
  ): void {
    const i = `(local.get ${name})`;
    const label = `$next_${name.slice(1)}`;
    const scope = this.inside(false, () => {
      if (axis !== undefined) this.scope.axes.set(axis, i);
      body(i);
    });
    const [low, high] = [first === undefined ? null : constantOf(first), constantOf(to)];
    if (low !== null && high !== null && low >= high) return;
    const end = high === null && !to.startsWith('(local.get') ? this.let('end', 'i32', to) : to;
    const runs = low !== null && high !== null;
    this.line(runs ? `(loop ${label}` : `(if (i32.lt_s ${i} ${end}) (then (loop ${label}`);
    this.#append(scope);
    const next = `(i32.lt_s (local.tee ${name} (i32.add ${i} (i32.const ${step}))) ${end})`;
    this.line(`  (br_if ${label} ${next}))${runs ? '' : '))'}`);
  }

  /** `if (condition)` around what `body` writes. */
  if(condition: string, body: () => void): void {
    const scope = this.inside(true, body);
    if (scope.lines.length === 0) return;
    this.line(`(if ${condition} (then`);
    this.#append(scope);
    this.line('))');
  }

  /** A value by condition: each arm is written to a region of its own and gives a text. */
  choose(type: WasmType, condition: string, yes: () => string, no: () => string): string {
    const name = this.local('chosen', type);
    const arm = (value: () => string): Scope =>
      this.inside(true, () => this.line(`(local.set ${name} ${value()})`));
    const [a, b] = [arm(yes), arm(no)];
    this.line(`(if ${condition} (then`);
    this.#append(a);
    this.line(') (else');
    this.#append(b);
    this.line('))');
    return `(local.get ${name})`;
  }

  /** The function as text. */
  text(): string {
    const params = this.#params.map((p) => ` (param $${p.name} ${p.type})`).join('');
    const declared = groupedLocals(this.#locals);
    const lines = [...declared, ...this.scope.lines].map((line) => `  ${line}`);
    return `(func $${this.name}${params}\n${lines.join('\n')})`;
  }

  #append(scope: Scope): void {
    for (const line of scope.lines) this.line(`  ${line}`);
  }
}

function newScope(guarded: boolean): Scope {
  return { lines: [], axes: new Map(), vars: new Map(), known: new Map(), guarded };
}

function groupedLocals(locals: readonly Param[]): string[] {
  const lines: string[] = [];
  for (const type of ['i32', 'f32', 'v128'] as const) {
    const own = locals.filter((l) => l.type === type);
    for (let k = 0; k < own.length; k += 8) {
      lines.push(
        own
          .slice(k, k + 8)
          .map((l) => `(local $${l.name} ${type})`)
          .join(' '),
      );
    }
  }
  return lines;
}

/** An integer constant's text. */
export const i32 = (value: number): string => `(i32.const ${value})`;

/** Text of an address that is known: in hexadecimal, by which it is told from other constants. */
export const addressText = (value: number): string =>
  value < 0 ? i32(value) : `(i32.const 0x${value.toString(16)})`;

/** The value of an integer constant's text; null of another. */
export function constantOf(text: string): number | null {
  const found = /^\(i32\.const (-?\d+|0x[0-9a-f]+)\)$/.exec(text);
  return found === null ? null : Number(found[1]);
}

const isAddress = (text: string): boolean => text.startsWith('(i32.const 0x');

/** `a + b`, folded where both are constants or one adds nothing. */
export function plus(a: string, b: string): string {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== null && y !== null) return isAddress(a) || isAddress(b) ? addressText(x + y) : i32(x + y);
  if (x === 0) return b;
  return y === 0 ? a : `(i32.add ${a} ${b})`;
}

/** `a - b`, folded in the same way. */
export function minus(a: string, b: string): string {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== null && y !== null) return i32(x - y);
  return y === 0 ? a : `(i32.sub ${a} ${b})`;
}

/** `a * b`, folded in the same way. */
export function times(a: string, b: string): string {
  const [x, y] = [constantOf(a), constantOf(b)];
  if (x !== null && y !== null) return i32(x * y);
  if (x === 1) return b;
  if (y !== null && y > 0 && Number.isInteger(Math.log2(y)))
    return y === 1 ? a : `(i32.shl ${a} ${i32(Math.log2(y))})`;
  return `(i32.mul ${a} ${b})`;
}

/** `a / b` upwards, of what is not negative; folded in the same way. */
export function upwards(a: string, b: number): string {
  const x = constantOf(a);
  if (x !== null) return i32(Math.ceil(x / b));
  return b === 1 ? a : `(i32.div_u ${plus(a, i32(b - 1))} ${i32(b)})`;
}

/** Axes that are single variables of the generated text, made by schedules. */
export function driver(name: string, extent: number): Axis {
  return { name, extent };
}

/** A finite or special number as a bit-exact constant. */
export function f32Const(value: number): string {
  return `(f32.const ${floatText(value)})`;
}

/** Four times a constant. */
export function vectorConst(value: number, isFloat: boolean): string {
  const one = isFloat ? floatText(value) : String(value | 0);
  return `(v128.const ${isFloat ? 'f32x4' : 'i32x4'} ${one} ${one} ${one} ${one})`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (Object.is(value, -0)) return '-0';
  // The shortest decimal of the float64 that the float32 is: it rounds back to the same bits.
  return String(Math.fround(value));
}
