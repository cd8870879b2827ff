import { decodeBytes } from '../init.ts';
import { DeviceError } from '../issues.ts';
import type { Modules } from './crew.ts';
import type { Host } from './host.ts';
import type { WasmProgram } from './program.ts';
import { OUT_OF_STEP } from './worker.ts';

/** `play` of a program's module, for the thread that calls. */
export type Play = (
  entry: number,
  record: number,
  stride: number,
  count: number,
  thread: number,
  threads: number,
  scratch: number,
  times: number,
) => void;

/**
 * Compiles a program's modules: of the two for contractions the one with `relaxed_madd`, where the engine has it
 * or can be told to. In Node 20 a flag does, which later versions have not, and complain of: so it is set where
 * that module does not compile, and nowhere else.
 *
 * @throws DeviceError `shader` where the engine compiles one of them not
 */
export async function compileModules({ module, tiles }: WasmProgram, host: Host): Promise<Modules> {
  const relaxed = decodeBytes(tiles.relaxed);
  if (!WebAssembly.validate(relaxed)) host.allowRelaxed();
  const isRelaxed = WebAssembly.validate(relaxed);
  try {
    const [tile, main] = await Promise.all([
      WebAssembly.compile(isRelaxed ? relaxed : decodeBytes(tiles.strict)),
      WebAssembly.compile(decodeBytes(module)),
    ]);
    return { tiles: tile, main };
  } catch (cause) {
    throw new DeviceError('shader', `this engine does not compile the program: ${cause}`, { cause });
  }
}

/**
 * Links a program's modules with memory, on the thread that calls.
 *
 * @throws DeviceError `shader` where they do not fit together
 */
export async function link({ tiles, main }: Modules, memory: WebAssembly.Memory): Promise<Play> {
  try {
    const { exports } = await WebAssembly.instantiate(tiles, { sinter: { memory } });
    const now = (): number => performance.now();
    const lost = (): never => {
      throw new Error(OUT_OF_STEP);
    };
    const sinter = { ...exports, memory, now, lost };
    const needed = WebAssembly.Module.imports(main).find(({ name }) => !(name in sinter));
    if (needed !== undefined) throw new TypeError(`the tiles export no ${needed.name}`);
    const { play } = (await WebAssembly.instantiate(main, { sinter })).exports;
    if (typeof play !== 'function') throw new TypeError('it exports no function play');
    return (...args) => void play(...args);
  } catch (cause) {
    throw new DeviceError('shader', `the program's modules do not fit together: ${cause}`, { cause });
  }
}
