import type { Expr, Origin, Tensor } from '../loops/index.ts';
import type { LiveGrid } from '../schedule/liveGrid.ts';

/**
 * The kernel tree: what a target's printer writes out, what the verifier checks and the interpreter runs.
 * Expressions are those of the loop language with `var` in place of axes: `axis` and `acc` do not occur.
 *
 * Every kernel is one-dimensional: `wg` (the workgroup's linear number, i32) and `lid` (the invocation's
 * number in its workgroup, i32) are variables that are always there. All indices are i32 and in range.
 */
export type Stmt =
  /** An immutable local. Names are unique in a kernel. */
  | { readonly kind: 'let'; readonly name: string; readonly value: Expr }
  /** A mutable local with its first value. */
  | { readonly kind: 'var'; readonly name: string; readonly value: Expr }
  /** A new value for a `var`. */
  | { readonly kind: 'assign'; readonly name: string; readonly value: Expr }
  /** `tensor[at] = value`, into a buffer's tensor or a kernel's array. `u8` cannot be stored. */
  | { readonly kind: 'store'; readonly tensor: Tensor; readonly at: readonly Expr[]; readonly value: Expr }
  /**
   * `for (var name = from; name < to; name++)`, i32, a turn at least: a *counted* loop. Drivers take no other as it is: they
   * count its turns themselves, and clamp what it indexes. A loop of another form computes its index from the number of the
   * turn, and leaves by a `break`.
   */
  | {
      readonly kind: 'for';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      readonly body: readonly Stmt[];
    }
  /** Leaves the loop in whose body it stands, and under no condition but its own, where that holds. */
  | { readonly kind: 'break'; readonly condition: Expr }
  | {
      readonly kind: 'if';
      readonly condition: Expr;
      readonly body: readonly Stmt[];
      readonly otherwise: readonly Stmt[];
    }
  /** Where a workgroup meets, in uniform control flow only. It orders what was accessed in `memory`; without, in all. */
  | { readonly kind: 'barrier'; readonly memory?: 'workgroup' | 'storage' }
  /**
   * With `loop`, all that follows in its block, up to another such comment, computes the loop of that name.
   */
  | { readonly kind: 'comment'; readonly text: string; readonly loop?: string };

/** One dispatch: a body that `grid` workgroups of `workgroup` invocations run. */
export interface Kernel {
  /** A name made of the nodes that it computes; a valid identifier in every target. */
  readonly name: string;
  /** The schedule's kind, for tables: `map`, `reduce`, `list`, `contract`, `rows`, or `packed` of several. */
  readonly kind: 'map' | 'reduce' | 'list' | 'contract' | 'rows' | 'packed';
  readonly workgroup: number;
  readonly grid: number;
  /** The workgroups that a step runs of them, where its live extents tell. */
  readonly live?: LiveGrid;
  /** Arrays of role `workgroup` and `private`, one dimension each; `f32`, `i32`, `u32` or `bool`. */
  readonly arrays: readonly Tensor[];
  readonly body: readonly Stmt[];
  readonly origin: readonly Origin[];
  /**
   * Whether loads and stores name elements by one row-major number each, whatever the tensor's dimensions; without, by
   * an index for each dimension.
   */
  readonly flat?: boolean;
}

/**
 * A kernel that says how its expressions are evaluated: see `orderEvaluation`. All operands of a `select` may be
 * evaluated, and nothing is out of range.
 */
export interface EvaluatedKernel extends Kernel {
  readonly flat: true;
}

/** The variables that every kernel has. */
export const WORKGROUP_ID = 'wg';
export const LOCAL_ID = 'lid';

/** Every statement of a body, nested ones too, in order. */
export function* statementsIn(body: readonly Stmt[]): Generator<Stmt> {
  for (const stmt of body) {
    yield stmt;
    if (stmt.kind === 'for') yield* statementsIn(stmt.body);
    if (stmt.kind === 'if') {
      yield* statementsIn(stmt.body);
      yield* statementsIn(stmt.otherwise);
    }
  }
}

/** The expressions that one statement evaluates itself. */
export function expressionsOf(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case 'let':
    case 'var':
    case 'assign':
      return [stmt.value];
    case 'store':
      return [...stmt.at, stmt.value];
    case 'if':
    case 'break':
      return [stmt.condition];
    case 'for':
    case 'barrier':
    case 'comment':
      return [];
    default:
      return stmt satisfies never;
  }
}

/** An element of a tensor. */
export interface Element {
  readonly tensor: Tensor;
  readonly at: readonly Expr[];
}

/**
 * A statement with other expressions, and with its stores elsewhere; so are those inside of it.
 *
 * @param expr what is in the place of an expression
 * @param element what is stored to in the place of an element, whose indices are other ones already
 */
export function mapStatement(
  stmt: Stmt,
  expr: (e: Expr) => Expr,
  element: (tensor: Tensor, at: readonly Expr[]) => Element,
): Stmt {
  const block = (body: readonly Stmt[]): Stmt[] => body.map((inner) => mapStatement(inner, expr, element));
  switch (stmt.kind) {
    case 'let':
    case 'var':
    case 'assign':
      return { ...stmt, value: expr(stmt.value) };
    case 'store':
      return { ...stmt, ...element(stmt.tensor, stmt.at.map(expr)), value: expr(stmt.value) };
    case 'for':
      return { ...stmt, body: block(stmt.body) };
    case 'break':
      return { ...stmt, condition: expr(stmt.condition) };
    case 'if':
      return {
        ...stmt,
        condition: expr(stmt.condition),
        body: block(stmt.body),
        otherwise: block(stmt.otherwise),
      };
    case 'barrier':
    case 'comment':
      return stmt;
    default:
      return stmt satisfies never;
  }
}

/**
 * Where a tensor's elements lie for one program.
 *
 * - `data` (read-only 32-bit words): element 0 of the input lies at word `step[base]`, a field of the step block
 * - `state`, `temps` (read and write, f32) and `words` (read and write, u32: i32, u32 and bool): at element `offset`
 * - `results` (read and write, u32 words): at `step['result'] + offset`
 *
 * With `field`, a kernel that serves several dispatches is told the offset by each: it is the field of that number of the
 * dispatch's places.
 */
export type Placement =
  | { readonly arena: 'data'; readonly base: string }
  | { readonly arena: 'results'; readonly offset: number }
  | { readonly arena: 'state' | 'temps' | 'words'; readonly offset: number; readonly field?: number };

export type Arena = Placement['arena'];
