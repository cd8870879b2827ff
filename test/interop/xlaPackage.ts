import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Module } from '../../src/index.ts';
import { type ArtifactOptions, stableHloArtifact } from '../../src/stablehlo/index.ts';
import { type SafeTensor, writeSafetensors } from '../../src/weights/index.ts';
import { python } from './environment.ts';

/** The folder of `sinter_xla`. */
const packageRoot = fileURLToPath(new URL('../../python', import.meta.url));

/** Devices that XLA makes of one processor, as if they were eight. */
export const DEVICES = 8;

/** What a run of Python may be given. */
interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  /** The folder in which it runs; that of the package by default. */
  readonly cwd?: string;
}

/** Runs Python with `sinter_xla` in its path, on eight devices. */
export function runXla(args: readonly string[], options: RunOptions = {}): SpawnSyncReturns<string> {
  const env = {
    ...process.env,
    PYTHONPATH: packageRoot,
    JAX_PLATFORMS: 'cpu',
    XLA_FLAGS: `--xla_force_host_platform_device_count=${DEVICES}`,
  };
  return spawnSync(python(), ['-W', 'error', ...args], {
    encoding: 'utf8',
    env,
    cwd: packageRoot,
    ...options,
  });
}

/** Runs a command of `sinter_xla`, which has to end well. @returns the lines that it writes */
export function sinterXla(...args: readonly string[]): string[] {
  const { status, stdout, stderr } = runXla(['-m', 'sinter_xla', ...args]);
  if (status !== 0) throw new Error(`sinter_xla ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** The numbers that lines of a kind have for an output: `step 3 loss=0.5`. */
export function numbersOf(lines: readonly string[], kind: string, output = 'loss'): number[] {
  return lines.flatMap((line) => {
    const found = new RegExp(`^${kind} \\d+ (?:.* )?${output}=(\\S+)`).exec(line)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
}

/** Writes the artifact of a module. @returns its folder */
export function writeArtifact(module: Module, folder: string, options: ArtifactOptions = {}): string {
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of stableHloArtifact(module, options).files)
    writeFileSync(join(folder, file), bytes);
  return folder;
}

/** Rows of an input, as many elements each as the input has. */
export type Rows = Uint8Array | Int32Array | Float32Array;

/** Writes a data set of rows for the inputs of a module. */
export function writeData(module: Module, path: string, rows: Readonly<Record<string, Rows>>): string {
  const tensors = module.inputs.map((node): readonly [string, SafeTensor] => {
    const name = String(node.attrs.name);
    const data = rows[name] ?? new Uint8Array();
    const row = node.shape.slice(1).map(Number);
    const shape = [data.length / row.reduce((n, extent) => n * extent, 1), ...row];
    const dtype = data instanceof Uint8Array ? 'U8' : data instanceof Int32Array ? 'I32' : 'F32';
    return [name, { dtype, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }];
  });
  writeFileSync(path, writeSafetensors(new Map(tensors)));
  return path;
}
