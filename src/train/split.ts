import { Dataset, takeArrays } from '../runtime/dataset.ts';
import type { Data, ProgramBase, Values } from '../runtime/index.ts';
import { InputError } from '../runtime/issues.ts';
import { type Batches, isResident } from './batches.ts';
import type { TakenOptions } from './options.ts';

/**
 * What is trained on, and what is validated on.
 *
 * @throws InputError where a share is to be taken of what are not arrays, and as {@link splitRows}
 */
export function partsOf(
  program: ProgramBase,
  { data, validation }: TakenOptions,
): { readonly data: Batches; readonly validation: Batches | undefined } {
  if (typeof validation !== 'number') return { data, validation };
  if (data instanceof Dataset || !isResident(data)) {
    const text =
      'a share is taken of arrays: give the validation data themselves beside a dataset or a stream';
    throw new InputError('type', 'validation', text);
  }
  const [first, last] = splitRows(program, data, validation);
  return { data: first, validation: last };
}

/**
 * Takes the last rows of arrays away: of n rows the first ⌊n · (1 - share)⌋ stay, as Keras has it.
 *
 * @param share of the rows, 0 to 1
 * @returns both parts; views where the arrays are typed
 * @throws InputError where the arrays do not fit, are not read by row, or one part would have no row
 */
function splitRows(program: ProgramBase, data: Data, share: number): readonly [first: Data, last: Data] {
  const { inputs, rows } = takeArrays(program, data);
  const cuts = new Map<string, number>();
  for (const [size, count] of rows) {
    const kept = Math.floor(count * (1 - share));
    if (kept === 0 || kept === count)
      throw new InputError(
        'range',
        'validation',
        `a share of ${share} of ${count} rows leaves one part without rows`,
      );
    cuts.set(size, kept);
  }
  const parts = [...inputs].map(([name, [slot, values, length]]) => {
    const kept = slot.size === undefined ? undefined : cuts.get(slot.size);
    const count = slot.size === undefined ? undefined : rows.get(slot.size);
    if (kept === undefined || count === undefined)
      throw new InputError('type', 'validation', `${name} has no rows to take a share of: give arrays`);
    const at = (length / count) * kept;
    return [name, part(values, 0, at), part(values, at, length)] as const;
  });
  return [
    Object.fromEntries(parts.map(([name, first]) => [name, first])),
    Object.fromEntries(parts.map(([name, , last]) => [name, last])),
  ];
}

function part(values: Values, from: number, to: number): Values {
  if (ArrayBuffer.isView(values) && 'subarray' in values && typeof values.subarray === 'function')
    return values.subarray(from, to);
  return Array.prototype.slice.call(values, from, to);
}
