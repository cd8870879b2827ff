import { InputError } from '../runtime/issues.ts';
import type { StateSlot } from '../runtime/program.ts';

/**
 * Which states are meant: a name or what its first parts are (`encoder` is `encoder.weight` too), a pattern, a layer by its name, a
 * function of a name, or several of these.
 */
export type Selection =
  | string
  | RegExp
  | { readonly name?: string | undefined }
  | ((name: string) => boolean)
  | readonly Selection[];

/** Whether a state is selected. @throws InputError `type` for what selects nothing */
export function isSelected(selection: Selection, name: string): boolean {
  if (typeof selection === 'string') return name === selection || name.startsWith(`${selection}.`);
  if (selection instanceof RegExp)
    return new RegExp(selection.source, selection.flags.replace(/[gy]/g, '')).test(name);
  if (isList(selection)) return selection.some((one) => isSelected(one, name));
  // A layer is a function that has a name of its own.
  const { name: own } = selection;
  if (typeof selection === 'function' && !('parameters' in selection)) return selection(name) === true;
  if (typeof own === 'string') return name === own || name.startsWith(`${own}.`);
  throw new InputError(
    'type',
    'only',
    'expected names, patterns, layers that were applied, or a function of a name',
  );
}

function isList(selection: Selection): selection is readonly Selection[] {
  return Array.isArray(selection);
}

/**
 * The states that are weights and statistics: floats that do not belong to another state, as an optimizer's moments do
 * (`hidden.weight.m`).
 */
export function weightStates(states: readonly StateSlot[]): StateSlot[] {
  const names = new Set(states.map(({ name }) => name));
  return states.filter(({ name, dtype }) => {
    const parts = name.split('.');
    return dtype === 'f32' && !parts.some((_, k) => k > 0 && names.has(parts.slice(0, k).join('.')));
  });
}
