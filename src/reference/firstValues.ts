import { type Module, type State, valuesOf } from '../graph/index.ts';
import { extentOf } from '../loops/size.ts';
import { normal, uniform } from '../runtime/random.ts';
import { countOf, type NDArray, padded } from './array.ts';
import type { Given } from './leaves.ts';

/**
 * The first values of a module's states, those of a session that starts with the same seed: draws are rounded
 * to float32, or down to whole numbers.
 *
 * @param initial values of states by name, in place of their declared first ones
 * @throws RangeError where such values do not fit
 */
export function firstValues(
  module: Module,
  initial: Readonly<Record<string, Given>>,
  seed: number,
): Map<string, NDArray> {
  return new Map(
    module.states.map((state) => {
      const given = Object.hasOwn(initial, state.name) ? initial[state.name] : undefined;
      const { shape, dtype } = state.node;
      return [state.name, given === undefined ? declared(state, seed) : padded(given, shape, dtype)];
    }),
  );
}

function declared({ name, node, init }: State, seed: number): NDArray {
  const { dtype } = node;
  const shape = node.shape.map(extentOf);
  const filled = (element: (i: number) => number): NDArray => ({
    shape,
    dtype,
    data: Float64Array.from({ length: countOf(shape) }, (_, i) => element(i)),
  });
  switch (init.kind) {
    case 'constant':
      return filled(() => (dtype === 'f32' ? Math.fround(init.value) : init.value));
    case 'values': {
      if (dtype === 'u8') throw new RangeError(`state ${name} is u8, which is for storage only`);
      return { shape, dtype, data: Float64Array.from(valuesOf(init.words, dtype)) };
    }
    case 'uniform':
      return filled((i) => {
        const drawn = init.low + (init.high - init.low) * uniform(seed, init.stream, i, 0);
        return dtype === 'f32' ? Math.fround(drawn) : Math.trunc(drawn);
      });
    case 'normal':
      return filled((i) => Math.fround(init.mean + init.deviation * normal(seed, init.stream, i)));
    default:
      return init satisfies never;
  }
}
