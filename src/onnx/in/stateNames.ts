import type { OnnxGraph, OnnxNode } from '../proto/model.ts';

/**
 * Names of the states that weights become: those of the file, except where an exporter made one up for what it computed before, such
 * as `onnx::MatMul_124`. Such a weight has the name of the layer that reads it, by the node's path: `/encoder/query/MatMul` reads
 * `encoder.query.weight`.
 */
export function stateNames({ initializers, nodes }: OnnxGraph): ReadonlyMap<string, string> {
  const taken = new Set(initializers.map(({ name }) => name));
  const names = new Map<string, string>();
  const readers = new Map<string, OnnxNode>();
  for (const node of nodes)
    for (const input of node.inputs) if (!readers.has(input)) readers.set(input, node);
  for (const { name } of initializers) {
    if (!name.includes('::')) continue;
    const path =
      readers
        .get(name)
        ?.name.split('/')
        .filter((part) => part !== '')
        .slice(0, -1)
        .join('.') ?? '';
    const better = `${path}.weight`;
    if (path === '' || taken.has(better)) continue;
    taken.add(better);
    names.set(name, better);
  }
  return names;
}
