import { attrsText } from '../graph/attributes.ts';
import { definitionOf, type Module, type Node } from '../graph/index.ts';
import { shapeText } from '../loops/index.ts';
import { layersOf } from './layers.ts';
import type { LookNode, Role } from './look.ts';

/** Characters of the attributes of one node: given values are attributes, too, and of any length. */
const MOST_ATTRIBUTES = 400;

/** Every node of a graph, each at the place of its id. @param roles what each is for */
export function lookNodes(module: Module, roles: readonly Role[]): LookNode[] {
  const layers = layersOf(module, roles);
  return module.graph.nodes.map((node): LookNode => {
    const { id, op, inputs, dtype, shape, label } = node;
    const source = placeOf(node);
    return {
      id,
      op,
      inputs: inputs.map((input) => input.id),
      dtype,
      shape: shapeText(shape),
      ...attrsOf(node),
      ...(label === undefined ? {} : { label }),
      ...(source === undefined ? {} : { source }),
      role: roles[id] ?? 'forward',
      layer: layers[id] ?? [],
      isMovement: definitionOf(op).isMovement ?? false,
    };
  });
}

function attrsOf({ attrs }: Node): Pick<LookNode, 'attrs'> {
  if (Object.keys(attrs).length === 0) return {};
  const text = attrsText(attrs);
  if (text.length <= MOST_ATTRIBUTES) return { attrs: text };
  return { attrs: `${text.slice(0, MOST_ATTRIBUTES)}… (${text.length} characters)` };
}

/** `model.ts:12` in its parts; a name of a file may hold colons. */
function placeOf({ source }: Node): LookNode['source'] {
  const at = source?.lastIndexOf(':') ?? -1;
  const line = Number(source?.slice(at + 1));
  if (source === undefined || at <= 0 || !Number.isInteger(line) || line < 1) return undefined;
  return { file: source.slice(0, at), line };
}
