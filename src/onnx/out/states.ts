import { requireNumbers } from '../../graph/arguments.ts';
import type { Module, Node } from '../../graph/index.ts';
import { UnknownNameError } from '../../issues.ts';
import { elementCount, extentOf } from '../../loops/index.ts';
import { firstValues } from '../../reference/index.ts';
import { OnnxError } from '../issues.ts';
import type { ToOnnxOptions } from './toOnnx.ts';

/** A state with the values that a model has for it. */
export interface StateValues {
  readonly name: string;
  readonly node: Node;
  readonly values: ArrayLike<number>;
}

/**
 * The values of a module's states: given ones, or those that a session begins with.
 *
 * @throws UnknownNameError for values of no state, GraphError `values` where they are not numbers of its type, OnnxError
 *   `weights` where they are not as many as its elements
 */
export function stateTensors(module: Module, { weights = {}, seed = 0 }: ToOnnxOptions): StateValues[] {
  const nodes = new Map(module.states.map(({ name, node }) => [name, node]));
  const given = Object.entries(weights).map(([name, data]) => {
    const node = nodes.get(name);
    if (node === undefined) throw new UnknownNameError('state', name, [...nodes.keys()]);
    const shape = node.shape.map(extentOf);
    requireNumbers('toOnnx', data, node.dtype, name);
    const count = elementCount(shape);
    if (data.length === count) return [name, { shape, data }] as const;
    throw new OnnxError('weights', `${JSON.stringify(name)}: ${data.length} values for a state of ${count}`);
  });
  const values = firstValues(module, Object.fromEntries(given), seed);
  return module.states.map(({ name, node }) => {
    const first = values.get(name);
    if (first === undefined) throw new RangeError(`no first value of ${name}`);
    return { name, node, values: first.data };
  });
}
