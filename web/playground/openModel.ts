import { type CompiledProgram, compile, DeviceError, type Module, type Session } from '../../src/index.ts';
import { adapterText, type Place, placeFor, threadsText } from './place.ts';
import type { Ask } from './protocol.ts';

/** A module that was compiled and started. */
export interface Running {
  readonly module: Module;
  readonly compiled: CompiledProgram;
  readonly session: Session;
  readonly target: 'webgpu' | 'wasm';
  /** What runs it: an adapter's name, or how many threads. */
  readonly device: string;
  /** Why it is not WebGPU, or one thread; absent where nothing is to be said. */
  readonly note?: string;
}

/** Compiles a module for what is at hand, or wanted, and starts it; where WebGPU fails by itself, on WebAssembly. */
export async function startModel(
  module: Module,
  wanted: Extract<Ask, { kind: 'open' }>['target'],
  seed: number,
): Promise<Running> {
  const place = await placeFor(wanted);
  if (place.adapter === undefined) return startAt(module, place, seed);
  try {
    return await startAt(module, place, seed);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const note = `It trains on WebAssembly: WebGPU is there, but ${error.message}.`;
    return startAt(module, { target: 'wasm', note }, seed);
  }
}

async function startAt(module: Module, place: Place, seed: number): Promise<Running> {
  const compiled = await compile(module, { target: place.target });
  const { adapter } = place;
  const session = await compiled.start(adapter === undefined ? { seed } : { seed, adapter });
  if (adapter !== undefined)
    return { module, compiled, session, target: 'webgpu', device: adapterText(adapter) };
  const threads = 'threads' in session && typeof session.threads === 'number' ? session.threads : 1;
  const { device, note } = threadsText(threads);
  const notes = [place.note, note].filter((one) => one !== undefined);
  return {
    module,
    compiled,
    session,
    target: 'wasm',
    device,
    ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
  };
}

/** The device of a session, where it has one. */
export function deviceOf(session: Session): GPUDevice | undefined {
  return 'device' in session && session.device instanceof GPUDevice ? session.device : undefined;
}
