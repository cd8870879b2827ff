import type { Module } from '../graph/index.ts';
import { baseField, Names, rowsField } from '../kernels/names.ts';
import { type KernelSpan, spansOf } from '../kernels/spans.ts';
import { type Expr, flatten, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import { bufferPlan, entryOf, kernelFacts, slotsOf, stepFieldsOf } from '../program/slots.ts';
import { DeviceError } from '../runtime/issues.ts';
import {
  LINE,
  lineAligned,
  THREAD_BYTES,
  type WasmKernel,
  type WasmMemory,
  type WasmProgram,
} from '../runtime/wasm/program.ts';
import type { Stage } from '../schedule/group.ts';
import type { Location } from './addresses.ts';
import type { Assemble } from './assemble.ts';
import type { ModuleScope } from './functions.ts';
import { codeLines, codeOf, type WasmKernelText, wasmKernel } from './kernel.ts';
import { Knowledge } from './knowledge.ts';
import type { FunctionName } from './math.ts';
import { moduleText } from './module.ts';
import { sharedFunctions } from './share.ts';
import { tileBytes } from './tileBytes.ts';

/** Elements of which every place in memory is a multiple: a cache line. */
export const PLACE_ALIGNMENT = LINE / 4;

/** The kernels of a module under construction: where everything lies is known before the first is written. */
export class WasmKernels {
  readonly #scope: ModuleScope;
  readonly #names = new Names();
  readonly #math = new Set<FunctionName>();
  readonly #memory: Omit<WasmMemory, 'bytes' | 'threadBytes'>;
  readonly #written: { readonly kernel: WasmKernelText; readonly stage: Stage }[] = [];
  /** Numbers of kernels by their texts without their names. */
  readonly #nameless = new Map<string, number>();
  readonly #entries = new Map<string, number[]>();
  readonly #module: Module;
  readonly #storage: Storage;
  readonly #layout: BufferLayout;
  readonly #machine: Machine;

  /** @param machine one that has tasks; a program can have as many bytes of memory as its bindings */
  constructor(module: Module, storage: Storage, layout: BufferLayout, machine: Machine) {
    this.#machine = machine;
    this.#module = module;
    this.#storage = storage;
    this.#layout = layout;
    const state = THREAD_BYTES;
    const words = state + lineAligned(layout.state);
    const temps = words + lineAligned(layout.words);
    this.#memory = { state, words, temps, packed: temps + lineAligned(layout.temps) };
    const fields = stepFieldsOf(module, storage).map(({ name }) => name);
    const field = (name: string): number => {
      const at = fields.indexOf(name);
      if (at < 0) throw new RangeError(`the step block has no field ${name}`);
      return at;
    };
    this.#scope = {
      place: (tensor) => this.#place(tensor, field),
      field,
      packed: this.#memory.packed,
      calls: (name) => this.#math.add(name),
      known: new Knowledge(),
      groups: new Map(),
      machine,
    };
  }

  /** Writes the kernel of a stage, the next of an entry. Kernels that differ in their names alone are one. */
  add(entry: string, stage: Stage, name: string): WasmKernelText {
    const own = this.#names.fresh(name);
    const kernel = wasmKernel(stage, own, this.#scope);
    const nameless = codeOf(kernel.functions).replaceAll(`$${own}.`, '$.');
    const number = this.#nameless.get(nameless) ?? this.#written.length;
    const numbers = this.#entries.get(entry);
    if (numbers === undefined) this.#entries.set(entry, [number]);
    else numbers.push(number);
    const known = this.#written[number];
    if (known !== undefined) return { ...known.kernel, groups: kernel.groups };
    this.#nameless.set(nameless, number);
    this.#written.push({ kernel, stage });
    return kernel;
  }

  /** The kernels, with each kind of function once. */
  #shared(): WasmKernelText[] {
    const kernels = this.#written.map(({ kernel }) => kernel);
    const roots = new Set(kernels.flatMap(({ sweeps }) => sweeps.map(({ run }) => run)));
    const all = sharedFunctions(
      kernels.flatMap(({ functions }) => functions),
      roots,
    );
    const kept = new Map(all.map((one) => [one.name, one]));
    return kernels.map((kernel) => ({
      ...kernel,
      functions: kernel.functions.flatMap(({ name }) => kept.get(name) ?? []),
    }));
  }

  /** The text of the module. */
  #text(kernels: readonly WasmKernelText[]): string {
    return moduleText({
      kernels,
      entries: this.#entryNames().map((name) => ({ name, kernels: this.#entries.get(name) ?? [] })),
      math: this.#math,
    });
  }

  /**
   * The compiled artifact, and its module as text.
   *
   * @throws DeviceError `memory` where its plan needs more than WebAssembly can address
   */
  program(assemble: Assemble): {
    readonly program: WasmProgram;
    readonly text: string;
    /** For each kernel which lines of its code compute which loop. */
    readonly spans: readonly (readonly KernelSpan[])[];
  } {
    const packed = Math.max(0, ...this.#written.map(({ kernel }) => kernel.packedBytes));
    const buffers = bufferPlan(this.#layout, packed);
    const bytes = this.#memory.packed + lineAligned(packed);
    if (bytes > this.#machine.binding) {
      const needs = `the plan of ${this.#module.name} needs ${buffers.peakBytes} bytes at its peak`;
      throw new DeviceError(
        'memory',
        `${needs}; WebAssembly can address ${this.#machine.binding}: make tensors or batches smaller`,
        { limit: { name: 'binding', needed: bytes, available: this.#machine.binding } },
      );
    }
    const shared = this.#shared();
    const kernels = this.#written.map(
      ({ kernel, stage }, k): WasmKernel => ({
        ...kernelFacts(stage),
        name: kernel.name,
        kind: kernel.kind,
        code: codeOf(shared[k]?.functions ?? []),
        packedBytes: kernel.packedBytes,
      }),
    );
    const entries = this.#module.entries.map(({ name }) => {
      const own = this.#entries.get(name) ?? [];
      const steps = own.map((kernel) => ({
        kernel,
        workgroups:
          this.#written[kernel]?.kernel.groups.reduce((n, { schedule }) => n + schedule.tasks, 0) ?? 0,
      }));
      const stages = own.flatMap((kernel) => this.#written[kernel]?.stage ?? []);
      return [name, entryOf(this.#module, name, steps, stages, this.#storage, this.#layout)] as const;
    });
    const text = this.#text(shared);
    const program: WasmProgram = {
      ...slotsOf(this.#module, this.#storage, this.#layout),
      target: 'wasm',
      kernels,
      entries: Object.fromEntries(entries),
      buffers,
      module: base64(assemble(text)),
      tiles: tileBytes,
      memory: {
        ...this.#memory,
        bytes,
        threadBytes: Math.max(LINE, ...this.#written.map(({ kernel }) => lineAligned(kernel.scratchBytes))),
      },
    };
    const spans = shared.map(({ functions }) => spansOf(codeLines(functions)));
    return { program, text, spans };
  }

  /** The entries as the program has them, by whose order they are numbered: an object gives whole numbers first. */
  #entryNames(): string[] {
    return Object.keys(Object.fromEntries(this.#module.entries.map(({ name }) => [name, null])));
  }

  #place(tensor: Tensor, field: (name: string) => number): Location {
    const index = (at: readonly Expr[]): Expr => flatten(at, tensor.shape);
    const word = (name: string): string =>
      `(i32.shl (i32.load offset=${4 * field(name)} (global.get $record)) (i32.const 2))`;
    const [dim] = tensor.shape;
    if (tensor.role === 'data' || tensor.role === 'input')
      return { address: 0, base: word(baseField(tensor.name)), index };
    if (tensor.role === 'rows' && typeof dim === 'object')
      return { address: 0, base: word(rowsField(dim.size.name)), index };
    const place = this.#layout.places.get(tensor);
    if (place === undefined) throw new RangeError(`${tensor.name} has no place in the buffer plan`);
    if (place.arena === 'results') return { address: 4 * place.offset, base: word('result'), index };
    return { address: this.#memory[place.arena] + 4 * place.offset, index };
  }
}

/** Bytes that are turned into characters at once: arguments of one call. */
const CHUNK = 8192;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let k = 0; k < bytes.length; k += CHUNK) text += String.fromCharCode(...bytes.subarray(k, k + CHUNK));
  return btoa(text);
}
