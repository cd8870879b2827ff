import {
  type Apply,
  applyScalar,
  childrenOf,
  type Dtype,
  type Expr,
  elementCount,
  extentOf,
  type Load,
  type ScalarDef,
  scalarOps,
  subexpressions,
  type Tensor,
} from '../loops/index.ts';
import { liveWorkgroups } from '../schedule/liveGrid.ts';
import { AccessLog } from './accessLog.ts';
import { type Kernel, LOCAL_ID, type Stmt, statementsIn, WORKGROUP_ID } from './kernel.ts';

/**
 * The contents of the tensors that a kernel touches, row-major, one number an element. Tensors over the same
 * storage (a `next` over its `state`) are views of one `ArrayBuffer`: they are checked as the same memory.
 */
export type KernelMemory = ReadonlyMap<Tensor, Float64Array>;

export interface InterpretOptions {
  /** Live extents by size; the maximum where one is missing. */
  readonly live?: Readonly<Record<string, number>>;
  /** Run-time scalars by name; the initial value where one is missing. */
  readonly params?: Readonly<Record<string, number>>;
  /** Whether each operation rounds to float32; float64 without. */
  readonly float32?: boolean;
}

/** What a kernel did that it must not do. */
export class InterpretError extends Error {
  readonly code: 'range' | 'race' | 'uninitialised' | 'barrier' | 'memory';
  readonly kernel: string;

  constructor(code: InterpretError['code'], kernel: string, message: string) {
    super(`kernel ${kernel}: ${message}`);
    this.name = 'InterpretError';
    this.code = code;
    this.kernel = kernel;
  }
}

/**
 * Runs every invocation of every workgroup of a kernel over `memory`, and watches: indices in
 * range, barriers reached by a whole workgroup, no workgroup memory read before it was written, no races. Of a
 * `select` the chosen operand alone is evaluated; in an evaluated kernel the other one too, as a target may do: its
 * indices must be in range, and what it reads does not matter. Workgroup memory that was not written is NaN there.
 *
 * @throws InterpretError at the first fault; memory then holds what was written before
 */
export function interpretKernel(kernel: Kernel, memory: KernelMemory, options: InterpretOptions = {}): void {
  new Machine(kernel, options.float32 ?? false).run(memory, options);
}

/** The kernel as a function that can run many times: its expressions are compiled to closures once. */
export function compileForInterpretation(
  kernel: Kernel,
  float32: boolean,
): (memory: KernelMemory, options?: Omit<InterpretOptions, 'float32'>) => void {
  const machine = new Machine(kernel, float32);
  return (memory, options = {}) => machine.run(memory, options);
}

/**
 * Views on one zeroed `Float64Array` for each arena, by where the tensors lie (in elements).
 */
export function arenaMemory(
  places: ReadonlyMap<Tensor, { readonly arena: string; readonly offset: number }>,
): Map<Tensor, Float64Array> {
  const ends = new Map<string, number>();
  for (const [tensor, { arena, offset }] of places) {
    ends.set(arena, Math.max(ends.get(arena) ?? 0, offset + elementCount(tensor.shape)));
  }
  const arenas = new Map([...ends].map(([arena, length]) => [arena, new Float64Array(length)] as const));
  return new Map(
    [...places].map(([tensor, { arena, offset }]) => [
      tensor,
      arenas.get(arena)?.subarray(offset, offset + elementCount(tensor.shape)) ?? new Float64Array(0),
    ]),
  );
}

type Value = () => number;
type Run = () => void;

/** One tensor's elements during a run. */
interface Cells {
  readonly tensor: Tensor;
  /** Extents; the first of `data` is that of its array. */
  extents: number[];
  values: Float64Array;
  /** Where element 0 lies in the log: the view's start in its buffer. */
  start: number;
  log: AccessLog | undefined;
}

/** A kernel compiled to closures over one set of registers; invocations take turns. */
class Machine {
  readonly #kernel: Kernel;
  readonly #float32: boolean;
  readonly #cells = new Map<Tensor, Cells>();
  readonly #stored: ReadonlySet<Tensor>;
  readonly #slots = new Map<string, number>();
  readonly #registers: Float64Array;
  readonly #body: Run;
  #options: InterpretOptions = {};
  #group = 0;
  #invocation = 0;
  #base = 0;
  /** Numbers what a workgroup does between two barriers that order one kind of memory. */
  readonly #intervals = { workgroup: 0, storage: 0 };
  /** Numbers the evaluations of statements: what was shared within one is stale in the next. */
  #evaluation = 0;
  /** Whether anything depends on what is evaluated: an operand that is not chosen races with nothing. */
  #isChosen = true;

  constructor(kernel: Kernel, float32: boolean) {
    this.#kernel = kernel;
    this.#float32 = float32;
    const stored = new Set<Tensor>();
    for (const stmt of statementsIn(kernel.body)) {
      if (stmt.kind === 'let' || stmt.kind === 'var' || stmt.kind === 'for') {
        this.#slots.set(stmt.name, this.#slots.size);
      }
      if (stmt.kind === 'store') stored.add(stmt.tensor);
    }
    this.#stored = stored;
    this.#registers = new Float64Array(this.#slots.size * kernel.workgroup);
    this.#body = this.#groupBlock(kernel.body);
  }

  run(memory: KernelMemory, options: InterpretOptions): void {
    this.#options = options;
    this.#bind(memory);
    const { grid, live } = this.#kernel;
    const workgroups =
      live === undefined ? grid : liveWorkgroups(live, options.live?.[live.size.name] ?? live.size.max);
    for (this.#group = 0; this.#group < workgroups; this.#group++) {
      this.#order();
      for (const tensor of this.#kernel.arrays) {
        const cells = this.#cells.get(tensor);
        cells?.log?.forgetGroups();
        if (tensor.role === 'private') cells?.values.fill(0);
      }
      this.#body();
    }
  }

  #bind(memory: KernelMemory): void {
    const { arrays, workgroup } = this.#kernel;
    const logs = new Map<ArrayBufferLike, AccessLog>();
    for (const tensor of this.#stored) {
      const buffer = memory.get(tensor)?.buffer;
      if (buffer !== undefined) logs.set(buffer, new AccessLog(buffer.byteLength / 8));
    }
    for (const cells of this.#cells.values()) {
      const { tensor } = cells;
      const count = elementCount(tensor.shape);
      cells.extents = this.#kernel.flat ? [count] : tensor.shape.map(extentOf);
      if (arrays.includes(tensor)) {
        const shared = tensor.role === 'workgroup';
        cells.values = new Float64Array(shared ? count : count * workgroup);
        cells.log = shared ? new AccessLog(count) : undefined;
        continue;
      }
      const values = memory.get(tensor);
      if (values === undefined) this.#fail('memory', `there is no memory for ${tensor.name}`);
      if (tensor.role === 'data') {
        cells.extents[0] = values.length / cells.extents.slice(1).reduce((n, extent) => n * extent, 1);
      } else if (values.length < count) {
        this.#fail('memory', `${tensor.name} has ${count} elements, and memory for ${values.length}`);
      }
      cells.values = values;
      cells.start = values.byteOffset / 8;
      cells.log = logs.get(values.buffer);
    }
  }

  /** Statements that a whole workgroup runs in step, barriers among them. */
  #groupBlock(body: readonly Stmt[]): Run {
    const runs: Run[] = [];
    let own: Run[] = [];
    const flush = (): void => {
      if (own.length > 0) runs.push(this.#each(sequence(own)));
      own = [];
    };
    for (const stmt of body) {
      if (!hasBarrier(stmt)) {
        own.push(this.#statement(stmt));
        continue;
      }
      flush();
      runs.push(this.#groupStatement(stmt));
    }
    flush();
    return sequence(runs);
  }

  /** What was accessed in one kind of memory, or in both, lies before what will be. */
  #order(memory?: 'workgroup' | 'storage'): void {
    if (memory !== 'storage') this.#intervals.workgroup++;
    if (memory !== 'workgroup') this.#intervals.storage++;
  }

  #groupStatement(stmt: Stmt): Run {
    switch (stmt.kind) {
      case 'barrier':
        return () => this.#order(stmt.memory);
      case 'if': {
        const condition = this.#agreed([stmt.condition], 'a condition around a barrier');
        const [then, otherwise] = [this.#groupBlock(stmt.body), this.#groupBlock(stmt.otherwise)];
        return () => (condition()[0] !== 0 ? then() : otherwise());
      }
      case 'for': {
        const slot = this.#slot(stmt.name);
        const goesOn = this.#turn(
          stmt.body,
          (part) => this.#groupBlock(part),
          (condition) => {
            const values = this.#agreed([condition], `when to leave loop ${stmt.name} around a barrier`);
            return () => values()[0] ?? 0;
          },
        );
        let turn = 0;
        const set = this.#each(() => {
          this.#registers[this.#base + slot] = turn;
        });
        return () => {
          for (turn = stmt.from; turn < stmt.to; turn++) {
            set();
            if (!goesOn()) break;
          }
        };
      }
      default:
        return this.#each(this.#statement(stmt));
    }
  }

  /** One turn of a loop; whether its end was reached. @param run runs the statements between breaks */
  #turn(
    body: readonly Stmt[],
    run: (part: readonly Stmt[]) => Run,
    value: (condition: Expr) => Value,
  ): () => boolean {
    const parts: { readonly run: Run; readonly leaves: Value }[] = [];
    let begin = 0;
    for (const [k, stmt] of body.entries()) {
      if (stmt.kind !== 'break') continue;
      parts.push({ run: run(body.slice(begin, k)), leaves: value(stmt.condition) });
      begin = k + 1;
    }
    const last = run(body.slice(begin));
    return () => {
      for (const part of parts) {
        part.run();
        if (part.leaves() !== 0) return false;
      }
      last();
      return true;
    };
  }

  /** Values that every invocation of the workgroup must agree on. */
  #agreed(exprs: readonly Expr[], what: string): () => readonly number[] {
    const values = this.#expressions(exprs);
    let first: number[] = [];
    const compare = this.#each(() => {
      this.#evaluation++;
      const own = values.map((value) => value());
      if (this.#invocation === 0) first = own;
      else if (own.some((value, k) => value !== first[k])) {
        this.#fail('barrier', `invocations of workgroup ${this.#group} do not agree on ${what}`);
      }
    });
    return () => {
      compare();
      return first;
    };
  }

  /** Runs for each invocation of the workgroup in turn. */
  #each(run: Run): Run {
    const size = this.#slots.size;
    const { workgroup } = this.#kernel;
    return () => {
      for (let i = 0; i < workgroup; i++) {
        this.#invocation = i;
        this.#base = i * size;
        run();
      }
    };
  }

  /** Statements that one invocation runs by itself. */
  #statement(stmt: Stmt): Run {
    switch (stmt.kind) {
      case 'let':
      case 'var':
      case 'assign': {
        const slot = this.#slot(stmt.name);
        const value = this.#one(stmt.value);
        return () => {
          this.#evaluation++;
          this.#registers[this.#base + slot] = value();
        };
      }
      case 'store':
        return this.#store(stmt);
      case 'for': {
        const slot = this.#slot(stmt.name);
        const goesOn = this.#turn(
          stmt.body,
          (part) => sequence(part.map((inner) => this.#statement(inner))),
          (condition) => {
            const value = this.#one(condition);
            return () => {
              this.#evaluation++;
              return value();
            };
          },
        );
        return () => {
          for (let i = stmt.from; i < stmt.to; i++) {
            this.#registers[this.#base + slot] = i;
            if (!goesOn()) break;
          }
        };
      }
      case 'if': {
        const condition = this.#one(stmt.condition);
        const then = sequence(stmt.body.map((inner) => this.#statement(inner)));
        const otherwise = sequence(stmt.otherwise.map((inner) => this.#statement(inner)));
        return () => {
          this.#evaluation++;
          if (condition() !== 0) then();
          else otherwise();
        };
      }
      case 'break':
        throw new TypeError('a break stands in the body of a loop itself');
      case 'barrier':
        throw new TypeError('a barrier is run by a workgroup, not by an invocation');
      case 'comment':
        return () => {};
      default:
        return stmt satisfies never;
    }
  }

  #store(stmt: Extract<Stmt, { kind: 'store' }>): Run {
    const cells = this.#cellsOf(stmt.tensor);
    const values = this.#expressions([...stmt.at, stmt.value]);
    const value = values.pop() ?? (() => 0);
    const element = this.#element(cells, values);
    const round = this.#rounding(stmt.tensor.dtype);
    const memory = memoryOf(stmt.tensor);
    return () => {
      this.#evaluation++;
      const at = element();
      const stored = round(value());
      const { log } = cells;
      const race = log?.write(cells.start + at, this.#group, this.#invocation, this.#intervals[memory]);
      if (race !== undefined) this.#race(race, cells.tensor, at);
      cells.values[at] = stored;
    };
  }

  #one(expr: Expr): Value {
    return this.#expressions([expr])[0] ?? (() => 0);
  }

  /** The values of one statement's expressions; what they share is evaluated once, when first needed. */
  #expressions(roots: readonly Expr[]): Value[] {
    const uses = new Map<Expr, number>();
    for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
    const order = subexpressions(...roots);
    for (const expr of order) {
      for (const child of childrenOf(expr)) uses.set(child, (uses.get(child) ?? 0) + 1);
    }
    const values = new Map<Expr, Value>();
    const of = (expr: Expr): Value => {
      const value = values.get(expr);
      if (value === undefined) throw new TypeError('an operand comes after its user');
      return value;
    };
    for (const expr of order) {
      const own = this.#expression(expr, childrenOf(expr).map(of));
      const shared = childrenOf(expr).length > 0 && (uses.get(expr) ?? 0) > 1;
      values.set(expr, shared ? this.#once(own) : own);
    }
    return roots.map(of);
  }

  #once(value: Value): Value {
    let [evaluation, result] = [-1, 0];
    return () => {
      // Invocations take turns, and each statement that one runs is an evaluation of its own.
      if (evaluation !== this.#evaluation) [result, evaluation] = [value(), this.#evaluation];
      return result;
    };
  }

  #expression(expr: Expr, operands: readonly Value[]): Value {
    switch (expr.kind) {
      case 'const': {
        const value = this.#rounding(expr.dtype)(expr.value);
        return () => value;
      }
      case 'live': {
        const { size } = expr;
        return () => this.#options.live?.[size.name] ?? size.max;
      }
      case 'param': {
        const { param } = expr;
        const round = this.#rounding(expr.dtype);
        return () => round(this.#options.params?.[param.name] ?? param.initial);
      }
      case 'var': {
        if (expr.name === WORKGROUP_ID) return () => this.#group;
        if (expr.name === LOCAL_ID) return () => this.#invocation;
        const slot = this.#slot(expr.name);
        return () => this.#registers[this.#base + slot] ?? 0;
      }
      case 'load':
        return this.#load(expr, operands);
      case 'apply':
        return this.#apply(expr, operands);
      case 'axis':
      case 'acc':
      case 'parts':
        throw new TypeError(`${expr.kind} in a kernel`);
      default:
        return expr satisfies never;
    }
  }

  #load(load: Load, operands: readonly Value[]): Value {
    const cells = this.#cellsOf(load.tensor);
    const element = this.#element(cells, operands);
    const shared = load.tensor.role === 'workgroup';
    const memory = memoryOf(load.tensor);
    return () => {
      const at = element();
      const { log } = cells;
      if (log !== undefined && this.#isChosen) {
        if (shared && !log.isWrittenBy(at, this.#group)) {
          // A value that has a name may be one that no choice takes: if one does, the result shows it.
          if (this.#kernel.flat) return Number.NaN;
          this.#fail('uninitialised', `${cells.tensor.name}[${at}] is read before it is written`);
        }
        const race = log.read(cells.start + at, this.#group, this.#invocation, this.#intervals[memory]);
        if (race !== undefined) this.#race(race, cells.tensor, at);
      }
      return cells.values[at] ?? 0;
    };
  }

  /** The number of the element at the operands' indices, each in range. */
  #element(cells: Cells, operands: readonly Value[]): Value {
    const isPrivate = cells.tensor.role === 'private';
    return () => {
      let at = 0;
      for (let d = 0; d < operands.length; d++) {
        const index = operands[d]?.() ?? 0;
        const extent = cells.extents[d] ?? 0;
        if (index < 0 || index >= extent) this.#outOfRange(cells.tensor, d, index, extent);
        at = at * extent + index;
      }
      return isPrivate ? this.#invocation * (cells.extents[0] ?? 0) + at : at;
    };
  }

  #apply(expr: Apply, operands: readonly Value[]): Value {
    const none: Value = () => 0;
    const [a = none, b = none, c = none, d = none] = operands;
    const { op, dtype } = expr;
    const { evaluate } = scalarOps[op] as ScalarDef;
    switch (op) {
      case 'select':
        if (!this.#kernel.flat) return () => (a() !== 0 ? b() : c());
        return () => {
          const [chosen, other] = a() !== 0 ? [b, c] : [c, b];
          const result = chosen();
          const outer = this.#isChosen;
          this.#isChosen = false;
          other();
          this.#isChosen = outer;
          return result;
        };
      case 'cast':
        return () => applyScalar('cast', [a()], dtype, this.#float32);
      default: {
        if (op === 'mul' && dtype !== 'f32') {
          return dtype === 'u32' ? () => Math.imul(a(), b()) >>> 0 : () => Math.imul(a(), b());
        }
        const round = this.#rounding(dtype);
        if (operands.length === 1) return () => round(evaluate(a(), 0, 0, 0));
        if (operands.length === 2) return () => round(evaluate(a(), b(), 0, 0));
        return () => round(evaluate(a(), b(), c(), d()));
      }
    }
  }

  #rounding(dtype: Dtype): (x: number) => number {
    switch (dtype) {
      case 'f32':
        return this.#float32 ? Math.fround : (x) => x;
      case 'i32':
        return (x) => x | 0;
      case 'u32':
      case 'u8':
        return (x) => x >>> 0;
      case 'bool':
        return (x) => x;
      default:
        return dtype satisfies never;
    }
  }

  #cellsOf(tensor: Tensor): Cells {
    let cells = this.#cells.get(tensor);
    if (cells === undefined) {
      cells = { tensor, extents: [], values: new Float64Array(0), start: 0, log: undefined };
      this.#cells.set(tensor, cells);
    }
    return cells;
  }

  #slot(name: string): number {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new TypeError(`kernel ${this.#kernel.name}: ${name} is not defined`);
    return slot;
  }

  #outOfRange(tensor: Tensor, dimension: number, index: number, extent: number): never {
    this.#fail(
      'range',
      `index ${index} of dimension ${dimension} of ${tensor.name}, which has ${extent}, by invocation ${this.#invocation} of workgroup ${this.#group}`,
    );
  }

  #race(what: string, tensor: Tensor, element: number): never {
    this.#fail('race', `${what}: ${tensor.name}, element ${element}, in workgroup ${this.#group}`);
  }

  #fail(code: InterpretError['code'], message: string): never {
    throw new InterpretError(code, this.#kernel.name, message);
  }
}

function sequence(runs: readonly Run[]): Run {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return only;
  return () => {
    for (const run of runs) run();
  };
}

function memoryOf({ role }: Tensor): 'workgroup' | 'storage' {
  return role === 'workgroup' ? 'workgroup' : 'storage';
}

function hasBarrier(stmt: Stmt): boolean {
  for (const inner of statementsIn([stmt])) if (inner.kind === 'barrier') return true;
  return false;
}
