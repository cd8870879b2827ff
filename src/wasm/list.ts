import { type Axis, axisEnd, axisRef, type Listing, NO_POSITION } from '../loops/index.ts';
import { constantOf, driver, i32, minus, vectorConst } from './code.ts';
import type { Evaluator } from './evaluate.ts';

/**
 * Writes the making of lists, which one task does: it empties the lists of all rows, then takes the positions one by one,
 * the last one first, and puts each at the head of its row's list.
 *
 * @param evaluator of the function that is written
 */
export function emitList(evaluator: Evaluator, { first, count, next, rows, position, key }: Listing): void {
  const { code } = evaluator;
  const row = driver('row', rows);
  const at = [axisRef(row)];
  const whole = rows - (rows % 4);
  code.loop(
    'row',
    i32(0),
    i32(whole),
    4,
    () => {
      evaluator.storeVector(first, at, vectorConst(NO_POSITION, false), row);
      evaluator.storeVector(count, at, vectorConst(0, false), row);
    },
    row,
  );
  code.loop(
    'row',
    i32(whole),
    i32(rows),
    1,
    () => {
      evaluator.store(first, at, i32(NO_POSITION));
      evaluator.store(count, at, i32(0));
    },
    row,
  );
  const all = evaluator.scalar(axisEnd(position));
  const end = constantOf(all) === null ? code.let('end', 'i32', all) : all;
  code.loop('n', i32(0), end, 1, (n) => {
    const place = code.let('place', 'i32', minus(minus(end, i32(1)), n));
    code.scope.axes.set(position, place);
    evaluator.expect(key);
    const own = code.let('key', 'i32', evaluator.scalar(key));
    code.line(`(if (i32.lt_u ${own} ${i32(rows)}) (then`);
    const scope = code.inside(true, () => {
      const head: Axis = driver('key', rows);
      code.scope.axes.set(head, own);
      const of = [axisRef(head)];
      const read = (tensor: Listing['first']): string =>
        evaluator.scalar({ kind: 'load', tensor, at: of, dtype: 'i32' });
      evaluator.store(next, [axisRef(position)], code.let('head', 'i32', read(first)));
      evaluator.store(first, of, place);
      evaluator.store(count, of, `(i32.add ${code.let('length', 'i32', read(count))} (i32.const 1))`);
    });
    for (const line of scope.lines) code.line(`  ${line}`);
    code.line(') (else');
    const none = code.inside(true, () => evaluator.store(next, [axisRef(position)], i32(NO_POSITION)));
    for (const line of none.lines) code.line(`  ${line}`);
    code.line('))');
  });
}
