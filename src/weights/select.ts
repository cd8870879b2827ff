import { listed } from '../runtime/clipped.ts';
import { InputError, naming } from '../runtime/issues.ts';
import type { StateSlot } from '../runtime/program.ts';

/**
 * Which states are meant: a state by its name; the weights of a layer by what their names begin with (`encoder` is `encoder.weight`
 * too), or by the layer; a pattern, or a function of a name, of any states; or several of these. What belongs to an optimizer is not
 * a layer's.
 */
export type Selection =
  | string
  | RegExp
  | { readonly name?: string | undefined }
  | ((name: string) => boolean)
  | readonly Selection[];

/**
 * The states that are meant, in their order.
 *
 * @throws InputError `type` for what selects nothing, `unknown` where none is meant
 */
export function selectedStates(states: readonly StateSlot[], selection: Selection): StateSlot[] {
  const weights = new Set(weightStates(states));
  const chosen = new Set<StateSlot>();
  for (const one of listOf(selection)) {
    const isMeant = meaning(one);
    const found = states.filter((slot) => isMeant(slot.name, weights.has(slot)));
    if (found.length === 0) refuseNone(one, states);
    for (const slot of found) chosen.add(slot);
  }
  return states.filter((slot) => chosen.has(slot));
}

type One = Exclude<Selection, readonly Selection[]>;

function listOf(selection: Selection): One[] {
  return isList(selection) ? selection.flatMap(listOf) : [selection];
}

function isList(selection: Selection): selection is readonly Selection[] {
  return Array.isArray(selection);
}

/** @throws InputError `type` for what selects nothing */
function meaning(selection: One): (name: string, isWeight: boolean) => boolean {
  const ofLayer = (layer: string) => (name: string, isWeight: boolean) =>
    name === layer || (isWeight && name.startsWith(`${layer}.`));
  if (typeof selection === 'string') return ofLayer(selection);
  if (selection instanceof RegExp) {
    const pattern = new RegExp(selection.source, selection.flags.replace(/[gy]/g, ''));
    return (name) => pattern.test(name);
  }
  // A layer is a function that has a name of its own.
  if (typeof selection === 'function' && !('parameters' in selection))
    return (name) => selection(name) === true;
  const layer: unknown = Object(selection).name;
  if (typeof layer === 'string') return ofLayer(layer);
  const expected = 'expected names, patterns, layers that were applied, or a function of a name';
  throw new InputError('type', 'only', expected);
}

/** Says that a selection means no state. @throws InputError `unknown`, always */
function refuseNone(selection: One, states: readonly StateSlot[]): never {
  if (typeof selection === 'string') refuseName('only', states, selection, 'selects no state');
  const what = selection instanceof RegExp ? String(selection) : 'it';
  const names = states.map(({ name }) => name);
  throw new InputError('unknown', 'only', `${what} selects no state; there are ${listed(names)}`);
}

/** Requires that an option names a state that there is. @throws InputError `unknown` */
export function requireState(option: string, states: readonly StateSlot[], name: string): void {
  if (!states.some((slot) => slot.name === name)) refuseName(option, states, name, 'is not a state');
}

function refuseName(option: string, states: readonly StateSlot[], name: string, text: string): never {
  const names = states.map((slot) => slot.name);
  const hint = naming.nearest?.(name, names) ?? '';
  throw new InputError(
    'unknown',
    option,
    `${JSON.stringify(name)} ${text}${hint}; there are ${listed(names)}`,
  );
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
