import type { Node } from '../graph/index.ts';
import type { Dim } from '../loops/size.ts';

/** A number attribute of a node. @throws TypeError where it has none, as all readers here do */
export function numberAttr(node: Node, name: string): number {
  const value = node.attrs[name];
  return typeof value === 'number' ? value : missing(node, name);
}

/** A text attribute. */
export function textAttr(node: Node, name: string): string {
  const value = node.attrs[name];
  return typeof value === 'string' ? value : missing(node, name);
}

/** An attribute that is a list of numbers. */
export function numbersAttr(node: Node, name: string): readonly number[] {
  return listAttr(node, name).map((item) => (typeof item === 'number' ? item : missing(node, name)));
}

/** An attribute that is a list of dimensions. */
export function dimsAttr(node: Node, name: string): readonly Dim[] {
  return listAttr(node, name).map((item) => (typeof item === 'string' ? missing(node, name) : item));
}

function listAttr(node: Node, name: string): readonly (number | string | Dim)[] {
  const value = node.attrs[name];
  return typeof value === 'object' ? value : missing(node, name);
}

function missing(node: Node, name: string): never {
  throw new TypeError(`node ${node.id} (${node.op}): attribute ${name} is missing or of another kind`);
}
