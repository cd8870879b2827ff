import type { Module, Node, Sharding } from '../graph/index.ts';

/**
 * The mesh of a module as an operation of Shardy, whose shardings name its axes: with other sizes this line alone is another.
 *
 * @returns `sdy.mesh @mesh = <["data"=8, "model"=2]>`; nothing of a module without one
 */
export function meshLines({ mesh }: Module): readonly string[] {
  if (mesh === undefined) return [];
  const axes = mesh.axes.map(({ name, size }) => `${JSON.stringify(name)}=${size}`);
  return [`sdy.mesh @mesh = <[${axes.join(', ')}]>`];
}

/**
 * The attribute of an argument of `@main` that says how an input or a state is spread. A next state has that of its state.
 *
 * @returns `sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {}]>`; nothing where the module does not say: XLA propagates it
 */
export function shardingAttributes({ shardings }: Module, node: Node): readonly string[] {
  const sharding = shardings.get(node);
  if (sharding === undefined) return [];
  const dims = sharding.map((axis) => (axis === null ? '{}' : `{${JSON.stringify(axis)}}`));
  return [`sdy.sharding = #sdy.sharding<@mesh, [${dims.join(', ')}]>`];
}

/** The field of an input or a state in a manifest; nothing where the module does not say how it is spread. */
export function shardingField({ shardings }: Module, node: Node): { readonly sharding?: Sharding } {
  const sharding = shardings.get(node);
  return sharding === undefined ? {} : { sharding };
}
