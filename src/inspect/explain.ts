import type { Compilation, CompiledEntry } from '../compile.ts';
import {
  type Decision,
  type Group,
  groupName,
  reasonText,
  type Stage,
  tensorsReadBy,
  tensorsWritten,
} from '../fuse/index.ts';
import { UnknownNameError } from '../issues.ts';
import { identifier } from '../kernels/names.ts';
import { type Apart, apartOf, type Dependence, type NodePlace, shareWords, shortestReads } from './apart.ts';

export type { Dependence, NodePlace } from './apart.ts';

/** Where two nodes of one entry came to lie, and the decisions of fusion that led there. */
export interface Explanation extends Apart<Decision> {
  readonly entry: string;
}

/**
 * Why two nodes share a kernel, a dispatch, or nothing, for each entry that computes both.
 *
 * @param first a node's label, a loop's, group's or tensor's name, or a state's (its update is meant); names as
 *   kernels spell them, `d_hidden_weight`, are understood
 * @throws UnknownNameError where no entry computes one of them
 */
export function explain(compilation: Compilation, first: string, second: string): Explanation[] {
  const [a, b] = [nodeNamed(compilation, first), nodeNamed(compilation, second)];
  return [...compilation.entries].flatMap(([entry, compiled]) => {
    const places = { a: placesOf(compiled, a), b: placesOf(compiled, b) };
    if (places.a.length === 0 || places.b.length === 0) return [];
    const named = (name: string, located: readonly Located[]) => ({
      names: [name],
      places: located.map(({ place }) => place),
    });
    const apart = apartOf(compiled.decisions.all, named(a, places.a), named(b, places.b), () =>
      dependence(compiled.stages, places.a, places.b),
    );
    return [{ entry, ...apart }];
  });
}

/**
 * The dispatches that compute a node, by entry.
 *
 * @param name as for `explain`
 * @throws UnknownNameError where no entry computes it
 */
export function dispatchesOf(compilation: Compilation, name: string): Map<string, ReadonlySet<number>> {
  const found = nodeNamed(compilation, name);
  return new Map(
    [...compilation.entries].map(([entry, compiled]) => [
      entry,
      new Set(placesOf(compiled, found).map(({ place }) => place.dispatch)),
    ]),
  );
}

/** Explanations as sentences. */
export function explanationText(a: string, b: string, explanations: readonly Explanation[]): string {
  if (explanations.length === 0) return `no entry computes both ${a} and ${b}\n`;
  return explanations
    .map((e) => {
      const lines = [`${e.entry}: ${a} and ${b} ${shareWords[e.share]}`];
      lines.push(...e.a.map((p) => `  ${a} is in ${placeText(p)}`));
      lines.push(...e.b.map((p) => `  ${b} is in ${placeText(p)}`));
      for (const d of e.decisions)
        lines.push(
          `  ${d.move} ${d.from} → ${d.to}: ${d.taken ? 'done' : 'refused'}, ${reasonText(d.reason)}`,
        );
      for (const d of e.dependence) lines.push(`  ${d.to} reads ${d.tensor}, which ${d.from} writes`);
      return `${lines.join('\n')}\n`;
    })
    .join('\n');
}

function placeText(place: NodePlace): string {
  const inside =
    place.group === place.loop ? `loop ${place.loop}` : `group ${place.group}, loop ${place.loop}`;
  return `dispatch ${place.dispatch} (${place.kernel}): ${inside}`;
}

interface Located {
  readonly place: NodePlace;
  readonly group: Group;
}

/** The name itself where something is called so, else what has the same identifier. */
function nodeNamed(compilation: Compilation, name: string): string {
  const isComputed = (wanted: string): boolean =>
    [...compilation.entries.values()].some((entry) => placesOf(entry, wanted).length > 0);
  if (isComputed(name)) return name;
  const known = knownNames(compilation);
  const alike = known
    .map((other) => other.replace(/'$/, ''))
    .find((other) => identifier(other) === name && isComputed(other));
  if (alike === undefined) {
    const isThere = compilation.module.graph.nodes.some(({ label }) => label === name);
    throw new UnknownNameError(isThere ? 'computed node' : 'node', name, known);
  }
  return alike;
}

/**
 * Where a name is computed: by loops of that name or that write it; else by those that it went into; else by the
 * group of that name.
 */
function placesOf(entry: CompiledEntry, name: string): Located[] {
  const all = entry.stages.flatMap((stage, dispatch) =>
    stage.groups.flatMap((group) =>
      [...group.prologue, ...group.loops].map((loop) => ({
        loop,
        group,
        place: {
          dispatch,
          kernel: entry.names[dispatch] ?? `stage ${dispatch}`,
          group: groupName(group),
          loop: loop.name,
        },
      })),
    ),
  );
  const wanted = new Set([name, `${name}'`]);
  const written = all.filter(
    ({ loop }) => wanted.has(loop.name) || loop.outs.some((out) => wanted.has(out.tensor.name)),
  );
  if (written.length > 0) return written;
  const inlined = all.filter(({ loop }) =>
    loop.origin.some(({ node }) => namesOfOrigin(node).includes(name)),
  );
  return inlined.length > 0 ? inlined : all.filter(({ place }) => place.group === name);
}

/** What a node may be called: its label, or its number and its operation with the number. */
function namesOfOrigin(node: string): string[] {
  const found = /^(.*?) = (\w+)\(/s.exec(node);
  if (found === null) return [node.replace(/^(update|output) /, '')];
  const [, name = '', op = ''] = found;
  return name.startsWith('%') ? [name, `${op}_${name.slice(1)}`] : [name];
}

/** A shortest path of reads from the groups of the earlier node to those of the later one. */
function dependence(stages: readonly Stage[], a: readonly Located[], b: readonly Located[]): Dependence[] {
  const [first, second] = earliest(a) <= earliest(b) ? [a, b] : [b, a];
  const groups = stages.flatMap((stage) => stage.groups);
  const parts = groups.map((group) => ({
    name: groupName(group),
    reads: tensorsReadBy(group),
    writes: [...tensorsWritten(group)],
  }));
  const at = (places: readonly Located[]): ReadonlySet<number> =>
    new Set(places.map(({ group }) => groups.indexOf(group)));
  return shortestReads(parts, at(first), at(second), ({ name }) => name);
}

function earliest(places: readonly Located[]): number {
  return Math.min(...places.map(({ place }) => place.dispatch));
}

function knownNames(compilation: Compilation): string[] {
  const names = new Set<string>();
  for (const entry of compilation.entries.values()) {
    for (const group of entry.stages.flatMap((stage) => stage.groups)) {
      for (const loop of [...group.prologue, ...group.loops]) {
        names.add(loop.name);
        for (const { node } of loop.origin) for (const name of namesOfOrigin(node)) names.add(name);
      }
    }
  }
  // Unnamed nodes are numbers: of little use to someone who looks for a name.
  return [...names].filter((name) => !name.startsWith('%')).sort((x, y) => weight(x) - weight(y));
}

function weight(name: string): number {
  return /_\d+$/.test(name) ? 1 : 0;
}
