import type { WasmCompilation } from '../../src/compileToWasm.ts';
import { type Given, type NDArray, padded, type StepFeeds, trimmed } from '../../src/reference/index.ts';
import { decodeBytes, decodeWords, firstValue } from '../../src/runtime/init.ts';
import type { ValueType } from '../../src/runtime/program.ts';
import { permutation } from '../../src/runtime/random.ts';
import { recordWriter } from '../../src/runtime/records.ts';
import { asElements, valueWords } from '../../src/runtime/values.ts';
import { nodeHost } from '../../src/runtime/wasm/node.ts';
import type { WasmProgram } from '../../src/runtime/wasm/program.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';

/** A compilation that runs on the thread that calls, in a memory of its own; its states are kept from step to step. */
export interface BareSession {
  /** Runs one entry. @throws WebAssembly.RuntimeError where it reaches beyond memory */
  step(entry: string, feeds?: StepFeeds): Record<string, NDArray>;
  read(state: string): Float64Array;
  /** How many words of the results of the last step were written. */
  readonly written: () => number;
  /** What was written that no program may write, in words: guards, records, inputs, constants. */
  readonly damage: readonly string[];
}

const PAGE = 65536;
const LINE = 64;
/** Bytes behind everything that may be read: no more, lest reading fails. */
const MARGIN = 192;
const aligned = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

/** Words that a program finds where it has written nothing: NaNs, and integers out of every range. */
const POISON = 0x7fc0dead;
/** Words that nobody may write. */
const GUARD = 0x7fc0babe;

// Assembling takes longest, and the tiles of all programs are the same.
const assembled = new Map<string, Uint8Array>();
const assembler = await loadAssembler();

/** Turns WebAssembly text into a module; one that was given before is not assembled again. */
export function assemble(text: string): Uint8Array {
  const known = assembled.get(text);
  if (known !== undefined) return known;
  const bytes = assembler(text);
  if (text.length < 10_000) assembled.set(text, bytes);
  return bytes;
}

/** What calls a task of a phase, in the text of a module. */
const TASK_CALL =
  /\(i32\.lt_u \(local\.get \$task\) \(local\.get \$tasks\)\) \(then \(call (\S+) \(local\.get \$task\)\) \(br \$next\)\)/g;

/**
 * Turns a program's text into a module that runs the last task of each phase first: tasks must not depend on one
 * another, which is what threads rely on.
 *
 * @throws RangeError where a phase has no call that is found
 */
export function assembleBackwards(text: string): Uint8Array {
  const phases = text.match(/_all \(local \$task i32\)/g)?.length ?? 0;
  if (phases !== (text.match(TASK_CALL)?.length ?? 0))
    throw new RangeError('tasks are called in another way than is turned round here');
  return assemble(
    text.replace(TASK_CALL, (call) =>
      call.replace(
        /(\(call \S+ )(\(local\.get \$task\))/,
        '$1(i32.sub (i32.sub (local.get $$tasks) (i32.const 1)) $2)',
      ),
    ),
  );
}

/**
 * Starts a compilation without the runtime. What does not outlive a step is poisoned before each; between all
 * parts of memory, and between the places of states, are guards; rows lie in an order of their own, as many as are
 * live, and the last input ends where memory ends except for the margin, so that reading beyond that fails.
 *
 * @param initial values of all states that are not constant at first
 * @param tile which of the program's inner loops of contractions runs
 */
export function bareSession(
  { program, module }: WasmCompilation,
  initial: Readonly<Record<string, Given>>,
  tile: keyof WasmProgram['tiles'],
): BareSession {
  const { memory: regions, stepFields } = program;
  const scratch = regions.bytes + LINE;
  const records = scratch + aligned(regions.threadBytes) + LINE;
  const results = records + aligned(4 * stepFields.length) + LINE;
  const most = Math.max(0, ...Object.values(program.entries).map(({ resultWords }) => resultWords));
  const data = results + aligned(4 * most) + LINE;
  const pages = Math.ceil((data + mostData(program) + MARGIN) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const words = new Uint32Array(memory.buffer);
  const play = instantiate(program, tile, memory);
  const kept = keptPlaces(program);
  words.fill(GUARD);
  words.fill(0, 0, regions.state / 4);
  for (const { at, first } of kept) words.set(first(initial), at);
  const writeRecord = recordWriter(stepFields, new Uint32Array(memory.buffer, records, stepFields.length), 0);
  const steps = new Map<string, number>();
  const damage: string[] = [];
  let resultWords = 0;
  return {
    damage,
    written: () =>
      words
        .subarray(results / 4, results / 4 + resultWords)
        .reduce((n, word) => n + (word === POISON ? 0 : 1), 0),
    step: (name, feeds = {}) => {
      const number = Object.keys(program.entries).indexOf(name);
      const entry = program.entries[name];
      const declared = module.entries.find((e) => e.name === name);
      if (entry === undefined || declared === undefined) throw new RangeError(`no entry ${name}`);
      resultWords = entry.resultWords;
      const step = (steps.get(name) ?? 0) + 1;
      steps.set(name, step);
      poison(program, words, kept);
      words.fill(POISON, scratch / 4, (scratch + regions.threadBytes) / 4);
      words.fill(POISON, results / 4, results / 4 + entry.resultWords);
      const fields = new Map([...setData(program, memory, feeds), ['step', step]]);
      for (const { field, name: param, initial: value } of program.params)
        fields.set(field, feeds.params?.[param] ?? value);
      writeRecord(
        0,
        0,
        1,
        (_, set) => {
          for (const [field, value] of fields) set(field, value);
        },
        results / 4,
        0,
      );
      const before = words.slice();
      play(number, records, 4 * stepFields.length, 1, 0, 1, scratch, 0);
      const allowed = (k: number): boolean =>
        (4 * k >= regions.words && 4 * k < regions.bytes) ||
        (4 * k >= scratch && 4 * k < scratch + regions.threadBytes) ||
        (4 * k >= results && k < results / 4 + entry.resultWords) ||
        k === 16;
      for (const k of changes(words, before)) {
        const place = kept.find(({ at, size }) => k >= at && k < at + size);
        if (place === undefined ? !allowed(k) : !place.isState)
          damage.push(`step ${step} of ${name} writes ${place?.name ?? `word ${k}`}`);
      }
      return Object.fromEntries(
        entry.outputs.map(({ name: output, dtype, shape, offset }, k) => {
          const count = shape.reduce((n, extent) => n * extent, 1);
          const array = numbers(dtype, words, results / 4 + offset, count);
          const dims = declared.outputs[k]?.node.shape ?? [];
          return [output, trimmed({ shape, dtype, data: array }, dims, feeds.live ?? {})];
        }),
      );
    },
    read: (name) => {
      const place = kept.find((k) => k.isState && k.name === name);
      if (place === undefined) throw new RangeError(`no state ${name}`);
      return numbers(place.dtype, words, place.at, place.size);
    },
  };
}

type Play = (...args: readonly number[]) => void;

function instantiate(
  { tiles, module }: WasmProgram,
  wanted: keyof WasmProgram['tiles'],
  memory: WebAssembly.Memory,
): Play {
  const bytes = decodeBytes(tiles[wanted]);
  if (!WebAssembly.validate(bytes)) nodeHost.allowRelaxed();
  const link = (code: Uint8Array<ArrayBuffer>, imports: WebAssembly.ModuleImports): WebAssembly.Exports =>
    new WebAssembly.Instance(new WebAssembly.Module(code), { sinter: { memory, ...imports } }).exports;
  const lost = (): never => {
    throw new Error('the only thread is out of step');
  };
  const { play } = link(decodeBytes(module), { ...link(bytes, {}), now: () => performance.now(), lost });
  if (typeof play !== 'function') throw new TypeError('the module exports no play');
  return (...args) => void play(...args);
}

/** A state or a constant: words that outlive steps. */
interface Kept {
  readonly name: string;
  readonly dtype: ValueType;
  readonly isState: boolean;
  readonly at: number;
  readonly size: number;
  readonly first: (initial: Readonly<Record<string, Given>>) => Uint32Array;
}

function keptPlaces(program: WasmProgram): Kept[] {
  const { memory } = program;
  const states = program.state.map((slot): Kept => {
    const size = slot.shape.reduce((n, extent) => n * extent, 1);
    return {
      ...slot,
      isState: true,
      at: memory[slot.arena] / 4 + slot.offset,
      size,
      first: (initial) => {
        const values = initial[slot.name]?.data;
        return values === undefined ? firstValue(slot, 0) : asWords(valueWords(slot, values));
      },
    };
  });
  const constants = program.constants.map(({ arena, offset, words }, k): Kept => {
    const given = asWords(decodeWords(words));
    const at = memory[arena] / 4 + offset;
    return {
      name: `constant ${k}`,
      dtype: 'u32',
      isState: false,
      at,
      size: given.length,
      first: () => given,
    };
  });
  return [...states, ...constants].sort((a, b) => a.at - b.at);
}

/** Everything in the arenas that does not outlive a step; what lies between states stays as it is. */
function poison({ memory }: WasmProgram, words: Uint32Array, kept: readonly Kept[]): void {
  let at = memory.words / 4;
  for (const place of kept.filter((k) => k.at >= at)) {
    words.fill(POISON, at, place.at);
    at = place.at + place.size;
  }
  words.fill(POISON, at, memory.bytes / 4);
}

/** Bytes that the largest batch takes. */
function mostData({ inputs, sizes }: WasmProgram): number {
  const all = inputs.reduce((n, { shape }) => n + 4 * shape.reduce((m, extent) => m * extent, 1) + LINE, 0);
  return sizes.reduce((n, { max }) => n + 8 * max + LINE, all);
}

/** Sets row numbers and inputs to the end of memory. @returns the fields that say where they are */
function setData(
  program: WasmProgram,
  memory: WebAssembly.Memory,
  { inputs = {}, live = {} }: StepFeeds,
): Map<string, number> {
  const parts: { readonly field: string; readonly words: Uint32Array }[] = [];
  const fields = new Map<string, number>();
  const orders = new Map<string, Uint32Array>();
  for (const { name, max, live: field, rows } of program.sizes) {
    const count = live[name] ?? max;
    fields.set(field, count);
    if (rows === undefined) continue;
    const order = new Uint32Array(max);
    order.set(permutation(count, 1, count));
    orders.set(name, order.subarray(0, count));
    parts.push({ field: rows, words: order });
  }
  for (const slot of program.inputs) {
    const given = inputs[slot.name];
    if (given === undefined) continue;
    const values = inOrder(
      given,
      slot.shape,
      slot.dtype,
      slot.size === undefined ? undefined : orders.get(slot.size),
    );
    parts.push({ field: slot.base, words: asWords(valueWords(slot, values)) });
  }
  const all = parts.reduce((n, { words }) => n + words.length, 0);
  let at = (memory.buffer.byteLength - MARGIN) / 4 - all;
  const target = new Uint32Array(memory.buffer);
  target.fill(GUARD, at - LINE, at);
  for (const { field, words } of parts) {
    target.set(words, at);
    fields.set(field, at);
    at += words.length;
  }
  return fields;
}

/** An input's values with its rows where their numbers say, and no others. */
function inOrder(
  given: Given,
  shape: readonly number[],
  dtype: ValueType,
  order: Uint32Array | undefined,
): Float64Array {
  if (order === undefined) return padded(given, shape, dtype).data;
  const { data } = padded(given, [order.length, ...shape.slice(1)], dtype);
  const width = order.length === 0 ? 0 : data.length / order.length;
  const result = new Float64Array(data.length);
  for (const [i, row] of order.entries()) result.set(data.subarray(i * width, (i + 1) * width), row * width);
  return result;
}

function* changes(after: Uint32Array, before: Uint32Array): Generator<number> {
  for (let k = 0; k < after.length; k++) if (after[k] !== before[k]) yield k;
}

function numbers(dtype: ValueType, words: Uint32Array, at: number, count: number): Float64Array {
  return Float64Array.from(asElements(dtype, new Uint32Array(words.subarray(at, at + count))));
}

function asWords({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
