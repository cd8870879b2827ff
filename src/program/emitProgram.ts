import type { Module } from '../graph/index.ts';
import { sharedBytes } from '../kernels/build/packed.ts';
import { type EvaluatedKernel, expressionsOf, type Placement, statementsIn } from '../kernels/kernel.ts';
import { baseField, liveField, Names, rowsField } from '../kernels/names.ts';
import { type KernelSpan, spansOf, textOfLines } from '../kernels/spans.ts';
import { loadsIn, type Tensor } from '../loops/index.ts';
import type { Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import type { Entry, KernelText, Places, Program, Step, StepField, StepGrid } from '../runtime/program.ts';
import type { Stage } from '../schedule/group.ts';
import type { LiveGrid } from '../schedule/liveGrid.ts';
import { printWgslLines } from '../wgsl/kernel.ts';
import { likenesses, type Placed } from './likeness.ts';
import { bufferPlan, entryOf, kernelFacts, slotsOf, stepFieldsOf } from './slots.ts';

/** The kernels of one entry with the stages that they were made of. */
export interface EntryKernels {
  readonly stages: readonly Stage[];
  readonly kernels: readonly EvaluatedKernel[];
}

/**
 * The compiled artifact: kernels printed, steps listed, slots described. Kernels that differ in names alone are one; those
 * that differ in the places of their tensors too are one that each dispatch tells its places.
 *
 * @param entries by name, in the module's order
 * @returns the program, and beside it for each of its kernels which lines compute which loop
 */
export function emitProgram(
  module: Module,
  storage: Storage,
  entries: ReadonlyMap<string, EntryKernels>,
  layout: BufferLayout,
  target: string,
): { readonly program: Program; readonly spans: readonly (readonly KernelSpan[])[] } {
  const stepFields = stepFieldsOf(module, storage);
  const placement = (tensor: Tensor): Placement => placeOf(tensor, layout);
  const likeness = likenesses(placement);
  const alike = new Map<string, Alike>();
  const dispatches = new Map<string, Dispatch[]>();
  for (const [name, { stages, kernels }] of entries)
    dispatches.set(
      name,
      kernels.map((kernel, k) => {
        const { key, placed } = likeness(kernel);
        const like = alike.get(key) ?? new Alike(alike.size, kernel, stages[k] ?? { groups: [] }, placed);
        alike.set(key, like);
        return { like, offsets: like.meet(placed), grid: gridOf(kernel, stepFields) };
      }),
    );
  const names = new Names();
  const printed = [...alike.values()].map((like) => textOf(like, names, placement, stepFields));
  const places = new PlacesWriter();
  const emitted: Record<string, Entry> = {};
  for (const [name, { stages }] of entries) {
    const steps = (dispatches.get(name) ?? []).map(({ like, offsets, grid }): Step => {
      const told = like.told(offsets);
      const step = { kernel: like.number, ...grid };
      return told.length === 0 ? step : { ...step, places: places.startOf(told) };
    });
    emitted[name] = entryOf(module, name, steps, stages, storage, layout);
  }
  const program: Program = {
    ...slotsOf(module, storage, layout),
    target,
    kernels: printed.map(({ kernel }) => kernel),
    entries: emitted,
    places: places.told(),
    buffers: bufferPlan(layout),
  };
  return { program, spans: printed.map(({ spans }) => spans) };
}

/** The workgroups of a kernel's dispatch. */
function gridOf({ grid, live }: EvaluatedKernel, fields: readonly StepField[]): Dispatch['grid'] {
  return live === undefined ? { workgroups: grid } : { workgroups: grid, live: stepGrid(live, fields) };
}

/** How the workgroups of a step follow from its fields. */
function stepGrid({ size, from, parts }: LiveGrid, fields: readonly StepField[]): StepGrid {
  return { field: fields.findIndex(({ name }) => name === liveField(size.name)), from, parts };
}

/** Kernels that are alike: the first of them, and of which of its tensors the places are not the same in all. */
class Alike {
  readonly number: number;
  readonly kernel: EvaluatedKernel;
  readonly stage: Stage;
  readonly #placed: readonly Placed[];
  readonly #differs = new Set<number>();

  constructor(number: number, kernel: EvaluatedKernel, stage: Stage, placed: readonly Placed[]) {
    this.number = number;
    this.kernel = kernel;
    this.stage = stage;
    this.#placed = placed;
  }

  /** Takes one more of them. @returns where its tensors lie */
  meet(placed: readonly Placed[]): number[] {
    const offsets = placed.map(({ offset }) => offset);
    for (const [k, offset] of offsets.entries()) if (offset !== this.#placed[k]?.offset) this.#differs.add(k);
    return offsets;
  }

  /** Of where the tensors of one of them lie, what it has to be told. */
  told(offsets: readonly number[]): number[] {
    return offsets.filter((_, k) => this.#differs.has(k));
  }

  /** The tensors whose places it is told, with the numbers of their fields. */
  fields(): Map<Tensor, number> {
    return new Map(
      this.#placed.filter((_, k) => this.#differs.has(k)).map(({ tensor }, field) => [tensor, field]),
    );
  }
}

/** A dispatch of a kernel that may be one of several alike. */
interface Dispatch {
  readonly like: Alike;
  readonly offsets: readonly number[];
  readonly grid: Pick<Step, 'workgroups' | 'live'>;
}

/** What dispatches tell their kernels of places; the same once. */
class PlacesWriter {
  readonly #words: number[] = [];
  readonly #starts = new Map<string, number>();
  #most = LEAST_PLACES;

  /** The byte at which a list of offsets starts. */
  startOf(offsets: readonly number[]): number {
    const key = offsets.join();
    const known = this.#starts.get(key);
    if (known !== undefined) return known;
    const start = 4 * this.#words.length;
    this.#starts.set(key, start);
    this.#most = Math.max(this.#most, offsets.length);
    this.#words.push(...offsets);
    while (this.#words.length % PLACES_ALIGNMENT !== 0) this.#words.push(0);
    return start;
  }

  /** All of them; after the start of the last, too, there are as many words as any kernel is told. */
  told(): Places {
    const rest = this.#words.length === 0 ? 0 : Math.max(0, this.#most - PLACES_ALIGNMENT);
    return { words: [...this.#words, ...Array<number>(rest).fill(0)], most: this.#most };
  }
}

/** Words of which the start of a uniform block is a multiple on every device (WebGPU's default limit, 256 bytes). */
const PLACES_ALIGNMENT = 64;
/** Words that a uniform block has at least (16 bytes, as our buffers have). */
const LEAST_PLACES = 4;

/** The text of kernels that are alike, under a name that no other kernel of the program has, and what its lines compute. */
function textOf(
  like: Alike,
  names: Names,
  placement: (tensor: Tensor) => Placement,
  stepFields: readonly StepField[],
): { readonly kernel: KernelText; readonly spans: readonly KernelSpan[] } {
  const fields = like.fields();
  const told = (tensor: Tensor): Placement => {
    const place = placement(tensor);
    const field = fields.get(tensor);
    const isFixed = place.arena === 'data' || place.arena === 'results' || field === undefined;
    return isFixed ? place : { ...place, field };
  };
  const kernel = { ...like.kernel, name: names.fresh(like.kernel.name) };
  const lines = printWgslLines(kernel, told, stepFields);
  const code = `${textOfLines(lines)}\n`;
  return { kernel: kernelText(kernel, like.stage, code, placement), spans: spansOf(lines) };
}

function placeOf(tensor: Tensor, layout: BufferLayout): Placement {
  if (tensor.role === 'data' || tensor.role === 'input')
    return { arena: 'data', base: baseField(tensor.name) };
  const [dim] = tensor.shape;
  if (tensor.role === 'rows' && typeof dim === 'object')
    return { arena: 'data', base: rowsField(dim.size.name) };
  const place = layout.places.get(tensor);
  if (place === undefined) throw new RangeError(`${tensor.name} has no place in the buffer plan`);
  return place;
}

function kernelText(
  kernel: EvaluatedKernel,
  stage: Stage,
  code: string,
  placement: (tensor: Tensor) => Placement,
): KernelText {
  return {
    ...kernelFacts(stage),
    name: kernel.name,
    kind: kernel.kind,
    code,
    workgroup: kernel.workgroup,
    sharedBytes: sharedBytes(kernel),
    bindings: bindingsOf(kernel, placement),
  };
}

/** The bindings whose memory a kernel touches. */
function bindingsOf(kernel: EvaluatedKernel, placement: (tensor: Tensor) => Placement): string[] {
  const names = new Set<string>();
  const touch = (tensor: Tensor): void => {
    if (tensor.role !== 'workgroup' && tensor.role !== 'private') names.add(placement(tensor).arena);
  };
  for (const stmt of statementsIn(kernel.body)) {
    if (stmt.kind === 'store') touch(stmt.tensor);
    for (const l of loadsIn(...expressionsOf(stmt))) touch(l.tensor);
  }
  return ['step', ...['data', 'state', 'temps', 'words', 'results'].filter((name) => names.has(name))];
}
