import { type Module, type State, wordCount } from '../graph/index.ts';
import { decodeWords } from '../runtime/init.ts';
import { asElements, type Output } from '../runtime/values.ts';

/** Values of states that lie beside a program, by name. */
export type Weights = Readonly<Record<string, Output['data']>>;

/** Elements of given values that a program holds itself: 4 KiB. More would make its JSON large, and slow to read. */
const MOST_INSIDE = 1024;

/**
 * The given values of a module's states that are too many for its program: each is decoded when it is asked for, and kept for
 * as long as someone has it.
 */
export function weightsOf(module: Module): Weights {
  const weights: Weights = {};
  for (const { name, node, init } of module.states) {
    const { dtype } = node;
    if (!isBeside(init) || dtype === 'u8') continue;
    let known: WeakRef<Output['data']> | undefined;
    const get = (): Output['data'] => {
      const values = known?.deref() ?? asElements(dtype, decodeWords(init.words));
      known = new WeakRef(values);
      return values;
    };
    Object.defineProperty(weights, name, { enumerable: true, get });
  }
  return weights;
}

/** Whether the first values of a state lie beside the program. */
export function isBeside(init: State['init']): init is Extract<State['init'], { kind: 'values' }> {
  return init.kind === 'values' && wordCount(init.words) > MOST_INSIDE;
}
