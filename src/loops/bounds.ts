import { type Axis, axesIn, childrenOf, type Expr, type Load, loadsIn } from './expr.ts';
import { Ranges } from './interval.ts';
import { applyScalar } from './scalar.ts';
import { extentOf } from './size.ts';
import { printExpr } from './text.ts';

/** A load that leaves its tensor, at certain values of the axes. */
export interface IndexFault {
  readonly load: Load;
  readonly dimension: number;
  readonly message: string;
}

/** Conditions that hold where an expression is evaluated; `certain` where all of them could be followed. */
interface Path {
  readonly conditions: readonly { readonly condition: Expr; readonly truth: boolean }[];
  readonly certain: boolean;
}

const MOST_POINTS = 20000;
const MOST_CONDITIONS = 6;

/**
 * A load of the expressions that reads out of its tensor's range, if there is one. Intervals prove most loads
 * right; where they cannot, the index is computed at the corners of its axes, and only what is found there
 * is a fault: there are no false alarms. Indices that depend on what is loaded are believed. The first index
 * into a `data` tensor is not checked, since its extent is known at run time only.
 */
export function findIndexFault(roots: readonly Expr[]): IndexFault | undefined {
  // Most loops read at their own axes only, and no path to them matters.
  if (loadsIn(...roots).every(isPlain)) return undefined;
  const seen = new Map<string, Set<Expr>>();
  const numbers = new Ranges().numbers;
  const isStatic = staticIndices();
  const visit = (expr: Expr, scope: Ranges, path: Path, key: string): IndexFault | undefined => {
    const here = seen.get(key) ?? new Set<Expr>();
    seen.set(key, here);
    if (here.has(expr)) return undefined;
    here.add(expr);
    if (expr.kind === 'load') {
      const fault = faultOf(expr, scope, path, isStatic);
      if (fault !== undefined) return fault;
    }
    const [condition, yes, no] = childrenOf(expr);
    if (expr.kind === 'apply' && expr.op === 'select' && condition && yes && no) {
      const branch = (child: Expr, truth: boolean): IndexFault | undefined => {
        const within = scope.under(condition, truth);
        if (!isStatic(condition) && !readsIntegers(condition)) return visit(child, within, path, key);
        // beyond some nesting paths are too many to follow, and nothing is certain
        if (path.conditions.length >= MOST_CONDITIONS) {
          return visit(child, within, { ...path, certain: false }, `${key} deep`);
        }
        const next: Path = {
          conditions: [...path.conditions, { condition, truth }],
          certain: path.certain && isStatic(condition),
        };
        return visit(child, within, next, `${key} ${numbers.of(condition)} ${truth}`);
      };
      return visit(condition, scope, path, key) ?? branch(yes, true) ?? branch(no, false);
    }
    for (const child of childrenOf(expr)) {
      const fault = visit(child, scope, path, key);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  const scope = new Ranges();
  for (const root of roots) {
    const fault = visit(root, scope, { conditions: [], certain: true }, '');
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Whether every index of a load is an axis that does not leave the dimension. */
function isPlain({ tensor, at }: Load): boolean {
  return at.every((index, k) => {
    const dim = tensor.shape[k];
    return dim !== undefined && index.kind === 'axis' && index.axis.extent <= extentOf(dim);
  });
}

function faultOf(
  load: Load,
  scope: Ranges,
  path: Path,
  isStatic: (expr: Expr) => boolean,
): IndexFault | undefined {
  for (const [dimension, index] of load.at.entries()) {
    const dim = load.tensor.shape[dimension];
    if (dim === undefined || (load.tensor.role === 'data' && dimension === 0)) continue;
    const extent = extentOf(dim);
    const { low, high } = scope.of(index);
    if (low >= 0 && high < extent) continue;
    const fault = (where: string): IndexFault => ({
      load,
      dimension,
      message: `${printExpr(load)}: index ${dimension} is ${where}, not in 0..${extent - 1}`,
    });
    if (isStatic(index)) {
      const found = path.certain ? witness(index, extent, path) : undefined;
      if (found !== undefined) return fault(found);
    } else if (path.conditions.length === 0 && (high < 0 || low >= extent)) {
      return fault(`in ${low}..${high}`);
    }
  }
  return undefined;
}

/** Values of the axes for which the conditions hold and the index is out of range, as text. */
function witness(index: Expr, extent: number, path: Path): string | undefined {
  const axes = [...axesIn(index, ...path.conditions.map((c) => c.condition))];
  let samples = axes.map((axis) => cornersOf(axis, 8));
  if (samples.reduce((n, s) => n * s.length, 1) > MOST_POINTS)
    samples = axes.map((axis) => cornersOf(axis, 2));
  const points = samples.reduce((n, s) => n * s.length, 1);
  for (let point = 0; point < Math.min(points, MOST_POINTS); point++) {
    const at = new Map<Axis, number>();
    let rest = point;
    for (const [n, axis] of axes.entries()) {
      const values = samples[n] ?? [];
      at.set(axis, values[rest % values.length] ?? 0);
      rest = Math.floor(rest / values.length);
    }
    const memo = new Map<Expr, number>();
    if (!path.conditions.every((c) => (staticValue(c.condition, at, memo) !== 0) === c.truth)) continue;
    const value = staticValue(index, at, memo);
    if (value >= 0 && value < extent) continue;
    const where = [...at].map(([axis, n]) => `${axis.name} = ${n}`).join(', ');
    return where === '' ? String(value) : `${value} at ${where}`;
  }
  return undefined;
}

function cornersOf(axis: Axis, most: number): number[] {
  const { extent } = axis;
  if (extent <= most) return Array.from({ length: extent }, (_, n) => n);
  return most <= 2 ? [0, extent - 1] : [0, 1, 2, extent - 2, extent - 1];
}

function staticValue(expr: Expr, at: ReadonlyMap<Axis, number>, memo: Map<Expr, number>): number {
  const known = memo.get(expr);
  if (known !== undefined) return known;
  let value = Number.NaN;
  if (expr.kind === 'const') value = expr.value;
  else if (expr.kind === 'axis') value = at.get(expr.axis) ?? 0;
  else if (expr.kind === 'apply') {
    const args = expr.args.map((arg) => staticValue(arg, at, memo));
    value = applyScalar(expr.op, args, expr.dtype, true);
  }
  memo.set(expr, value);
  return value;
}

/** Whether an expression is made of axes and constants alone, in integers. */
function staticIndices(): (expr: Expr) => boolean {
  const memo = new Map<Expr, boolean>();
  const isStatic = (expr: Expr): boolean => {
    let result = memo.get(expr);
    if (result === undefined) {
      result =
        expr.kind === 'const' ||
        expr.kind === 'axis' ||
        (expr.kind === 'apply' && expr.dtype !== 'f32' && expr.args.every(isStatic));
      memo.set(expr, result);
    }
    return result;
  };
  return isStatic;
}

/** Whether a condition compares integers, so that it may be what keeps an index in range. */
function readsIntegers(condition: Expr): boolean {
  if (condition.kind !== 'apply') return true;
  if (condition.op === 'and' || condition.op === 'or' || condition.op === 'not') {
    return condition.args.some(readsIntegers);
  }
  return condition.args.some((arg) => arg.dtype !== 'f32');
}
