import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../src/index.ts';
import { stableHloArtifact } from '../../src/stablehlo/index.ts';
import { workloadOf } from '../byName.ts';
import { optimizerOf, type PeerOptimizer } from './optimizers.ts';

/**
 * One workload for all that take it: the same first values, the same batches in the same order. Beside
 * `task.json` lie, little-endian, a file of f32 for each parameter, and for each input and batch a file of the
 * input's own type, such as `x0.u8` and `y0.i32`; in the folder `stablehlo` lies the module as `sinter export` writes it.
 */
export interface Task {
  readonly workload: string;
  readonly batch: number;
  readonly batches: number;
  readonly inputs: readonly Input[];
  /** Weights of dense layers are `[in, out]`. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: PeerOptimizer;
}

/** An input: its shape is that of a whole batch; `u8` are pixels, which models read as 0 to 1. */
export interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'u8' | 'i32';
}

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly file: string;
}

/** Batches that lie in memory: steps go round them. */
const BATCHES = 20;

/** Writes a workload's task into a new folder. @returns the folder */
export async function writeTask(workload: string): Promise<string> {
  const optimizer = optimizerOf(workload);
  const folder = mkdtempSync(join(tmpdir(), 'sinter-peers-'));
  const { module, data } = workloadOf(workload);
  const compiled = await compile(module, { target: 'wasm' });
  const session = await compiled.start({ seed: 1, threads: 1 });
  const parameters: Parameter[] = [];
  for (const { name } of module.states.filter(({ trainable }) => trainable)) {
    const { shape, data: values } = await session.read(name);
    const file = `${name}.f32`;
    writeFileSync(join(folder, file), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    parameters.push({ name, shape, file });
  }
  const batch = module.sizes[0]?.max ?? 1;
  session.dispose();
  const rows = (await data())(BATCHES * batch);
  const inputs = module.inputs.map(({ attrs, shape, dtype }): Input => {
    if (dtype !== 'u8' && dtype !== 'i32') throw new TypeError(`no peer takes inputs of type ${dtype}`);
    const fixed = shape.map((dim) => (typeof dim === 'number' ? dim : batch));
    return { name: String(attrs.name), shape: fixed, dtype };
  });
  for (const { name, shape, dtype } of inputs) {
    const elements = shape.reduce((n, extent) => n * extent, 1);
    const kind = dtype === 'u8' ? Uint8Array : Int32Array;
    const own = new kind(rows[name] ?? []);
    for (let k = 0; k < BATCHES; k++)
      writeFileSync(join(folder, `${name}${k}.${dtype}`), own.subarray(k * elements, (k + 1) * elements));
  }
  mkdirSync(join(folder, 'stablehlo'));
  for (const [name, bytes] of stableHloArtifact(module).files)
    writeFileSync(join(folder, 'stablehlo', name), bytes);
  const task: Task = { workload, batch, batches: BATCHES, inputs, parameters, optimizer };
  writeFileSync(join(folder, 'task.json'), JSON.stringify(task, null, 2));
  return folder;
}

/** The task that a folder holds. */
export function readTask(folder: string): Task {
  return JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8'));
}
