import type { StateSlot } from '../../src/runtime/index.ts';
import { asElements, type Output, type Values, valueWords } from '../../src/runtime/values.ts';
import type { WeightsSession } from '../../src/weights/index.ts';

/** States that are held in memory, as a session has them on a device, and what was written. */
export interface HeldStates extends WeightsSession {
  readonly values: Readonly<Record<string, number[]>>;
  readonly writes: readonly { readonly name: string; readonly from: number; readonly count: number }[];
}

/** States by name, each as `f32[2,3]`, or `dense f32[2,3]` where it says what it is to its layer; all hold -1, or 1 where they have no sign. */
export function heldStates(described: Readonly<Record<string, string>>): HeldStates {
  const state = Object.entries(described).map(([name, text]): StateSlot => {
    const [, kernel, dtype, dims = ''] =
      /^(?:(dense|convolution|none) )?(f32|i32|u32|bool)\[(.*)\]$/.exec(text) ?? [];
    if (dtype !== 'f32' && dtype !== 'i32' && dtype !== 'u32' && dtype !== 'bool')
      throw new RangeError(`${text} is not a state`);
    const shape = dims === '' ? [] : dims.split(',').map(Number);
    const slot = {
      name,
      dtype,
      shape,
      arena: 'state',
      offset: 0,
      init: { kind: 'constant', value: 0 },
    } as const;
    return kernel === 'dense' || kernel === 'convolution' || kernel === 'none' ? { ...slot, kernel } : slot;
  });
  const values = Object.fromEntries(
    state.map(({ name, dtype, shape }) => {
      const count = shape.reduce((n, extent) => n * extent, 1);
      return [name, new Array<number>(count).fill(dtype === 'f32' || dtype === 'i32' ? -1 : 1)];
    }),
  );
  const writes: HeldStates['writes'][number][] = [];
  const slotOf = (name: string): StateSlot => {
    const slot = state.find((one) => one.name === name);
    if (slot === undefined) throw new RangeError(`no state ${name}`);
    return slot;
  };
  return {
    program: { state },
    values,
    writes,
    async read(name): Promise<Output> {
      const { dtype, shape } = slotOf(name);
      const words = valueWords(slotOf(name), values[name] ?? []);
      return { shape, data: asElements(dtype, new Uint32Array(words.buffer)) };
    },
    async write(name, given: Values, from = 0) {
      const held = values[name] ?? [];
      const words = valueWords(slotOf(name), given);
      if (from + words.length > held.length) throw new RangeError(`${name}: too many`);
      writes.push({ name, from, count: words.length });
      for (const [k, value] of words.entries()) held[from + k] = value;
    },
  };
}
