import type { Node } from '../../graph/index.ts';
import type { Dim } from '../../loops/index.ts';

/** A number attribute of a node. @throws TypeError where it has none, as all readers here do: nodes are checked when they are built */
export function numberOf(node: Node, name: string): number {
  const value = node.attrs[name];
  return typeof value === 'number' ? value : missing(node, name);
}

/** A text attribute. */
export function textOf(node: Node, name: string): string {
  const value = node.attrs[name];
  return typeof value === 'string' ? value : missing(node, name);
}

/** An attribute that is a list of numbers. */
export function numbersOf(node: Node, name: string): readonly number[] {
  return listOf(node, name).map((item) => (typeof item === 'number' ? item : missing(node, name)));
}

/** An attribute that is a list of dimensions. */
export function dimsOf(node: Node, name: string): readonly Dim[] {
  return listOf(node, name).map((item) => (typeof item === 'string' ? missing(node, name) : item));
}

function listOf(node: Node, name: string): readonly (number | string | Dim)[] {
  const value = node.attrs[name];
  return typeof value === 'object' ? value : missing(node, name);
}

function missing(node: Node, name: string): never {
  throw new TypeError(`node ${node.id} (${node.op}): attribute ${name} is missing or of another kind`);
}
