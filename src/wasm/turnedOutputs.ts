import {
  type Axis,
  apply,
  axisRef,
  type Expr,
  int,
  type Loop,
  mapExpr,
  substituteAxes,
  varRef,
} from '../loops/index.ts';
import { i32, minus } from './code.ts';
import type { Contract } from './contract.ts';
import type { Evaluator } from './evaluate.ts';
import { type RowRange, rowValues } from './nest.ts';
import { type Lanes, wasmType } from './operations.ts';
import { unitAxes } from './sides.ts';
import { transposed } from './transpose.ts';

/** The axes of 4 × 4 blocks of sums that are turned: along rows of the sums and along their columns. */
export interface Turned {
  readonly along: Axis;
  readonly across: Axis;
}

/**
 * The axes by which sums are turned, because they lie side by side along columns and outputs along rows; null where
 * they do not, or where an output has not all axes.
 */
export function turnedOf(loop: Loop, { cut, tiled }: Contract): Turned | null {
  const along = lastWide(cut.inner);
  const across = lastWide(tiled.columns.inner);
  if (cut.kind !== 'rows' || along === undefined || across === undefined) return null;
  if (along.extent < 4 || across.extent % 4 !== 0 || unitAxes(cut).includes(along)) return null;
  const hasAll = loop.outs.every(
    ({ at }) => lastWide(at) === along && loop.axes.every((axis) => axis.extent === 1 || at.includes(axis)),
  );
  return hasAll ? { along, across } : null;
}

function lastWide(axes: readonly Axis[]): Axis | undefined {
  return axes.filter((axis) => axis.extent > 1).at(-1);
}

/**
 * Writes outputs of a block's sums four along its rows at a time, for four columns: these sums are read as they lie, and
 * turned in registers.
 *
 * @param outputs loop without a reduction, whose values read `sum`
 * @param units axes that rows of the range are made of
 */
export function emitTurnedOutputs(
  evaluator: Evaluator,
  outputs: Loop,
  sum: Expr,
  units: readonly Axis[],
  { along, across }: Turned,
  range: RowRange,
): void {
  const { code } = evaluator;
  const values = new Map([...(range.fixed ?? []), ...rowValues(units, range.row)]);
  const bind = (expr: Expr): Expr => evaluator.simplify(substituteAxes(expr, values));
  const shifted = (expr: Expr, axis: Axis, by: number): Expr =>
    substituteAxes(expr, new Map([[axis, apply('add', axisRef(axis), int(by))]]));
  const others = outputs.axes.filter(
    (axis) => axis !== along && axis !== across && axis.extent > 1 && !units.includes(axis),
  );
  const four = (): void => {
    const rows = [0, 1, 2, 3].map((r) => bind(shifted(sum, along, r)));
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
      const text = lanes === 4 ? evaluator.vector(value, along) : evaluator.scalar(value);
      return found.length < 2 ? text : code.let('value', wasmType(value.dtype, lanes), text);
    });
    for (const [k, { tensor, at }] of outputs.outs.entries()) {
      const place = at.map((axis) => element(axisRef(axis)));
      if (lanes === 4) evaluator.storeVector(tensor, place, texts[k] ?? '', along);
      else evaluator.store(tensor, place, texts[k] ?? '');
    }
  };
  const line = (): void => {
    const name = code.local(along.name, 'i32');
    const end = i32(along.extent);
    code.line(`(local.set ${name} (i32.const 0))`);
    code.loopOn(name, along.extent % 4 === 0 ? end : minus(end, i32(3)), 4, four, along, i32(0));
    if (along.extent % 4 !== 0) code.loopOn(name, end, 1, one, along);
  };
  const visit = (k: number): void => {
    const axis = others[k];
    if (axis === undefined) code.loop(across.name, i32(0), i32(across.extent), 4, line, across);
    else code.loop(axis.name, i32(0), i32(axis.extent), 1, () => visit(k + 1), axis);
  };
  code.loop(range.row.name, range.from, range.to, 1, () => visit(0), range.row);
}
