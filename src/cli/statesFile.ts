import { readFileSync } from 'node:fs';
import type { Module } from '../graph/index.ts';
import { fileError } from '../node/files.ts';
import { firstFile, firstWords, stateSlots } from '../program/firstStates.ts';
import { stateWords } from '../runtime/initial.ts';
import { FormatError, slotOf } from '../runtime/issues.ts';
import type { StateSlot } from '../runtime/program.ts';
import { decodeSnapshot, encodeSnapshot } from '../runtime/saved.ts';
import { asElements } from '../runtime/values.ts';
import {
  LoadError,
  loadWeights,
  metadataOf,
  verifyChecksum,
  type WeightsSession,
  withMetadata,
} from '../weights/index.ts';
import { UsageError } from './usage.ts';

/**
 * The states of a module as a safetensors file, which `session.load` reads: those of a file that was saved, first values with
 * weights in them, or first values alone.
 *
 * @param from the path of a file that `save()` or `saveWeights()` made, as `--weights` names it; undefined for first values
 * @param seed of first values
 * @throws UsageError where the file cannot be read, or is not of this module
 */
export async function statesFile(
  module: Module,
  from: string | undefined,
  seed: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const slots = stateSlots(module);
  if (from === undefined) return firstFile(slots, firstWords(slots, seed), seed);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(from);
  } catch (cause) {
    throw new UsageError(`--weights ${fileError(from, cause).message}`, { cause });
  }
  try {
    verifyChecksum(bytes, 'it');
    if (!Object.hasOwn(metadataOf(bytes), 'sinter')) {
      const words = firstWords(slots, seed);
      await loadWeights(statesIn(slots, words), bytes);
      return firstFile(slots, words, seed);
    }
    const program = { state: slots };
    const [place, states] = decodeSnapshot(program, bytes);
    // Another alignment than that of the file: words begin at a multiple of four bytes.
    const words = states.map(([, values]) => wordsOf(values.slice()));
    return withMetadata(encodeSnapshot(program, place, words), {});
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const fault = cause instanceof LoadError ? `\n${cause.report}` : ` ${cause.message}`;
    throw new UsageError(`--weights ${from} does not fit:${fault}`, { cause });
  }
}

/** The values of a module's states in a file that {@link statesFile} made, by name. */
export function valuesIn(module: Module, file: Uint8Array): Record<string, ArrayLike<number>> {
  const [, states] = decodeSnapshot({ state: stateSlots(module) }, file);
  const values = states.map(
    ([{ name, dtype }, bytes]) => [name, asElements(dtype, wordsOf(bytes.slice()))] as const,
  );
  return Object.fromEntries(values);
}

/** States that lie in words, to load weights into. */
function statesIn(state: readonly StateSlot[], words: readonly Uint32Array<ArrayBuffer>[]): WeightsSession {
  const find = (name: string) => {
    const slot = slotOf('state', state, name);
    return { slot, own: words[state.indexOf(slot)] ?? new Uint32Array() };
  };
  return {
    program: { state },
    read: async (name) => {
      const { slot, own } = find(name);
      return { shape: slot.shape, data: asElements(slot.dtype, own.slice()) };
    },
    write: async (name, values, from) => {
      const { slot, own } = find(name);
      const [, given] = stateWords(slot, values, from);
      own.set(wordsOf(given), from);
    },
  };
}

function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
