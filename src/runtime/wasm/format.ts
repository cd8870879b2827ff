import { checkAgreement } from '../agreement.ts';
import { checkBase } from '../format.ts';
import { fail } from '../shape.ts';
import { LINE, THREAD_BYTES, type WasmMemory, type WasmProgram } from './program.ts';

/**
 * Says whether a value, from JSON say, is a program that this runtime can replay. Its modules are compiled by
 * `start` alone.
 *
 * @throws FormatError naming the first place that is not as it should be
 */
export function checkProgram(value: unknown): asserts value is WasmProgram {
  checkBase(value, 'wasm', {
    kernels: [{ name: 'string', code: 'string', packedBytes: 'count' }],
    module: 'string',
    tiles: { relaxed: 'string', strict: 'string' },
    memory: {
      state: 'count',
      words: 'count',
      temps: 'count',
      packed: 'count',
      bytes: 'count',
      threadBytes: 'count',
    },
  });
  checkAgreement(value, LINE / 4);
  const { module, tiles, memory, buffers, kernels } = value as WasmProgram;
  checkModule(module, 'program.module');
  checkModule(tiles.relaxed, 'program.tiles.relaxed');
  checkModule(tiles.strict, 'program.tiles.strict');
  const packed = kernels.reduce((most, { packedBytes }) => Math.max(most, packedBytes), 0);
  checkMemory(memory, { ...buffers, packed });
}

/**
 * @param buffers bytes of each arena
 * @throws FormatError where arenas do not follow each other behind what is the threads' own
 */
function checkMemory(memory: WasmMemory, buffers: Readonly<Record<Arena, number>>): void {
  let end = THREAD_BYTES;
  for (const arena of ['state', 'words', 'temps', 'packed'] as const) {
    const start = memory[arena];
    if (start % LINE !== 0 || start < end)
      fail(`program.memory.${arena}`, `a multiple of ${LINE} from ${end} on`, start);
    end = start + buffers[arena];
  }
  if (memory.bytes < end) fail('program.memory.bytes', `${end} at least`, memory.bytes);
}

type Arena = 'state' | 'words' | 'temps' | 'packed';

/** What a module begins with, in base64: `\0asm` and version 1, except the bits that the next byte shares. */
const MAGIC = 'AGFzbQEAA';

/** @throws FormatError */
function checkModule(text: string, at: string): void {
  const found = text.length > 20 ? `${text.slice(0, 20)}…` : text;
  if (!text.startsWith(MAGIC)) fail(at, 'a WebAssembly module in base64', found);
  try {
    atob(text);
  } catch {
    fail(at, 'a WebAssembly module in base64', found);
  }
}
