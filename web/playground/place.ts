import type { TargetName } from '../../src/machine/index.ts';
import type { Ask } from './protocol.ts';

/** Where a model is to run. */
export interface Place {
  readonly target: TargetName;
  /** An adapter for WebGPU. */
  readonly adapter?: GPUAdapter;
  /** Why it is not WebGPU, where it is not and nobody asked for that. */
  readonly note?: string;
}

/** Where a model runs: on WebGPU where there is an adapter and nothing else is asked for, else on WebAssembly. */
export async function placeFor(wanted: Extract<Ask, { kind: 'open' }>['target']): Promise<Place> {
  if (wanted === 'wasm') return { target: 'wasm' };
  const gpu = globalThis.navigator?.gpu;
  if (gpu === undefined)
    return onWasm('this browser has no WebGPU, or keeps it for secure addresses (https, localhost)');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return onWasm('this browser has WebGPU, but no adapter for it');
  if (!adapter.info.isFallbackAdapter) return { target: 'webgpu', adapter };
  // Software has WebGPU's own vectors and threads at best, and WebAssembly has them without a driver between.
  if (wanted === 'auto') return onWasm('WebGPU runs in software here, and WebAssembly is faster than that');
  return { target: 'webgpu-software', adapter };
}

function onWasm(why: string): Place {
  return { target: 'wasm', note: `It trains on WebAssembly: ${why}.` };
}

/** An adapter in a few words. */
export function adapterText({ info }: GPUAdapter): string {
  const parts = [info.description, [info.vendor, info.architecture].filter(Boolean).join(' ')];
  return parts.find((part) => part !== '') ?? 'an adapter without a name';
}

/** The threads of a session on WebAssembly in a few words, and why there is only one. */
export function threadsText(threads: number): { readonly device: string; readonly note?: string } {
  if (threads > 1) return { device: `${threads} threads` };
  if (globalThis.crossOriginIsolated) return { device: 'one thread' };
  const note =
    'It runs on one thread: the server does not send the headers that let threads share memory (Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp).';
  return { device: 'one thread', note };
}
