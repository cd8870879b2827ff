import { type ScalarFunctionName, scalarFunctionNames, scalarFunctions } from '../functions/index.ts';
import { wasmFunctionOf } from './functionText.ts';
import { erf, exp, expm1, sigmoid, tanh } from './mathExp.ts';
import { log, log1p } from './mathLog.ts';
import { constant } from './mathPieces.ts';
import { threefry } from './threefry.ts';

/** A function of the module's text, with the names of those that it calls. */
export interface WasmFunction {
  /** `(func $NAME (param v128) (result v128) …)` over four floats, after the globals `$NAME.…` that it reads. */
  readonly text: string;
  readonly calls: readonly string[];
}

/** The sign as `Math.sign` has it: a NaN and the zeros are their own. */
const sign = `;; -1 or 1; zeros and NaN stay.
${constant('sign.bit', '-0')}
${constant('sign.one', '1')}
(func $sign (param $x v128) (result v128)
  (v128.bitselect
    (v128.or (v128.and (local.get $x) (global.get $sign.bit)) (global.get $sign.one))
    (local.get $x)
    (f32x4.gt (f32x4.abs (local.get $x)) (v128.const i32x4 0 0 0 0))))`;

/** Those that are defined once for every target. */
const definedOnce = Object.fromEntries(
  scalarFunctionNames.map((name) => [name, wasmFunctionOf(scalarFunctions[name])]),
) as Record<ScalarFunctionName, WasmFunction>;

/**
 * The functions that have no instruction, four floats at once.
 *
 * Zeros, infinities, NaNs and subnormal numbers come out as in `scalarOps`, and no result leaves the function's
 * range. There are no branches and no relaxed instructions: a lane's result is the same whatever stands in
 * the others, and on every machine. The errors stand at each function, and were measured on all 2^32 floats.
 */
export const mathFunctions = {
  exp: { text: exp, calls: [] },
  log: { text: log, calls: [] },
  log1p: { text: log1p, calls: [] },
  expm1: { text: expm1, calls: [] },
  tanh: { text: tanh, calls: [] },
  sigmoid: { text: sigmoid, calls: ['exp'] },
  erf: { text: erf, calls: [] },
  sign: { text: sign, calls: [] },
  ...definedOnce,
} satisfies Readonly<Record<string, WasmFunction>>;

/** The scalar operations that are functions, by their names in `scalarOps`. */
export type MathName = keyof typeof mathFunctions;

/** All functions of modules: those of floats, and of words. */
const functions = { ...mathFunctions, threefry: { text: threefry, calls: [] } } satisfies Readonly<
  Record<string, WasmFunction>
>;

/** What a function of a module is called. */
export type FunctionName = keyof typeof functions;

/** The text of the named functions and of all that they call, each once, in the order of the table. */
export function mathText(names: Iterable<FunctionName>): string {
  const table: ReadonlyMap<string, WasmFunction> = new Map(Object.entries(functions));
  const needed = new Set<string>(names);
  // A set gives what is added while it is walked, too.
  for (const name of needed) for (const called of table.get(name)?.calls ?? []) needed.add(called);
  return [...table]
    .filter(([name]) => needed.has(name))
    .map(([, { text }]) => text)
    .join('\n\n');
}
