import { FormatError, InputError, shown, unfit } from '../runtime/issues.ts';
import { checkOption, named } from '../runtime/options.ts';
import type { StateSlot } from '../runtime/program.ts';
import type { Output, Values } from '../runtime/values.ts';
import { decode } from './dtypes.ts';
import { converted } from './elements.ts';
import type { TensorPlace } from './header.ts';
import { type Layout, type Part, type Recipe, recipes } from './layouts.ts';
import { takeOptions } from './options.ts';
import { type Placing, placingOf } from './placing.ts';
import { LoadError, LoadReport, type Mismatch } from './report.ts';
import { requireState, type Selection, selectedStates, weightStates } from './select.ts';
import { type OpenWeights, openWeights, piecesOf, verified, type WeightsSource } from './source.ts';
import { fill } from './window.ts';

/** What loading needs of a session: those of every door have it. */
export interface WeightsSession {
  readonly program: { readonly state: readonly StateSlot[] };
  read(name: string): Promise<Output>;
  write(name: string, values: Values, from?: number): Promise<void>;
}

/** How names of states become names of tensors. */
export type Rename =
  | Readonly<Record<string, string | readonly string[]>>
  | ((state: string) => string | readonly string[] | undefined);

/** What is loaded, and how files of others are read. */
export interface LoadOptions {
  /** States that are loaded; all weights where it is left out, and what else the file has by name. */
  readonly only?: Selection;
  /** What stands before all names in the file: `model.` */
  readonly prefix?: string;
  /**
   * Where a state's values stand in the file: by its name, or by what names begin with (`'block.': 'encoder.layer.0.'`, the longest
   * counts), or a function of its name. Several tensors are laid side by side along the last axis: a layer's queries, keys
   * and values. `prefix` comes before.
   */
  readonly rename?: Rename;
  /** Whose layers wrote the file: their names are known then, and kernels are transposed as they need to be. */
  readonly layout?: Layout;
  /**
   * States that are kernels, true, or are not. Others keep kernels of dense layers transposed, and Keras those of convolutions with
   * their window first. Layers of `nn` say what their states are; of a state of a module's own its `kernel` or the shapes tell, and
   * where both orders fit it is refused until this says what it is.
   */
  readonly kernels?: Readonly<Record<string, boolean>>;
  /**
   * Whether all states that `only` selects, or all weights where it is left out, have to be there and fit, else nothing is written;
   * they have to by default.
   */
  readonly strict?: boolean;
}

/**
 * Loads weights out of a safetensors file, which is read in pieces: beside the device's copy at most 64 MB are held. What is
 * not asked for stays as it is; so do, without `only`, states of an optimizer that the file does not have.
 *
 * Nothing is written before names, shapes and elements were found to fit, and, where the file names its checksum, all of it was
 * read and has it. Only a source or a device that fails after that leaves some states as the file has them, and others as they were.
 *
 * ```ts
 * const report = await loadWeights(session, bytes, { prefix: 'model.', layout: 'pytorch' });
 * ```
 *
 * @throws LoadError, a FormatError `file` with the report, where weights are missing or do not fit, before anything is written;
 *   FormatError `file` for what is not such a file, was changed, or cannot be read; InputError for options, and for what is not a
 *   source; SessionError
 */
export async function loadWeights(
  session: WeightsSession,
  source: WeightsSource,
  options: LoadOptions = {},
): Promise<LoadReport> {
  const slots = session.program.state;
  const { only, strict = true, ...how } = takeLoadOptions(options, slots);
  const asked = only === undefined ? slots : selectedStates(slots, only);
  // What is selected is needed, whatever it is.
  const needed = new Set(only === undefined ? weightStates(slots) : asked);
  const weights = await verified(await openWeights(source));
  const plans: Plan[] = [];
  const missing: string[] = [];
  const mismatched: Mismatch[] = [];
  for (const slot of asked) {
    const found = planFor(slot, slots, weights, how);
    if (found === undefined) {
      if (needed.has(slot)) missing.push(slot.name);
    } else if ('expected' in found) mismatched.push(found);
    else {
      // Whether elements fit is found out before any is written.
      const reason = await misfit(found, weights);
      if (reason === undefined) plans.push(found);
      else mismatched.push({ name: slot.name, expected: stateText(slot), found: reason });
    }
  }
  const used = new Set(plans.flatMap(({ parts }) => parts.map(({ name }) => name)));
  const extra = [...weights.tensors.keys()].filter((name) => !used.has(name));
  const report = new LoadReport({ loaded: plans.map(({ slot }) => slot.name), missing, extra, mismatched });
  if (strict && !report.isWhole) throw new LoadError(weights.file, report);
  for (const { slot, parts, isSum } of plans)
    await fill(slot, parts, isSum, weights, (values, from) => session.write(slot.name, values, from));
  return report;
}

/** A state, and the tensors that it is made of. */
interface Plan {
  readonly slot: StateSlot;
  readonly parts: readonly Placing[];
  readonly isSum: boolean;
}

type How = Pick<LoadOptions, 'prefix' | 'rename' | 'layout' | 'kernels'>;

const optionRules = [
  { name: 'only' },
  { name: 'rename' },
  { name: 'prefix', rule: 'string' },
  { name: 'layout', rule: ['pytorch', 'keras'] },
  { name: 'kernels', rule: 'object' },
  { name: 'strict', rule: [true, false] },
] as const;

/** A copy of options. @throws InputError */
function takeLoadOptions(options: LoadOptions, states: readonly StateSlot[]): LoadOptions {
  const given = takeOptions(options, optionRules);
  const { rename, kernels = {} } = given;
  for (const [name, isKernel] of Object.entries(kernels)) {
    requireState('kernels', states, name);
    checkOption(`kernels: ${name}`, isKernel, [true, false]);
  }
  if (rename !== undefined && typeof rename !== 'function')
    for (const [name, to] of Object.entries(named('rename', rename))) {
      if (!name.endsWith('.')) requireState('rename', states, name);
      else if (!states.some((slot) => slot.name.startsWith(name)))
        throw new InputError('unknown', 'rename', `no state's name begins with ${shown(name)}`);
      else if (typeof to !== 'string') unfit('type', `rename: ${name}`, 'what names begin with', to);
      requireNames(to, name);
    }
  return given;
}

/** @throws InputError `type` for what names no tensors */
function requireNames(names: unknown, state: string): asserts names is string | readonly string[] {
  const fits = Array.isArray(names)
    ? names.length > 0 && names.every((name) => typeof name === 'string')
    : typeof names === 'string';
  if (!fits) unfit('type', `rename: ${state}`, 'the name of a tensor, or a list of names', names);
}

/** How a state is made of the file; undefined where the file has nothing for it. */
function planFor(
  slot: StateSlot,
  slots: readonly StateSlot[],
  { tensors }: OpenWeights,
  { prefix = '', rename, layout, kernels = {} }: How,
): Plan | Mismatch | undefined {
  const source = renamed(slot.name, rename);
  const ways: readonly Recipe[] =
    typeof source === 'string'
      ? recipes(`${prefix}${source}`, slots, slot, layout)
      : [{ parts: source.map((name): Part => ({ name: `${prefix}${name}` })) }];
  const isKernel = Object.hasOwn(kernels, slot.name) ? kernels[slot.name] : undefined;
  let first: Mismatch | undefined;
  for (const { parts, isSum = false } of ways) {
    const places = parts.flatMap((part) => {
      const place = tensors.get(part.name);
      return place === undefined ? [] : [{ ...part, place }];
    });
    if (places.length < parts.length) continue;
    const placed = placingOf(slot, places, isSum, layout, isKernel);
    if (typeof placed !== 'string') return { slot, parts: placed, isSum };
    first ??= { name: slot.name, expected: stateText(slot), found: placed };
  }
  return first;
}

/** The name of a state's tensors. */
function renamed(name: string, rename: Rename | undefined): string | readonly string[] {
  if (typeof rename === 'function') {
    const names = rename(name) ?? name;
    requireNames(names, name);
    return names;
  }
  if (rename === undefined) return name;
  const exact = Object.hasOwn(rename, name) ? rename[name] : undefined;
  if (exact !== undefined) return exact;
  const starts = Object.keys(rename).filter((key) => key.endsWith('.') && name.startsWith(key));
  const [longest] = starts.sort((a, b) => b.length - a.length);
  const before = longest === undefined ? undefined : rename[longest];
  return typeof before === 'string' && longest !== undefined ? before + name.slice(longest.length) : name;
}

/** Why elements do not fit a state's type, where they do not. */
async function misfit({ slot, parts }: Plan, weights: OpenWeights): Promise<string | undefined> {
  for (const { name, place } of parts) {
    if (alwaysFits(slot, place)) continue;
    for await (const [data, at] of piecesOf(weights, place)) {
      try {
        converted(slot.dtype, place.dtype, data, name, at);
      } catch (error) {
        if (error instanceof FormatError) return error.message;
        throw error;
      }
    }
  }
  return undefined;
}

/** Floats of 32 bits or fewer are float32; of types whose elements are not read the first says so. */
function alwaysFits({ dtype }: StateSlot, place: TensorPlace): boolean {
  return dtype === 'f32' && decode(place.dtype, new Uint8Array()) instanceof Float32Array;
}

function stateText({ dtype, shape }: StateSlot): string {
  return `${dtype}[${shape.join(', ')}]`;
}
