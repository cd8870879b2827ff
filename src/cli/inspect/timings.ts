import type { WebGpuCompilation } from '../../compile.ts';
import type { WasmCompilation } from '../../compileToWasm.ts';
import type { Paint } from '../../inspect/paint.ts';
import { timingsOf, timingsText } from '../timings.ts';
import type { InspectOptions } from './options.ts';

/** What each pass took, of all entries or of one. */
export function timings(
  compilation: WebGpuCompilation | WasmCompilation,
  { json, entry }: InspectOptions,
  paint: Paint,
): string {
  return json === true
    ? `${JSON.stringify(timingsOf(compilation), null, 2)}\n`
    : timingsText(compilation, entry, paint);
}
