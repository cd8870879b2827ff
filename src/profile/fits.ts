import { compileModule, type WebGpuCompilation } from '../compile.ts';
import { compileToWasm, type WasmCompilation } from '../compileToWasm.ts';
import { GraphError, type Module } from '../graph/index.ts';
import { resized } from '../graph/resize.ts';
import type { Machine, TargetName } from '../machine/index.ts';
import { DeviceError } from '../runtime/issues.ts';
import { ScheduleError } from '../schedule/issues.ts';
import { type Ask, largestFitting } from './largestFitting.ts';
import { type Limits, limitsOfMachine, type Verdict, verdictOf } from './limits.ts';
import { needsOf } from './needs.ts';

/** For what is asked whether a module fits. */
export interface FitOptions {
  readonly target: TargetName;
  /** The machine by whose numbers it is compiled. */
  readonly machine: Machine;
  /** What there is; by default what the machine's description says. */
  readonly limits?: Limits;
  /** Threads that would run it, on WebAssembly; by default as many as the machine has cores. */
  readonly threads?: number;
  /** Is told what is being done. */
  readonly onProgress?: (doing: string) => void;
}

/** Whether a module fits, limit by limit, and which sizes would. Plain data. */
export interface Fit {
  /** The name of the module. */
  readonly module: string;
  readonly target: string;
  readonly machine: string;
  /** Of what the limits are. */
  readonly limits: string;
  /** Whether all that is needed is there. */
  readonly fits: boolean;
  /** Why there is no plan to compare: what the compiler refuses whatever the limits are. */
  readonly fault: string | null;
  readonly needs: readonly Verdict[];
  /** What the program needs of its engine beside numbers. */
  readonly features: readonly string[];
  /** Whether `compile` refuses it, as its buffers are larger than those of the machine, though the limits have room for them. */
  readonly isRefused: boolean;
  /** For each bounded size, about the largest maximum that would fit, others as they are. */
  readonly sizes: readonly SizeFit[];
}

/** A bounded size, and what it may be. */
export interface SizeFit {
  readonly name: string;
  /** As it is declared. */
  readonly max: number;
  /** The largest maximum of which is known that all fits with it, found by compiling; null where none does, or nothing tells. */
  readonly largest: number | null;
  /** The smallest of which is known that it does not fit; null where none is. */
  readonly tooLarge: number | null;
  /** What does not fit with that one, or why it is not known; for people. */
  readonly why: string;
}

/** The limit of which a machine has a number of its own, by which `compile` goes. */
const BUFFER = 'maxStorageBufferBindingSize';

/**
 * Compares what a module needs with limits, before anything is allocated. It is compiled as if buffers had no bound, so that
 * what is too large is told with all else rather than thrown, and again with other maxima of its bounded sizes, to say which
 * would fit. A shape that is a number stays: code has declared it.
 */
export function fitOf(module: Module, options: FitOptions): Fit {
  const { target, machine, onProgress = () => {} } = options;
  const limits = options.limits ?? limitsOfMachine(machine);
  onProgress('compiling');
  const own = answerOf(module, options, limits);
  const sizes = module.sizes.map(({ name, max }): SizeFit => {
    const ask = (other: number): Ask => {
      onProgress(`${name}: trying ${other}`);
      try {
        return answerOf(other === max ? module : resized(module, { [name]: other }), options, limits);
      } catch (error) {
        // What is built for the maximum that was declared does not fit another.
        if (error instanceof GraphError) return { needs: [], fault: error.message };
        throw error;
      }
    };
    return { name, max, ...largestFitting(max, own, ask) };
  });
  return {
    module: module.name,
    target,
    machine: machine.name,
    limits: limits.of,
    fits: own.fault === null && own.needs.every(({ fits }) => fits),
    fault: own.fault,
    needs: own.needs,
    features: target === 'wasm' ? ['vectors (SIMD)', 'threads, for more than one'] : [],
    isRefused: own.needs.some(
      ({ limit, needed, fits }) => limit === BUFFER && fits && needed > machine.binding,
    ),
    sizes,
  };
}

/** What a module needs beside what there is, or why no plan can be made for it. */
function answerOf(module: Module, options: FitOptions, limits: Limits): Ask {
  try {
    const { threads = options.machine.cores } = options;
    const needs = needsOf(compiledWithoutBound(module, options), threads);
    return { fault: null, needs: needs.map((need) => verdictOf(need, limits)) };
  } catch (error) {
    // Of what is too large in another way there is no plan: indices end, or no schedule fits.
    const isTooLarge =
      error instanceof ScheduleError || error instanceof DeviceError || error instanceof GraphError;
    if (isTooLarge) return { needs: [], fault: error.message };
    throw error;
  }
}

function compiledWithoutBound(
  module: Module,
  { target, machine }: FitOptions,
): WebGpuCompilation | WasmCompilation {
  // Nothing is chosen by how large a buffer may be: the program is the same.
  const boundless = { ...machine, binding: Number.MAX_SAFE_INTEGER };
  if (target !== 'wasm') return compileModule(module, boundless, new Set(), target);
  // Bytes of the module are not needed, and an address of more than 32 bits has none.
  return compileToWasm(module, () => new Uint8Array(), new Set(), boundless);
}
