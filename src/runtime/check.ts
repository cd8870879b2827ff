import { checkAgreement, checkPlaces } from './agreement.ts';
import { checkProgram as checkForWebGpu } from './format.ts';
import { FormatError } from './issues.ts';
import type { Program } from './program.ts';
import { fail } from './shape.ts';
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
  requireObject(value);
  refuseOthers(value);
  const { format, target }: { format?: unknown; target?: unknown } = value;
  if (isForWasm(value)) checkForWasm(value);
  else {
    if (format === 1 && !String(target).startsWith('webgpu'))
      fail('program.target', 'webgpu or wasm', target);
    checkForWebGpu(value);
    checkAgreement(value, PLACE_ALIGNMENT);
    checkPlaces(value);
  }
}

/** @throws FormatError for an object that is on the way to a program, saying what is left to do */
function refuseOthers(value: object): void {
  const { format, program, graph }: { format?: unknown; program?: unknown; graph?: unknown } = value;
  if (format !== undefined) return;
  let hint: string | undefined;
  if (value instanceof Promise) hint = 'a promise: await it';
  else if (Object(program).format !== undefined)
    hint = 'what compile returns: give its `program`, or call its `start`';
  else if (Object(graph) === graph) hint = 'a module: compile it, and give the `program` of that';
  if (hint !== undefined) throw new FormatError('program', `program: expected a program, found ${hint}`);
}

/** Words of which every place in a program for WebGPU is a multiple. */
const PLACE_ALIGNMENT = 1;

/** @throws FormatError for what has no fields at all, saying how it becomes a program where it may be one */
function requireObject(value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return;
  const found =
    typeof value === 'string'
      ? `text of ${value.length} characters: JSON.parse it first`
      : ArrayBuffer.isView(value)
        ? `${value.byteLength} bytes: decode them as text, and JSON.parse that`
        : `${typeof value === 'function' ? 'a function' : String(value)}: give the \`program\` of what compile returns, or JSON of it, parsed`;
  throw new FormatError('program', `program: expected an object, found ${found}`);
}

/** Which kind a program says that it is. */
export function isForWasm(program: unknown): program is WasmProgram {
  return Object(program).target === 'wasm';
}
