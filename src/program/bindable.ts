import type { Module } from '../graph/index.ts';
import { tensorSize } from '../loops/edges.ts';
import { type Machine, machines } from '../machine/index.ts';
import type { Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import { MOST_ELEMENTS } from '../runtime/agreement.ts';
import { DeviceError } from '../runtime/issues.ts';
import type { ProgramBase } from '../runtime/program.ts';
import { batchBytes, inputBytes } from './inputBytes.ts';

/** Bytes of an element in an arena, whatever its type. */
const WORD = 4;

/** Arenas: what of a module lies in them, and how there would be less of it. */
const arenas = {
  state: ['states and given arrays of floats', 'make them smaller or fewer'],
  temps: ['temporaries of floats that are live at once', 'make tensors or batches smaller'],
  words: ['integers and bools that are kept or live at once', 'make them smaller or fewer'],
  results: ['outputs of a step', 'make outputs or batches smaller'],
} as const;

/**
 * Requires that each state, and each arena as a whole, lies in one buffer that a kernel of the machine can see.
 *
 * @throws DeviceError `limit`: the state or the arena, its bytes, those of a buffer, and what would be right
 */
export function requireBindable(
  module: Module,
  storage: Storage,
  layout: BufferLayout,
  machine: Machine,
): void {
  const { binding } = machine;
  for (const { name, node } of module.states) {
    const tensor = storage.states.get(node);
    const bytes = tensor === undefined ? 0 : WORD * tensorSize(tensor);
    if (bytes > binding)
      refuse(`state ${JSON.stringify(name)} of ${named(module)}`, bytes, machine, 'make the state smaller');
  }
  for (const arena of ['state', 'temps', 'words', 'results'] as const) {
    const [what, remedy] = arenas[arena];
    if (layout[arena] > binding) refuse(`the ${what} of ${named(module)}`, layout[arena], machine, remedy);
  }
}

/**
 * Requires that a full batch of each entry fits: into one buffer that a kernel of the machine can see, beside all
 * else where one memory holds all; and that no input has more elements than a runtime counts.
 *
 * @param beside bytes of that buffer that are taken
 * @throws DeviceError `limit`: the input, or the entry whose inputs they are, its bytes, those that there are, and what
 *   would be right
 */
export function requireUploadable(program: ProgramBase, machine: Machine, beside = 0): void {
  for (const slot of program.inputs) {
    const what = `input ${JSON.stringify(slot.name)} of ${named(program)}`;
    const bytes = inputBytes(slot);
    const elements = slot.shape.reduce((n, extent) => n * extent, 1);
    if (beside + bytes > machine.binding) refuse(what, bytes, machine, REMEDY, beside);
    if (elements > MOST_ELEMENTS)
      throw new DeviceError(
        'limit',
        `${what}: ${elements} elements in ${bytes} bytes, and an input has at most ${MOST_ELEMENTS} elements: ${REMEDY}`,
        { limit: { name: 'elements', needed: elements, available: MOST_ELEMENTS } },
      );
  }
  for (const [name, entry] of Object.entries(program.entries)) {
    const bytes = batchBytes(program, entry.inputs);
    const what = `the inputs of entry ${JSON.stringify(name)} of ${named(program)}`;
    if (beside + bytes > machine.binding) refuse(what, bytes, machine, REMEDY, beside);
  }
}

const REMEDY = 'make inputs or batches smaller';

function named({ name }: { readonly name: string }): string {
  return `module ${JSON.stringify(name)}`;
}

function refuse(what: string, bytes: number, machine: Machine, remedy: string, beside = 0): never {
  const needed = beside + bytes;
  const others = Object.values(machines)
    .filter(({ binding }) => binding >= needed)
    .map(({ name, binding }) => `${name} (${binding} bytes)`);
  const elsewhere = others.length === 0 ? '' : `, or compile for ${others.join(' or ')}`;
  const taken = beside === 0 ? '' : ` beside ${beside} of the plan`;
  throw new DeviceError(
    'limit',
    `${what}: ${bytes} bytes in one buffer${taken}, and one of ${machine.name} has ${machine.binding}: ${remedy}${elsewhere}`,
    { limit: { name: 'binding', needed, available: machine.binding } },
  );
}
