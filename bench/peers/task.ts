import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../src/index.ts';
import { workloadOf } from '../byName.ts';

/**
 * One workload for all that take it: the same first values, the same batches in the same order. Beside
 * `task.json` lie, little-endian, a file of f32 for each parameter and for each batch `x0.f32` (pixels from 0
 * to 1, `[batch, pixels]`), `x0.u8` (the same, 0 to 255) and `y0.u8` (labels, `[batch]`).
 */
export interface Task {
  readonly workload: string;
  readonly batch: number;
  readonly batches: number;
  readonly pixels: number;
  readonly classes: number;
  /** Weights `[in, out]` and biases `[out]` of the layers, in turn. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
}

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly file: string;
}

type Optimizer =
  | { readonly kind: 'sgd'; readonly lr: number }
  | {
      readonly kind: 'adam';
      readonly lr: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly eps: number;
    };

const adam = { kind: 'adam', lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

/** The workloads that peers take too, and what they are told of the step. */
const optimizers: Readonly<Record<string, Optimizer>> = { w1: { kind: 'sgd', lr: 0.1 }, w2: adam };

/** Batches that lie in memory: steps go round them. */
const BATCHES = 20;

/** Writes a workload's task into a new folder. @returns the folder */
export async function writeTask(workload: string): Promise<string> {
  const optimizer = Object.hasOwn(optimizers, workload) ? optimizers[workload] : undefined;
  if (optimizer === undefined)
    throw new RangeError(`no peer takes ${workload}; there are ${Object.keys(optimizers).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'sinter-peers-'));
  const { module, data } = workloadOf(workload);
  const compiled = await compile(module, { target: 'wasm' });
  const session = await compiled.start({ seed: 1, threads: 1 });
  const parameters: Parameter[] = [];
  for (const { name } of session.program.state.filter((state) => /\.(weight|bias)$/.test(state.name))) {
    const { shape, data: values } = await session.read(name);
    const file = `${name}.f32`;
    writeFileSync(join(folder, file), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    parameters.push({ name, shape, file });
  }
  const batch = session.program.sizes[0]?.max ?? 1;
  session.dispose();
  const pixels = parameters[0]?.shape[0] ?? 0;
  const classes = parameters.at(-1)?.shape[0] ?? 0;
  const { x, y } = (await data())(BATCHES * batch);
  for (let k = 0; k < BATCHES; k++) {
    const [rows, labels] = [x, y].map((of, i) => {
      const width = i === 0 ? pixels : 1;
      return Uint8Array.from({ length: batch * width }, (_, at) => of?.[k * batch * width + at] ?? 0);
    });
    writeFileSync(join(folder, `x${k}.u8`), rows ?? '');
    writeFileSync(
      join(folder, `x${k}.f32`),
      Float32Array.from(rows ?? [], (value) => value / 255),
    );
    writeFileSync(join(folder, `y${k}.u8`), labels ?? '');
  }
  const task: Task = { workload, batch, batches: BATCHES, pixels, classes, parameters, optimizer };
  writeFileSync(join(folder, 'task.json'), JSON.stringify(task, null, 2));
  return folder;
}

/** The task that a folder holds. */
export function readTask(folder: string): Task {
  return JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8'));
}
