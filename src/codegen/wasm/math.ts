import { erf, exp, sigmoid, tanh } from './mathExp.ts';
import { log } from './mathLog.ts';
import { constant } from './mathPieces.ts';

/** A function of the module's text, with the names of those that it calls. */
export interface WasmFunction {
  /** `(func $NAME (param v128) (result v128) …)` over four floats, after the globals `$NAME.…` that it reads. */
  readonly text: string;
  readonly calls: readonly MathName[];
}

/** The scalar operations that are functions, by their names in `scalarOps`. */
export type MathName = 'exp' | 'log' | 'tanh' | 'sigmoid' | 'erf' | 'sign';

/** The sign as `Math.sign` has it: a NaN and the zeros are their own. */
const sign = `;; -1 or 1; zeros and NaN stay.
${constant('sign.bit', '-0')}
${constant('sign.one', '1')}
(func $sign (param $x v128) (result v128)
  (v128.bitselect
    (v128.or (v128.and (local.get $x) (global.get $sign.bit)) (global.get $sign.one))
    (local.get $x)
    (f32x4.gt (f32x4.abs (local.get $x)) (v128.const i32x4 0 0 0 0))))`;

/**
 * The functions that have no instruction, four floats at once.
 *
 * Zeros, infinities, NaNs and subnormal numbers come out as in `scalarOps`, and no result leaves the function's
 * range. There are no branches and no relaxed instructions: a lane's result is the same whatever stands in
 * the others, and on every machine. The errors stand at each function, and were measured on all 2^32 floats.
 */
export const mathFunctions: Readonly<Record<MathName, WasmFunction>> = {
  exp: { text: exp, calls: [] },
  log: { text: log, calls: [] },
  tanh: { text: tanh, calls: [] },
  sigmoid: { text: sigmoid, calls: ['exp'] },
  erf: { text: erf, calls: [] },
  sign: { text: sign, calls: [] },
};

const order: readonly MathName[] = ['exp', 'log', 'tanh', 'sigmoid', 'erf', 'sign'];

/** The text of the named functions and of all that they call, each once, in a fixed order. */
export function mathText(names: Iterable<MathName>): string {
  const needed = new Set(names);
  // A set gives what is added while it is walked, too.
  for (const name of needed) for (const called of mathFunctions[name].calls) needed.add(called);
  return order
    .filter((name) => needed.has(name))
    .map((name) => mathFunctions[name].text)
    .join('\n\n');
}
