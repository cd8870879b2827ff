import type { Look, LookPass } from '../../src/inspect/look.ts';
import type { DispatchReport, EntryReport, KernelReport } from '../../src/inspect/report.ts';

/** A dispatch before and after a change; one that is there only before, or only after. */
export type Match =
  | { readonly kind: 'same' | 'changed'; readonly before: number; readonly after: number }
  | { readonly kind: 'removed'; readonly before: number }
  | { readonly kind: 'added'; readonly after: number };

/** Dispatches that share less of what they compute than this are not taken for the same one. */
const LEAST_ALIKE = 0.3;

/**
 * Pairs the dispatches of an entry before and after a change, in the order of those after; what was removed stands where
 * it was. Dispatches of one name are pairs, of others those that have most nodes in common: names differ between targets, and the
 * numbers of nodes after an edit, but operations, labels and lines' files stay.
 */
export function matchDispatches(before: EntryReport, after: EntryReport): Match[] {
  const partners = new Map<number, number>();
  const taken = new Set<number>();
  const pair = (b: number, a: number): void => {
    partners.set(a, b);
    taken.add(b);
  };
  const named = new Map(before.dispatches.map(({ name }, k) => [name, k]));
  for (const [a, { name }] of after.dispatches.entries()) {
    const b = named.get(name);
    if (b !== undefined && !taken.has(b)) pair(b, a);
  }
  for (const { b, a } of byLikeness(before, after, partners, taken))
    if (!taken.has(b) && !partners.has(a)) pair(b, a);
  return inOrder(before, after, partners, taken);
}

/** Dispatches without a partner, two by two, the most alike first. */
function byLikeness(
  before: EntryReport,
  after: EntryReport,
  partners: ReadonlyMap<number, number>,
  taken: ReadonlySet<number>,
): { readonly b: number; readonly a: number }[] {
  const left = kindsOf(before).filter(({ k }) => !taken.has(k));
  const right = kindsOf(after).filter(({ k }) => !partners.has(k));
  return left
    .flatMap((x) => right.map((y) => ({ b: x.k, a: y.k, alike: likeness(x.kinds, y.kinds) })))
    .filter(({ alike }) => alike >= LEAST_ALIKE)
    .sort((x, y) => y.alike - x.alike || x.a - y.a || x.b - y.b);
}

/** What each dispatch computes, without numbers of nodes and lines: how often each kind of node is there. */
function kindsOf({ dispatches }: EntryReport): { readonly k: number; readonly kinds: Map<string, number> }[] {
  return dispatches.map(({ nodes }, k) => {
    const kinds = new Map<string, number>();
    for (const node of nodes) {
      const kind = node.replace(/ {2}at .*$/s, '').replaceAll(/%\d+/g, '%');
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    return { k, kinds };
  });
}

/** Of two bags, what both have as a part of what either has (Jaccard). */
function likeness(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let [both, either] = [0, 0];
  for (const kind of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(kind) ?? 0, b.get(kind) ?? 0];
    both += Math.min(x, y);
    either += Math.max(x, y);
  }
  return either === 0 ? 0 : both / either;
}

function inOrder(
  before: EntryReport,
  after: EntryReport,
  partners: ReadonlyMap<number, number>,
  taken: ReadonlySet<number>,
): Match[] {
  const matches: Match[] = [];
  let next = 0;
  const removedUpTo = (end: number): void => {
    for (; next < end; next++) if (!taken.has(next)) matches.push({ kind: 'removed', before: next });
  };
  for (let a = 0; a < after.dispatches.length; a++) {
    const b = partners.get(a);
    if (b === undefined) {
      matches.push({ kind: 'added', after: a });
      continue;
    }
    removedUpTo(b);
    const isSame = signature(before, b) === signature(after, a);
    matches.push({ kind: isSame ? 'same' : 'changed', before: b, after: a });
  }
  removedUpTo(before.dispatches.length);
  return matches;
}

/** All of a dispatch that a change may change. */
function signature(entry: EntryReport, k: number): string {
  const dispatch = entry.dispatches[k];
  if (dispatch === undefined) return '';
  const { grid, workgroup, predicted, flops, bytes } = dispatch;
  return JSON.stringify([grid, workgroup, predicted.micros, flops, bytes, kernelOf(entry, dispatch)?.code]);
}

/** The kernel that a dispatch runs. */
export function kernelOf(
  entry: EntryReport,
  { kernel }: Pick<DispatchReport, 'kernel'>,
): KernelReport | undefined {
  return entry.kernels.find(({ name }) => name === kernel);
}

/** A number of two compilations. */
export interface Figure {
  readonly name: string;
  readonly unit: 'count' | 'micros' | 'bytes' | 'flops' | 'millis';
  readonly before: number;
  readonly after: number;
}

/** The figures of an entry, and of the whole, in two looks. What only one of them has is left out. */
export function figuresOf(before: Look, after: Look, entry: string): Figure[] {
  const [x, y] = [before.report, after.report];
  const [a, b] = [x.entries[entry], y.entries[entry]];
  const figure = (name: string, unit: Figure['unit'], was: number, is: number): Figure => ({
    name,
    unit,
    before: was,
    after: is,
  });
  const ofEntry =
    a === undefined || b === undefined
      ? []
      : [
          figure('Dispatches a step', 'count', a.dispatches.length, b.dispatches.length),
          figure('Predicted step', 'micros', a.predictedMicros, b.predictedMicros),
          figure('Operations a step', 'flops', a.flops, b.flops),
          figure('Read and written a step', 'bytes', a.bytes, b.bytes),
        ];
  return [
    ...ofEntry,
    figure('Kernels of all entries', 'count', x.kernels, y.kernels),
    figure('Peak of memory', 'bytes', x.peakBytes, y.peakBytes),
    figure('Lower bound of the peak', 'bytes', x.lowerBoundBytes, y.lowerBoundBytes),
    figure('Compiling', 'millis', before.milliseconds, after.milliseconds),
  ];
}

/** Milliseconds of a pass in two compilations; absent in the one that did not run it. */
export interface PassChange {
  readonly entry?: string;
  readonly name: string;
  readonly before?: number;
  readonly after?: number;
}

/** The passes of an entry, and of all entries together, in the order of those after; what only the first ran comes last. */
export function passChanges(
  before: readonly LookPass[],
  after: readonly LookPass[],
  entry: string,
): PassChange[] {
  const changes = new Map<string, PassChange>();
  const add = (passes: readonly LookPass[], side: 'before' | 'after'): void => {
    for (const { entry: of, name, milliseconds } of passes) {
      if (of !== undefined && of !== entry) continue;
      const key = JSON.stringify([of, name]);
      const known = changes.get(key) ?? { name, ...(of === undefined ? {} : { entry: of }) };
      changes.set(key, { ...known, [side]: (known[side] ?? 0) + milliseconds });
    }
  };
  add(after, 'after');
  add(before, 'before');
  return [...changes.values()];
}
