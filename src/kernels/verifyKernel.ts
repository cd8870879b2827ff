import {
  childrenOf,
  type Dtype,
  type Expr,
  elementCount,
  extentOf,
  type Load,
  loadedDtype,
  subexpressions,
  type Tensor,
} from '../loops/index.ts';
import { isValueOf, typeIssue } from '../loops/typing.ts';
import { liveWorkgroups } from '../schedule/liveGrid.ts';
import { expressionsOf, type Kernel, LOCAL_ID, type Stmt, WORKGROUP_ID } from './kernel.ts';
import { KernelScope } from './kernelScope.ts';
import { uniformity } from './uniformity.ts';

/** The limits of a target that a kernel must keep. */
export interface KernelLimits {
  /** Invocations of one workgroup. */
  readonly workgroup: number;
  /** Bytes of workgroup memory. */
  readonly workgroupMemory: number;
}

/** Which rule a kernel breaks. */
export type KernelIssue = 'type' | 'name' | 'range' | 'barrier' | 'break' | 'store' | 'limit';

/** A kernel that no target can run: a fault of the schedule that made it. */
export class KernelError extends Error {
  readonly code: KernelIssue;
  readonly kernel: string;

  constructor(code: KernelIssue, kernel: string, message: string) {
    super(`kernel ${kernel}: ${message}`);
    this.name = 'KernelError';
    this.code = code;
    this.kernel = kernel;
  }
}

/** What intervals cannot prove; the interpreter checks it as it runs. */
export interface Unproven {
  /**
   * `index` is what `orderEvaluation` has to guard: no evaluated kernel has one. `place` is one that an element or an
   * accumulator says, in range only under a condition on that: guarded too. `row` is a load of
   * `data` at a row; how many rows there are is known at run time only. The runtime makes the numbers of rows, and WGSL
   * keeps every access inside of its binding.
   */
  readonly what: 'index' | 'place' | 'row';
  /** `index 0 of tile in [0, 70] of 64`. */
  readonly text: string;
}

/**
 * Checks a kernel tree: types; names unique and defined before use; indices within their tensors under the
 * conditions that hold there; barriers in uniform control flow; only writable tensors stored; limits.
 *
 * In an evaluated kernel every operand counts as evaluated, a `select` or not, and what is not proven is an error. So
 * is a store that is not proven in range in any kernel: no guard would make it right.
 *
 * @returns what intervals could neither prove nor refute
 * @throws KernelError at the first rule that is broken
 */
export function verifyKernel(kernel: Kernel, limits: KernelLimits): readonly Unproven[] {
  checkLimits(kernel, limits);
  const verifier = new Verifier(kernel);
  verifier.block(kernel.body, KernelScope.of(kernel));
  const { divergence } = uniformity(kernel);
  if (divergence !== undefined) {
    throw new KernelError(
      'barrier',
      kernel.name,
      `a barrier stands in ${divergence} that varies in a workgroup`,
    );
  }
  return verifier.unproven;
}

const MAX_GRID = 65535 * 65535;

function checkLimits(kernel: Kernel, limits: KernelLimits): void {
  const fail = (code: KernelIssue, message: string): never => {
    throw new KernelError(code, kernel.name, message);
  };
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(kernel.name)) fail('name', 'its name is not an identifier');
  if (!Number.isInteger(kernel.workgroup) || kernel.workgroup < 1 || kernel.workgroup > limits.workgroup) {
    fail('limit', `${kernel.workgroup} invocations of a workgroup, at most ${limits.workgroup} are there`);
  }
  if (!Number.isInteger(kernel.grid) || kernel.grid < 0 || kernel.grid > MAX_GRID) {
    fail('limit', `a grid of ${kernel.grid} workgroups, at most ${MAX_GRID} fit`);
  }
  const { grid, live } = kernel;
  if (live !== undefined && liveWorkgroups(live, live.size.max) !== grid) {
    const most = liveWorkgroups(live, live.size.max);
    fail('limit', `a grid of ${grid} workgroups, and ${most} where all of ${live.size.name} is alive`);
  }
  for (const array of kernel.arrays) {
    if (array.role !== 'workgroup' && array.role !== 'private') {
      fail('type', `array ${array.name} is of role ${array.role}, not workgroup or private`);
    }
    if (array.shape.length !== 1 || typeof array.shape[0] !== 'number' || array.dtype === 'u8') {
      fail('type', `array ${array.name} is not one dimension of f32, i32, u32 or bool`);
    }
  }
  const bytes = kernel.arrays
    .filter((array) => array.role === 'workgroup')
    .reduce((n, array) => n + 4 * elementCount(array.shape), 0);
  if (bytes > limits.workgroupMemory) {
    fail('limit', `${bytes} bytes of workgroup memory, ${limits.workgroupMemory} are there`);
  }
}

/** A local that a statement may use. */
interface Variable {
  readonly dtype: Dtype;
  readonly mutable: boolean;
}

class Verifier {
  readonly unproven: Unproven[] = [];
  readonly #kernel: Kernel;
  readonly #isFlat: boolean;
  readonly #arrays: ReadonlySet<Tensor>;
  readonly #names = new Set<string>([WORKGROUP_ID, LOCAL_ID]);
  readonly #typed = new Set<Expr>();
  /** The variables of the blocks around a statement. */
  readonly #visible = new Map<string, Variable>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#isFlat = kernel.flat ?? false;
    this.#arrays = new Set(kernel.arrays);
  }

  /** @param ofLoop whether the statements are the body of a loop themselves */
  block(body: readonly Stmt[], outer: KernelScope, ofLoop = false): void {
    const own: string[] = [];
    let scope = outer;
    for (const stmt of body) {
      for (const expr of expressionsOf(stmt)) this.#check(expr, scope);
      switch (stmt.kind) {
        case 'let':
        case 'var':
          this.#declare(stmt.name, { dtype: stmt.value.dtype, mutable: stmt.kind === 'var' });
          own.push(stmt.name);
          scope.define(stmt);
          break;
        case 'assign': {
          const variable = this.#visible.get(stmt.name);
          if (variable === undefined) this.#fail('name', `${stmt.name} is assigned, and not defined there`);
          if (!variable.mutable) this.#fail('name', `${stmt.name} is assigned, and is not a var`);
          this.#expect(stmt.value, variable.dtype, `the value of ${stmt.name}`);
          break;
        }
        case 'store':
          this.#store(stmt, scope);
          break;
        case 'for': {
          const { from, to } = stmt;
          if (!isValueOf(from, 'i32') || !isValueOf(to, 'i32') || from >= to) {
            this.#fail('type', `loop ${stmt.name} counts from ${from} to ${to}, which is not a turn`);
          }
          this.#declare(stmt.name, { dtype: 'i32', mutable: false });
          this.block(stmt.body, scope.inLoop(stmt), true);
          this.#visible.delete(stmt.name);
          break;
        }
        case 'if':
          this.#expect(stmt.condition, 'bool', 'a condition');
          this.block(stmt.body, scope.inBlock(stmt.condition, true));
          this.block(stmt.otherwise, scope.inBlock(stmt.condition, false));
          break;
        case 'break':
          if (!ofLoop) this.#fail('break', 'a break does not stand in the body of a loop itself');
          this.#expect(stmt.condition, 'bool', 'the condition of a break');
          break;
        case 'barrier':
        case 'comment':
          break;
        default:
          stmt satisfies never;
      }
      scope = scope.after(stmt);
    }
    for (const name of own) this.#visible.delete(name);
  }

  #declare(name: string, variable: Variable): void {
    if (this.#names.has(name)) this.#fail('name', `${name} is defined twice`);
    if (variable.dtype === 'u8') this.#fail('type', `${name} is u8, which is for storage only`);
    this.#names.add(name);
    this.#visible.set(name, variable);
  }

  #store(stmt: Extract<Stmt, { kind: 'store' }>, scope: KernelScope): void {
    const { tensor, at, value } = stmt;
    this.#access(tensor, at);
    switch (tensor.role) {
      case 'next':
      case 'temp':
      case 'result':
      case 'workgroup':
      case 'private':
        break;
      case 'data':
      case 'rows':
      case 'input':
      case 'constant':
      case 'state':
        this.#fail('store', `${tensor.name} is stored, and its role is ${tensor.role}`);
        break;
      default:
        tensor.role satisfies never;
    }
    if (tensor.dtype === 'u8') this.#fail('store', `${tensor.name} is u8, which cannot be stored`);
    this.#expect(value, tensor.dtype, `what is stored in ${tensor.name}`);
    const [unproven] = this.#outOfRange(tensor, at, scope);
    if (unproven !== undefined) {
      this.#fail('range', `${unproven.text}: not proven, and a store cannot be guarded`);
    }
  }

  /** Types and names of an expression, then its indices where they are evaluated. */
  #check(root: Expr, scope: KernelScope): void {
    for (const expr of subexpressions(root)) {
      if (expr.kind === 'var') this.#variable(expr);
      if (this.#typed.has(expr)) continue;
      this.#type(expr);
      this.#typed.add(expr);
    }
    this.#ranges(root, scope, new Map());
  }

  #variable(expr: Extract<Expr, { kind: 'var' }>): void {
    const own = expr.name === WORKGROUP_ID || expr.name === LOCAL_ID;
    const dtype = own ? 'i32' : this.#visible.get(expr.name)?.dtype;
    if (dtype === undefined) this.#fail('name', `${expr.name} is used, and not defined there`);
    this.#expect(expr, dtype, `variable ${expr.name}`);
  }

  #type(expr: Expr): void {
    switch (expr.kind) {
      case 'const': {
        const { dtype, value } = expr;
        if (!isValueOf(value, dtype)) this.#fail('type', `the constant ${value} is no ${dtype}`);
        break;
      }
      case 'axis':
      case 'acc':
      case 'parts':
        this.#fail('type', `an ${expr.kind} of a loop stands in a kernel`);
        break;
      case 'live':
        this.#expect(expr, 'i32', `the live extent of ${expr.size.name}`);
        break;
      case 'param':
        this.#expect(expr, expr.param.dtype, `parameter ${expr.param.name}`);
        break;
      case 'var':
        break;
      case 'load':
        this.#access(expr.tensor, expr.at);
        this.#expect(expr, loadedDtype(expr.tensor.dtype), `the element of ${expr.tensor.name}`);
        break;
      case 'apply': {
        const issue = typeIssue(expr);
        const shown = `${expr.op}(${expr.args.map((arg) => arg.dtype).join(', ')})`;
        const text =
          issue?.accepted === undefined ? issue?.text : `operands must be ${issue.accepted.join(' or ')}`;
        if (text !== undefined) this.#fail('type', `${shown}: ${text}`);
        break;
      }
      default:
        expr satisfies never;
    }
  }

  #access(tensor: Tensor, at: readonly Expr[]): void {
    if ((tensor.role === 'workgroup' || tensor.role === 'private') && !this.#arrays.has(tensor)) {
      this.#fail('name', `${tensor.name} is not among the kernel's arrays`);
    }
    if (this.#isFlat && at.length !== 1) {
      this.#fail('type', `${at.length} indices of ${tensor.name}, elements of an evaluated kernel have one`);
    }
    if (!this.#isFlat && at.length !== tensor.shape.length) {
      this.#fail('type', `${at.length} indices of ${tensor.name}, it has ${tensor.shape.length} dimensions`);
    }
    for (const index of at) this.#expect(index, 'i32', `an index of ${tensor.name}`);
  }

  /** Looks at every load where it is evaluated: operands of a select under its condition. */
  #ranges(expr: Expr, scope: KernelScope, seen: Map<object, Set<Expr>>): void {
    let done = seen.get(scope.ranges);
    if (done === undefined) {
      done = new Set();
      seen.set(scope.ranges, done);
    }
    if (done.has(expr)) return;
    done.add(expr);
    const [a, b, c] = childrenOf(expr);
    if (expr.kind === 'apply' && expr.op === 'select' && a && b && c && !this.#isFlat) {
      this.#ranges(a, scope, seen);
      const truth = scope.ranges.truth(a);
      if (truth !== false) this.#ranges(b, scope.where(a, true), seen);
      if (truth !== true) this.#ranges(c, scope.where(a, false), seen);
      return;
    }
    for (const child of childrenOf(expr)) this.#ranges(child, scope, seen);
    if (expr.kind === 'load') this.unproven.push(...this.#outOfRange(expr.tensor, expr.at, scope));
  }

  /** What is not proven of an element's indices. */
  #outOfRange(tensor: Tensor, at: Load['at'], scope: KernelScope): Unproven[] {
    return at.flatMap((index, d): Unproven[] => {
      const { low, high } = scope.range(index);
      if (d === 0 && tensor.role === 'data') {
        return [{ what: 'row', text: `index ${d} of ${tensor.name} in [${low}, ${high}]` }];
      }
      const extent = this.#isFlat ? elementCount(tensor.shape) : extentOf(tensor.shape[d] ?? 0);
      if (low >= 0 && high < extent) return [];
      const text = `index ${d} of ${tensor.name} in [${low}, ${high}] of ${extent}`;
      if (extent > 0 && (high < 0 || low >= extent)) this.#fail('range', `${text}: always out of range`);
      if (this.#isFlat) this.#fail('range', `${text}: not proven, and not guarded`);
      return [{ what: scope.isFixed(index) ? 'index' : 'place', text }];
    });
  }

  #expect(expr: Expr, dtype: Dtype, what: string): void {
    if (expr.dtype !== dtype) this.#fail('type', `${what} is ${expr.dtype}, not ${dtype}`);
  }

  #fail(code: KernelIssue, message: string): never {
    throw new KernelError(code, this.#kernel.name, message);
  }
}
