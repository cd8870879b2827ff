import { Tensor } from '../../src/graph/index.ts';

/** Methods of every tensor that say what one is made of, or name it: they compute nothing. */
const notOperations = new Set(['constructor', 'named', 'toString', 'wrap', 'like', 'pointwise', 'reduce']);

/** The names of the methods of tensors that are operations. */
export function methodsOfTensors(): string[] {
  const found: string[] = [];
  for (
    let p: unknown = Tensor.prototype;
    p !== Object.prototype && p !== null;
    p = Object.getPrototypeOf(p)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p)))
      if (typeof value === 'function' && !notOperations.has(name)) found.push(name);
  }
  return found;
}
