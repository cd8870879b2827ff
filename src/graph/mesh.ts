import { dimText, extentOf } from '../loops/index.ts';
import { didYouMean } from '../nearest.ts';
import { listText, quoted, requireName, shown } from './arguments.ts';
import { nameText, textOf } from './attributes.ts';
import { describe } from './graph.ts';
import { GraphError } from './issues.ts';
import type { Module, State } from './module.ts';
import type { Node } from './node.ts';

/** A grid of devices, of which each axis has a name. A module that runs on one device does not care. */
export interface Mesh {
  readonly axes: readonly MeshAxis[];
}

/** An axis of a mesh, and how many devices lie along it. */
export interface MeshAxis {
  readonly name: string;
  readonly size: number;
}

/**
 * How a tensor is spread over a mesh: for each dimension the axis along which its parts lie, or null where each device has
 * all of it.
 */
export type Sharding = readonly (string | null)[];

/** How the inputs and the states of a module are spread. It does not say it of those that are not in it: XLA propagates it. */
export type Shardings = ReadonlyMap<Node, Sharding>;

/** A mesh of sizes by axis. @throws GraphError `mesh` saying which axis cannot be */
export function meshOf(sizes: Readonly<Record<string, number>>): Mesh {
  const given: unknown = sizes;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0)
    throw new GraphError(
      'mesh',
      'mesh',
      `takes axes with their sizes, such as { data: 8 }, not ${shown(given)}`,
    );
  return { axes: Object.entries(sizes).map(([name, size]) => ({ name, size: requireAxis(name, size) })) };
}

function requireAxis(name: string, size: unknown): number {
  requireName('mesh', 'an axis', name);
  // Keys that are numbers would change places, and a command line separates axes by signs.
  if (nameText(name) !== name) {
    const text = `the axis ${quoted(name)} must have a name of letters, digits and _, which does not begin with a digit`;
    throw new GraphError('mesh', 'mesh', text);
  }
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 1) return size;
  throw new GraphError(
    'mesh',
    'mesh',
    `axis ${quoted(name)} is ${shown(size)}: its size is a whole number from 1 on`,
  );
}

/** A mesh as its declaration and errors say it, `data=8, model=2`. */
export function meshText({ axes }: Mesh, between = ', '): string {
  return axes.map(({ name, size }) => `${name}=${size}`).join(between);
}

/** A sharding as texts and errors show it, `["data", null]`. */
export function shardingText(sharding: Sharding): string {
  return `[${sharding.map((axis) => JSON.stringify(axis)).join(', ')}]`;
}

/**
 * Requires that an input or a state can be spread so: over axes that there are, each once, which divide the dimensions. A
 * bounded one is as long as it can get.
 *
 * @throws GraphError `sharding` naming the dimension and the axis
 */
export function requireSharding(mesh: Mesh, node: Node, given: unknown): asserts given is Sharding {
  if (node.op !== 'input' && node.op !== 'state')
    throw new GraphError('sharding', 'shard', `takes an input or a state, not ${describe(node)}`);
  const fail = (text: string): never => {
    throw new GraphError('sharding', 'shard', `${quoted(textOf(node.op, node.attrs, 'name'))}${text}`);
  };
  if (!Array.isArray(given) || given.length !== node.shape.length) {
    const count = `${node.shape.length} dimension${node.shape.length === 1 ? '' : 's'}`;
    return fail(` has ${count}: a sharding has an axis or null for each, not ${listText(given)}`);
  }
  const places = new Map<string, number>();
  for (const [k, dim] of node.shape.entries()) {
    const name: unknown = given[k];
    if (name === null) continue;
    const names = mesh.axes.map((axis) => axis.name);
    const size = mesh.axes.find((axis) => axis.name === name)?.size;
    if (typeof name !== 'string' || size === undefined) {
      const hint = typeof name === 'string' ? didYouMean(name, names) : '';
      return fail(
        `: dimension ${k}: there is no axis ${shown(name)}${hint}: the axes are ${names.join(', ')}`,
      );
    }
    const before = places.get(name);
    if (before !== undefined)
      fail(`: axis ${quoted(name)} stands twice, for dimensions ${before} and ${k}: an axis spreads one`);
    places.set(name, k);
    if (extentOf(dim) % size !== 0)
      fail(
        `: dimension ${k} is ${dimText(dim)}, which the ${size} devices of axis ${quoted(name)} do not divide`,
      );
  }
}

/**
 * Shardings with those of states that belong to a state: what an optimizer keeps of `hidden.weight`, such as `hidden.weight.m`,
 * is spread as `hidden.weight` is, unless it was said how.
 */
export function withThoseThatFollow(shardings: Shardings, states: readonly State[]): Shardings {
  const all = new Map(shardings);
  const byName = new Map(states.map(({ name, node }) => [name, node]));
  for (const { name, node } of states) {
    const owner = byName.get(name.slice(0, Math.max(name.lastIndexOf('.'), 0)));
    const sharding = owner === undefined ? undefined : shardings.get(owner);
    if (owner === undefined || sharding === undefined || all.has(node)) continue;
    const isAlike =
      owner.shape.length === node.shape.length && owner.shape.every((dim, k) => dim === node.shape[k]);
    if (isAlike) all.set(node, sharding);
  }
  return all;
}

/** Holds a module's shardings to its mesh. @throws GraphError `sharding` */
export function verifyShardings({ mesh, shardings, inputs, states }: Module): void {
  const declared = new Set([...inputs, ...states.map(({ node }) => node)]);
  for (const [node, sharding] of shardings) {
    if (mesh === undefined) throw noMesh();
    if (!declared.has(node))
      throw new GraphError('sharding', 'shard', `${describe(node)} is not an input or a state of the module`);
    requireSharding(mesh, node, sharding);
  }
}

/** What is wrong where something is sharded over nothing. */
export function noMesh(): GraphError {
  return new GraphError('sharding', 'shard', 'there is no mesh: declare it before, as m.mesh({ data: 8 })');
}
