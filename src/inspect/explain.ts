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

/** Where two nodes of one entry came to lie, and the decisions of fusion that led there. */
export interface Explanation {
  readonly entry: string;
  /** What they share: a loop, a group (phases of one kernel), a dispatch, or nothing. */
  readonly share: 'loop' | 'group' | 'dispatch' | 'nothing';
  readonly a: readonly NodePlace[];
  readonly b: readonly NodePlace[];
  /** Decisions about what the two became part of, taken ones and refusals. */
  readonly decisions: readonly Decision[];
  /** Tensors by which the later dispatch depends on the earlier one, one for each step of a shortest path. */
  readonly dependence: readonly Dependence[];
}

/** A place where a node is computed; what is inlined may have several. */
export interface NodePlace {
  readonly dispatch: number;
  readonly kernel: string;
  readonly group: string;
  readonly loop: string;
}

/** A tensor that one group writes and another reads. */
export interface Dependence {
  readonly from: string;
  readonly tensor: string;
  readonly to: string;
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
    const share = shared(places.a, places.b);
    return [
      {
        entry,
        share,
        a: places.a.map(({ place }) => place),
        b: places.b.map(({ place }) => place),
        decisions: decisionsBetween(compiled, a, b),
        dependence: share === 'nothing' ? dependence(compiled.stages, places.a, places.b) : [],
      },
    ];
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
      const lines = [`${e.entry}: ${a} and ${b} ${verdicts[e.share]}`];
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

const verdicts = {
  loop: 'are computed by one loop of one kernel',
  group: 'are phases of one kernel',
  dispatch: 'share a dispatch, in ranges of workgroups of their own',
  nothing: 'share no dispatch',
} satisfies Record<Explanation['share'], string>;

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

function shared(a: readonly Located[], b: readonly Located[]): Explanation['share'] {
  const some = (same: (x: Located, y: Located) => boolean): boolean =>
    a.some((x) => b.some((y) => same(x, y)));
  if (some((x, y) => x.group === y.group && x.place.loop === y.place.loop)) return 'loop';
  if (some((x, y) => x.group === y.group)) return 'group';
  if (some((x, y) => x.place.dispatch === y.place.dispatch)) return 'dispatch';
  return 'nothing';
}

/** Decisions that tell how each of two names went into others, and those between what they went into. */
function decisionsBetween(entry: CompiledEntry, a: string, b: string): Decision[] {
  const { all } = entry.decisions;
  const ofA = becomes(entry, a);
  const ofB = becomes(entry, b);
  const between = (d: Decision): boolean =>
    (ofA.has(d.from) && ofB.has(d.to)) || (ofB.has(d.from) && ofA.has(d.to));
  const way = (d: Decision): boolean => {
    const [from, to] = wayOf(d);
    return d.taken && from !== null && ((ofA.has(from) && ofA.has(to)) || (ofB.has(from) && ofB.has(to)));
  };
  return all.filter((d) => between(d) || way(d));
}

/** The name itself, the loops that it went into, and the groups that hold those. */
function becomes(entry: CompiledEntry, name: string): Set<string> {
  const found = new Set([name, `${name}'`, ...placesOf(entry, name).map(({ place }) => place.loop)]);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const d of entry.decisions.all) {
      const [from, to] = wayOf(d);
      if (d.taken && from !== null && found.has(from)) found.add(to);
    }
  }
  for (const { group } of placesOf(entry, name)) found.add(groupName(group));
  return found;
}

/** Which of a decision's loops disappears into which; null where neither does. */
function wayOf(d: Decision): readonly [string, string] | readonly [null, string] {
  switch (d.move) {
    case 'inline':
      return [d.from, d.to];
    case 'epilogue':
    case 'sibling':
      return [d.to, d.from];
    case 'align':
    case 'residues':
    case 'list':
    case 'rows':
    case 'partial':
    case 'prologue':
    case 'pack':
    case 'in place':
    case 'again':
      return [null, d.to];
    default:
      return d.move satisfies never;
  }
}

/** A shortest path of reads from the groups of the earlier node to those of the later one. */
function dependence(stages: readonly Stage[], a: readonly Located[], b: readonly Located[]): Dependence[] {
  const [first, second] = earliest(a) <= earliest(b) ? [a, b] : [b, a];
  const groups = stages.flatMap((stage) => stage.groups);
  const targets = new Set(second.map(({ group }) => group));
  const paths = first.map(({ group }) => ({ group, path: [] as readonly Dependence[] }));
  const seen = new Set(paths.map(({ group }) => group));
  for (const { group, path } of paths) {
    if (targets.has(group)) return [...path];
    for (const reader of groups) {
      if (seen.has(reader)) continue;
      const read = tensorsReadBy(reader);
      const tensor = tensorsWritten(group).find((t) => read.has(t));
      if (tensor === undefined) continue;
      seen.add(reader);
      const step = { from: groupName(group), tensor: tensor.name, to: groupName(reader) };
      paths.push({ group: reader, path: [...path, step] });
    }
  }
  return [];
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
