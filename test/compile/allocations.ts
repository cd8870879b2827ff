import { type HeapProfiler, Session } from 'node:inspector/promises';

/** Bytes from one sample to the next, on average: few enough that thousands of objects are seen. */
const INTERVAL = 64;

/**
 * Bytes of the objects that JavaScript makes while something runs, also of those that are collected meanwhile, as
 * V8's sampling heap profiler estimates them. Memory of WebAssembly is none of it.
 */
export async function allocatedBytes(run: () => Promise<void>): Promise<number> {
  const inspector = new Session();
  inspector.connect();
  try {
    await inspector.post('HeapProfiler.startSampling', {
      samplingInterval: INTERVAL,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await run();
    const { profile } = await inspector.post('HeapProfiler.stopSampling');
    return sizeOf(profile.head);
  } finally {
    inspector.disconnect();
  }
}

function sizeOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((n, child) => n + sizeOf(child), selfSize);
}
