import { requireName } from '../graph/arguments.ts';
import { declarationsOf, type Tensor } from '../graph/index.ts';

/** The name of a layer: the given one, or one of its kind that no other has. @throws GraphError where it is no name */
export function layerName(op: string, x: Tensor, name: string | undefined): string {
  if (name === undefined) return declarationsOf(op, x).freshName(op);
  requireName(op, 'a layer', name);
  return name;
}
