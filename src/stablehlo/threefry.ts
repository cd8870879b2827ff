import { firstRotations, parity, secondRotations } from '../loops/threefry.ts';
import { pointwise } from './lines.ts';
import { splat } from './literals.ts';
import type { Scope } from './scope.ts';
import type { Value } from './types.ts';

/**
 * The first word of Threefry-2x32-20 (Salmon et al. 2011) of two words of a key and two of a counter, all `ui32`: the bits of
 * every target.
 */
export function writeThreefry(scope: Scope, parameters: readonly Value[]): Value {
  const [key0, key1, counter0, counter1] = parameters;
  if (key0 === undefined || key1 === undefined || counter0 === undefined || counter1 === undefined)
    throw new RangeError('threefry takes four words');
  const constant = (value: number): Value => scope.keep(splat(value, key0.type));
  const apply = (op: string, a: Value, b: Value): Value => scope.let(pointwise(op, a, b));
  const key2 = apply('xor', apply('xor', key0, key1), constant(parity));
  const subkey = (k: number): Value => [key0, key1, key2][k % 3] ?? key0;
  const rotated = (x: Value, by: number): Value =>
    apply('or', apply('shift_left', x, constant(by)), apply('shift_right_logical', x, constant(32 - by)));
  let x0 = apply('add', counter0, key0);
  let x1 = apply('add', counter1, key1);
  for (let s = 1; s <= 5; s++) {
    for (const by of s % 2 === 1 ? firstRotations : secondRotations) {
      x0 = apply('add', x0, x1);
      x1 = apply('xor', rotated(x1, by), x0);
    }
    x0 = apply('add', x0, subkey(s));
    x1 = apply('add', apply('add', x1, subkey(s + 1)), constant(s));
  }
  return x0;
}
