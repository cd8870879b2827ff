import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { readNpz } from '../data/npy.ts';
import type { InputSlot } from '../runtime/program.ts';
import type { Data } from '../runtime/wasm/index.ts';
import { converted } from '../weights/elements.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import { listed, UsageError } from './usage.ts';

/**
 * Inputs out of a file: the arrays of `numpy.savez`, or a safetensors file, by the names of inputs.
 *
 * @throws UsageError where the file is missing, is of another kind, or lacks all inputs; FormatError for a file that is damaged
 */
export function readInputs(file: string, slots: readonly InputSlot[]): Data {
  if (!existsSync(file)) throw new UsageError(`--data ${file}: there is no such file`);
  const found = arraysIn(file, slots);
  const names = slots.map(({ name }) => name);
  if (!Object.keys(found).some((name) => names.includes(name)))
    throw new UsageError(
      `--data ${file}: it has ${listed(Object.keys(found))}, and none of the inputs ${listed(names)}`,
    );
  return found;
}

function arraysIn(file: string, slots: readonly InputSlot[]): Data {
  const bytes = readFileSync(file);
  switch (extname(file)) {
    case '.npz':
      return Object.fromEntries([...readNpz(bytes, { name: file })].map(([name, { data }]) => [name, data]));
    case '.safetensors':
      return Object.fromEntries(
        [...readSafetensors(bytes, file).tensors].map(([name, { dtype, data }]) => {
          const type = slots.find((slot) => slot.name === name)?.dtype ?? 'f32';
          return [name, converted(type, dtype, data, name)];
        }),
      );
    default:
      throw new UsageError(`--data ${file}: expected arrays as .npz or .safetensors, by the names of inputs`);
  }
}
