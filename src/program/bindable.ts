import type { Module } from '../graph/index.ts';
import { tensorSize } from '../loops/edges.ts';
import { type Machine, machines } from '../machine/index.ts';
import type { Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import { DeviceError } from '../runtime/issues.ts';

/** Bytes of an element in an arena, whatever its type. */
const WORD = 4;

/** Arenas, and what of a module lies in them. */
const arenas = {
  state: 'states and given arrays of floats',
  temps: 'temporaries of floats that are live at once',
  words: 'integers and bools that are kept or live at once',
  results: 'outputs of a step',
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
      refuse(`state ${JSON.stringify(name)} of ${module.name}`, bytes, machine, 'the state');
  }
  for (const [arena, what] of Object.entries(arenas) as [keyof typeof arenas, string][])
    if (layout[arena] > binding)
      refuse(`the ${what} of ${module.name}`, layout[arena], machine, 'tensors or batches');
}

function refuse(what: string, needed: number, machine: Machine, smaller: string): never {
  const others = Object.values(machines)
    .filter(({ binding }) => binding >= needed)
    .map(({ name, binding }) => `${name} (${binding} bytes)`);
  const elsewhere = others.length === 0 ? '' : `, or compile for ${others.join(' or ')}`;
  throw new DeviceError(
    'limit',
    `${what}: ${needed} bytes in one buffer, and one of ${machine.name} has ${machine.binding}: make ${smaller} smaller${elsewhere}`,
    { limit: { name: 'binding', needed, available: machine.binding } },
  );
}
