import { checkAgreement } from './agreement.ts';
import { checkProgram as checkForWebGpu } from './format.ts';
import type { Program } from './program.ts';
import { checkProgram as checkForWasm } from './wasm/format.ts';
import type { WasmProgram } from './wasm/program.ts';

/**
 * Says whether a value, from JSON say, is a program, of either kind: all of its parts are there and have their form,
 * nothing lies outside of its arena, and what it says of one place agrees with what it says of others. Its kernels are
 * code: they are not looked at.
 *
 * `start` of \`sinter\` asks this, and so does that of \`sinter/runtime/wasm\`. The one of \`sinter/runtime\` asks whether parts
 * have their form and lie in their arenas, so that it stays small: ask this before, where a program may not be your own.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkProgram(value: unknown): asserts value is Program | WasmProgram {
  if (isForWasm(value)) checkForWasm(value);
  else {
    checkForWebGpu(value);
    checkAgreement(value);
  }
}

/** Which kind a program says that it is. */
export function isForWasm(program: unknown): program is WasmProgram {
  return Object(program).target === 'wasm';
}
