import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Module } from '../../src/graph/index.ts';
import { type Dtype, extentOf } from '../../src/loops/index.ts';
import {
  firstValues,
  type Given,
  type Live,
  type NDArray,
  padded,
  type StepFeeds,
  trimmed,
} from '../../src/reference/index.ts';
import { type ManifestEntry, stableHloArtifact } from '../../src/stablehlo/index.ts';
import {
  readSafetensors,
  type SafeTensor,
  type TensorType,
  writeSafetensors,
} from '../../src/weights/index.ts';
import type { Target, TargetSession } from '../values/targets.ts';
import { python } from './environment.ts';

/** XLA on the CPU, in a process of Python that runs what `sinter export` writes. */
export class Xla implements Target {
  readonly name = 'XLA';
  readonly floats = 'f32';
  readonly #folder = mkdtempSync(join(tmpdir(), 'sinter-xla-'));
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #count = 0;
  /** What was said beside the answers: warnings of JAX, logs of XLA. */
  said = '';

  constructor() {
    const script = fileURLToPath(new URL('stablehlo.py', import.meta.url));
    this.#process = spawn(python(), [script], { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('a process without pipes');
    stderr.on('data', (text) => {
      this.said += String(text);
    });
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Ends the process. */
  end(): void {
    this.#process.stdin?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async start(module: Module, initial: Readonly<Record<string, Given>> = {}): Promise<XlaSession> {
    const { manifest, files } = stableHloArtifact(module);
    const folder = join(this.#folder, String(this.#count++));
    const programs = new Map<string, string>();
    for (const { name, file } of manifest.entries) {
      const path = `${folder}-${file}`;
      writeFileSync(path, files.get(file) ?? '');
      programs.set(name, path);
    }
    const states = firstValues(module, initial, 0);
    const run = (entry: ManifestEntry, values: readonly NDArray[]): Promise<NDArray[]> =>
      this.#run(programs.get(entry.name) ?? '', values);
    return new XlaSession(module, manifest.entries, states, run);
  }

  /** Runs a program. @throws Error with what Python says */
  async #run(program: string, values: readonly NDArray[]): Promise<NDArray[]> {
    const [given, results] = [join(this.#folder, 'arguments'), join(this.#folder, 'results')];
    writeFileSync(given, writeSafetensors(new Map(values.map((value, k) => [String(k), tensorOf(value)]))));
    this.#process.stdin?.write(`${JSON.stringify({ program, arguments: given, results })}\n`);
    const { value } = await this.#answers.next();
    if (value === undefined) throw new Error(`Python has ended: ${this.said}`);
    const answer: { readonly error?: string } = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(answer.error);
    const { tensors } = readSafetensors(readFileSync(results));
    return Array.from({ length: tensors.size }, (_, k) => arrayOf(tensors.get(String(k))));
  }
}

/** A module on XLA: its states are kept here. */
export class XlaSession implements TargetSession {
  readonly #module: Module;
  readonly #entries: readonly ManifestEntry[];
  readonly #states: Map<string, NDArray>;
  readonly #steps = new Map<string, number>();
  readonly #run: (entry: ManifestEntry, values: readonly NDArray[]) => Promise<NDArray[]>;

  constructor(
    module: Module,
    entries: readonly ManifestEntry[],
    states: Map<string, NDArray>,
    run: (entry: ManifestEntry, values: readonly NDArray[]) => Promise<NDArray[]>,
  ) {
    this.#module = module;
    this.#entries = entries;
    this.#states = states;
    this.#run = run;
  }

  async step(name: string, feeds: StepFeeds = {}): Promise<Record<string, NDArray>> {
    const entry = this.#entries.find((one) => one.name === name);
    if (entry === undefined) throw new Error(`no entry ${name}`);
    const step = (this.#steps.get(name) ?? 0) + 1;
    this.#steps.set(name, step);
    const { live = {} } = feeds;
    const values = await this.#run(
      entry,
      entry.arguments.map((argument) => this.#argument(argument, feeds, step)),
    );
    const outputs: Record<string, NDArray> = {};
    const declared = this.#module.entries.find((one) => one.name === name);
    for (const [k, { kind, name: result }] of entry.results.entries()) {
      const value = values[k];
      if (value === undefined) throw new Error(`${entry.name} gave no ${result}`);
      const shape = declared?.outputs.find((output) => output.name === result)?.node.shape;
      if (kind === 'state') this.#states.set(result, value);
      else outputs[result] = trimmed(value, shape ?? value.shape, live);
    }
    return outputs;
  }

  async read(name: string): Promise<NDArray> {
    const value = this.#states.get(name);
    if (value === undefined) throw new Error(`no state ${name}`);
    return value;
  }

  /** Gives a state another value. */
  write(name: string, { shape, data }: Given): void {
    const { dtype } = required(this.#states.get(name), name);
    this.#states.set(name, { shape, dtype, data: Float64Array.from(data) });
  }

  async dispose(): Promise<void> {}

  /** An argument of `@main`, bounded dimensions at their maximum: what is not live is NaN, or worse. */
  #argument(
    { kind, name }: ManifestEntry['arguments'][number],
    { inputs = {}, params = {}, live = {} }: StepFeeds,
    step: number,
  ): NDArray {
    const { module, states } = { module: this.#module, states: this.#states };
    switch (kind) {
      case 'state':
        return required(states.get(name), name);
      case 'input': {
        const { shape, dtype } = required(
          module.inputs.find((input) => input.attrs.name === name),
          name,
        );
        return padded(required(inputs[name], name), shape, dtype);
      }
      case 'param': {
        const { dtype, attrs } = required(
          module.params.find((param) => param.attrs.name === name),
          name,
        );
        const value = name === 'step' ? step : (params[name] ?? Number(attrs.initial));
        return { shape: [], dtype, data: Float64Array.of(value) };
      }
      case 'size':
        return { shape: [], dtype: 'i32', data: Float64Array.of(liveSize(module, name, live)) };
      default:
        return kind satisfies never;
    }
  }
}

function liveSize({ sizes }: Module, name: string, live: Live): number {
  const max = sizes.find((size) => size.name === name)?.max;
  return (Object.hasOwn(live, name) ? live[name] : undefined) ?? extentOf(required(max, name));
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`there is no ${name}`);
  return value;
}

const arrays = {
  f32: ['F32', Float32Array],
  i32: ['I32', Int32Array],
  u32: ['U32', Uint32Array],
  bool: ['BOOL', Uint8Array],
  u8: ['U8', Uint8Array],
} as const satisfies Record<Dtype, readonly [TensorType, unknown]>;

function tensorOf({ shape, dtype, data }: NDArray): SafeTensor {
  const [name, array] = arrays[dtype];
  return { dtype: name, shape, data: new Uint8Array(array.from(data).buffer) };
}

function arrayOf(tensor: SafeTensor | undefined): NDArray {
  const dtype = (Object.keys(arrays) as Dtype[]).find((one) => arrays[one][0] === tensor?.dtype);
  if (tensor === undefined || dtype === undefined) throw new Error(`a result of type ${tensor?.dtype}`);
  // A copy: elements need not be aligned in a file.
  const { buffer } = new Uint8Array(tensor.data);
  return { shape: tensor.shape, dtype, data: Float64Array.from(new arrays[dtype][1](buffer)) };
}
