import type { Tensor } from '../../graph/index.ts';
import { sameShape } from '../../graph/shape.ts';
import type { StateOf } from './calls.ts';

/**
 * States that were declared of a file in a module. One that is asked for again, by the same name and with the same values, is the one
 * that there is: a network that is applied twice has its weights once. Other values under the same name, as functions and branches
 * have them that name their constants alike, are another state, whose name has a number.
 */
export class States {
  readonly #declared = new Map<string, { readonly state: StateOf; readonly tensor: Tensor }[]>();
  readonly #taken = new Set<string>();

  /** The state of a name and values, which `declare` declares where there is none. */
  of(state: StateOf, declare: (state: StateOf) => Tensor): Tensor {
    const alike = this.#declared.get(state.name) ?? [];
    const before = alike.find((one) => isSame(one.state, state));
    if (before !== undefined) return before.tensor;
    const tensor = declare({ ...state, name: this.#free(state.name, alike.length) });
    alike.push({ state, tensor });
    this.#declared.set(state.name, alike);
    return tensor;
  }

  /** A name that no state has: `name`, or `name.2`. */
  #free(name: string, before: number): string {
    for (let k = before + 1; ; k++) {
      const called = k === 1 ? name : `${name}.${k}`;
      if (this.#taken.has(called)) continue;
      this.#taken.add(called);
      return called;
    }
  }
}

function isSame(a: StateOf, b: StateOf): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const [own, others] = [a.values(), b.values()];
  for (let k = 0; k < own.length; k++) if (!Object.is(own[k], others[k])) return false;
  return true;
}
