import type { Module } from '../graph/index.ts';
import { extentOf } from '../loops/index.ts';
import { elementCount, firstValue } from '../runtime/init.ts';
import type { StateSlot } from '../runtime/program.ts';
import { encodeSnapshot } from '../runtime/saved.ts';
import { withMetadata } from '../weights/metadata.ts';

/** The states of a module as a file has them, whatever it is compiled for: one after the other, in the order of the module. */
export function stateSlots(module: Module): StateSlot[] {
  let offset = 0;
  return module.states.map(({ name, node, init, kernel }) => {
    const { dtype } = node;
    if (dtype === 'u8') throw new RangeError(`state ${name} is u8, which is for storage only`);
    const shape = node.shape.map(extentOf);
    const slot = { name, dtype, shape, arena: 'state', offset, init } as const;
    offset += elementCount(shape);
    return kernel === undefined ? slot : { ...slot, kernel };
  });
}

/** The words of each state before the first step of a session that starts with a seed. */
export function firstWords(states: readonly StateSlot[], seed: number): Uint32Array<ArrayBuffer>[] {
  return states.map((slot) => {
    const { buffer, byteOffset, byteLength } = firstValue(slot, seed);
    return new Uint32Array(buffer, byteOffset, byteLength / 4);
  });
}

/** A safetensors file of states before the first step, which `session.load` reads. @param words of all states, in order */
export function firstFile(
  states: readonly StateSlot[],
  words: readonly Uint32Array<ArrayBuffer>[],
  seed: number,
): Uint8Array<ArrayBuffer> {
  return withMetadata(encodeSnapshot({ state: states }, { seed, shuffles: 0, entries: {} }, words), {});
}
