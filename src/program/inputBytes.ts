import type { InputSlot, ProgramBase } from '../runtime/program.ts';

/** Elements that each part of a dataset is padded to a multiple of. */
const PART = 4;

/** Bytes of an input at its bounded size's maximum, as the runtime keeps them: `u8` as bytes, all else as words. */
export function inputBytes({ dtype, shape }: InputSlot): number {
  const elements = shape.reduce((n, extent) => n * extent, 1);
  return 4 * padded(dtype === 'u8' ? Math.ceil(elements / 4) : elements);
}

/**
 * Bytes of one buffer with a full batch of some inputs: the inputs at their bounded sizes' maxima, and the numbers of their
 * rows, behind which a step may read as many again. A session keeps one for all inputs from its first `run` on; a dataset
 * has one of its own, of as many rows as it has.
 *
 * @param names of the inputs, by default of all
 */
export function batchBytes(
  { inputs, sizes }: Pick<ProgramBase, 'inputs' | 'sizes'>,
  names: readonly string[] = inputs.map(({ name }) => name),
): number {
  const own = inputs.filter(({ name }) => names.includes(name));
  const counted = sizes.filter(
    ({ name, rows }) => rows !== undefined && own.some(({ size }) => size === name),
  );
  return (
    counted.reduce((n, { max }) => n + 4 * padded(2 * max), 0) +
    own.reduce((n, slot) => n + inputBytes(slot), 0)
  );
}

function padded(elements: number): number {
  return PART * Math.ceil(elements / PART);
}
