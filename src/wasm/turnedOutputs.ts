import {
  type Axis,
  apply,
  axisRef,
  domainSize,
  type Expr,
  int,
  isMultipleOf,
  type Loop,
  liveDomain,
  mapExpr,
  substituteAxes,
  varRef,
} from '../loops/index.ts';
import { driver, i32, minus, times } from './code.ts';
import type { Contract } from './contract.ts';
import type { Evaluator } from './evaluate.ts';
import { endOf, type RowRange, rowValues } from './nest.ts';
import { type Lanes, wasmType } from './operations.ts';
import { transposed } from './transpose.ts';

/** What 4 × 4 blocks of sums that are turned lie along. */
export interface Turned {
  /** Axes of rows, numbered by one number, with which outputs move by an element. */
  readonly along: readonly Axis[];
  /** Whether these are all rows of a block, or one line of each unit. */
  readonly isWhole: boolean;
  readonly across: Axis;
}

/**
 * How sums are turned, because they lie side by side along columns and outputs along rows; null where they do not, or
 * where an output has not all axes.
 */
export function turnedOf(loop: Loop, { cut, tiled }: Contract): Turned | null {
  const across = wide(tiled.columns.inner).at(-1);
  if (cut.kind !== 'rows' || across === undefined || across.extent % 4 !== 0) return null;
  if (loop.outs.some(({ at }) => loop.axes.some((axis) => axis.extent > 1 && !at.includes(axis))))
    return null;
  const own = wide([...cut.outer, ...cut.inner]);
  const shared = loop.outs.map(({ at }) => sharedEnd(own, wide(at)));
  const along = own.slice(own.length - Math.min(...shared));
  // Padding at the ends of lines is no row.
  const isGapless = cut.outer.length === 0 || cut.line === cut.length;
  if (along.length === own.length && along.length > 0 && isGapless) return { along, isWhole: true, across };
  const line = cut.outer.length === 0 ? [] : along.filter((axis) => cut.inner.includes(axis));
  return domainSize(line) < 4 ? null : { along: line, isWhole: false, across };
}

/** How many of the last axes are the same. */
function sharedEnd(a: readonly Axis[], b: readonly Axis[]): number {
  let count = 0;
  while (count < a.length && a[a.length - 1 - count] === b[b.length - 1 - count]) count++;
  return count;
}

function wide(axes: readonly Axis[]): readonly Axis[] {
  return axes.filter((axis) => axis.extent > 1);
}

/**
 * Writes outputs of a block's sums four along its rows at a time, for four columns: these sums are read as they lie, and
 * turned in registers.
 *
 * @param outputs loop without a reduction, whose values read `sum`
 * @param units axes that rows of the range are made of
 * @param line rows of the sums for one of them
 */
export function emitTurnedOutputs(
  evaluator: Evaluator,
  outputs: Loop,
  sum: Expr,
  units: readonly Axis[],
  { along, isWhole, across }: Turned,
  line: number,
  range: RowRange,
): void {
  const { code } = evaluator;
  const live = liveDomain(along);
  const isBounded = !isWhole && typeof live !== 'number';
  const number = { ...driver('row', domainSize(along)), ...(isBounded ? { live } : {}) };
  const values = new Map([
    ...(range.fixed ?? []),
    ...(isWhole ? [] : rowValues(units, range.row)),
    ...rowValues(along, number),
  ]);
  const bind = (expr: Expr): Expr => evaluator.simplify(substituteAxes(expr, values));
  const shifted = (expr: Expr, axis: Axis, by: number): Expr =>
    substituteAxes(expr, new Map([[axis, apply('add', axisRef(axis), int(by))]]));
  const others = outputs.axes.filter(
    (axis) => !along.includes(axis) && axis !== across && axis.extent > 1 && !units.includes(axis),
  );
  const four = (): void => {
    const rows = [0, 1, 2, 3].map((r) => evaluator.simplify(shifted(bind(sum), number, r)));
    evaluator.expect(...rows);
    const lying = rows.map((row) => evaluator.vector(row, across));
    for (const [c, text] of transposed(code, lying).entries())
      code.scope.vars.set(`sum${c}`, { text: code.let('sum', 'v128', text), lanes: 4 });
    for (let c = 0; c < 4; c++) write(c, 4, varRef(`sum${c}`, 'f32'));
  };
  const one = (): void => {
    for (let c = 0; c < 4; c++) write(c, 1, sum);
  };
  const write = (c: number, lanes: Lanes, own: Expr): void => {
    const element = (expr: Expr): Expr => bind(shifted(expr, across, c));
    const found = outputs.outs.map(({ value }) => element(mapExpr(value, (e) => (e === sum ? own : e))));
    evaluator.expect(...found);
    // Every value first, then every store, so that a state is read before it is written over.
    const texts = found.map((value) => {
      const text = lanes === 4 ? evaluator.vector(value, number) : evaluator.scalar(value);
      return found.length < 2 ? text : code.let('value', wasmType(value.dtype, lanes), text);
    });
    for (const [k, { tensor, at }] of outputs.outs.entries()) {
      const place = at.map((axis) => element(axisRef(axis)));
      if (lanes === 4) evaluator.storeVector(tensor, place, texts[k] ?? '', number);
      else evaluator.store(tensor, place, texts[k] ?? '');
    }
  };
  const [from, to] = isWhole
    ? [times(range.from, i32(line)), times(range.to, i32(line))]
    : [i32(0), endOf(evaluator, number)];
  const rows = (): void => {
    const name = code.local(number.name, 'i32');
    code.line(`(local.set ${name} ${from})`);
    const isEven = !isWhole && isMultipleOf(4, live);
    code.loopOn(name, isEven ? to : minus(to, i32(3)), 4, four, number, from);
    if (!isEven) code.loopOn(name, to, 1, one, number);
  };
  const visit = (k: number): void => {
    const axis = others[k];
    if (axis === undefined) code.loop(across.name, i32(0), i32(across.extent), 4, rows, across);
    else code.loop(axis.name, i32(0), endOf(evaluator, axis), 1, () => visit(k + 1), axis);
  };
  if (isWhole) visit(0);
  else code.loop(range.row.name, range.from, range.to, 1, () => visit(0), range.row);
}
