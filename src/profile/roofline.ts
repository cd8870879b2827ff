import type { Machine } from '../machine/index.ts';

/** The least time that a machine could take for some work, and which of its rates that is due to. */
export interface Roofline {
  /** Microseconds. */
  readonly micros: number;
  /** Arithmetic of all cores, bytes between cores and the cache that they share, or bytes from memory. */
  readonly limit: 'arithmetic' | 'cache' | 'memory';
}

/** Floating-point operations of a multiply-add. */
const FLOPS = 2;

/**
 * The roofline of a machine (Williams, Waterman and Patterson, 2009): work takes no less than its arithmetic, or its bytes, at
 * the machine's rates. Bytes that the shared cache holds need not come from memory.
 *
 * @param flops floating-point operations
 * @param bytes of the tensors that are read and written, each once
 * @param cores that work, by default all of the machine's
 */
export function rooflineOf(flops: number, bytes: number, machine: Machine, cores = machine.cores): Roofline {
  const { lanes, clock, coreRate, cacheRate, cache, memoryRate } = machine;
  const arithmetic = flops / (FLOPS * lanes * clock * cores);
  const near = bytes / Math.min(cacheRate, coreRate * cores);
  const far = Math.max(0, bytes - cache) / memoryRate;
  if (arithmetic >= near && arithmetic >= far) return { micros: arithmetic, limit: 'arithmetic' };
  return near >= far ? { micros: near, limit: 'cache' } : { micros: far, limit: 'memory' };
}
