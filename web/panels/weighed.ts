import type { Look, LookDecision } from '../../src/inspect/look.ts';
import type { Lit } from './selection.ts';

/** Which decisions are asked for. */
export interface Asked {
  /** Any, where it is empty. */
  readonly move: string;
  readonly outcome: 'all' | 'taken' | 'refused';
  /** Words that name or reason must all have, in any case. */
  readonly text: string;
  /** Names of what is picked; absent where any will do. */
  readonly names?: ReadonlySet<string>;
  readonly order: 'gain' | 'made';
}

/** The decisions that are asked for, in the order that is. */
export function decisionsAsked(decisions: readonly LookDecision[], asked: Asked): LookDecision[] {
  const words = asked.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = decisions.filter((decision) => {
    const { move, from, to, taken, text } = decision;
    if (asked.move !== '' && move !== asked.move) return false;
    if (asked.outcome !== 'all' && taken !== (asked.outcome === 'taken')) return false;
    if (asked.names !== undefined && !concerns(decision, asked.names)) return false;
    const all = `${move} ${from} ${to} ${text}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  return asked.order === 'gain' ? found.sort(byGain) : found;
}

/** The largest gain first, then the smallest loss; last those that time did not decide, as they were made. */
function byGain(a: LookDecision, b: LookDecision): number {
  const [x, y] = [a.gain ?? Number.NEGATIVE_INFINITY, b.gain ?? Number.NEGATIVE_INFINITY];
  return x === y ? 0 : y - x;
}

/** Whether a decision is of something of that name; several stand with commas, a group by its loops, `first..last`. */
function concerns({ from, to }: LookDecision, names: ReadonlySet<string>): boolean {
  return [from, to].some((name) => names.has(name) || name.split(/, |\.\./).some((part) => names.has(part)));
}

/** The names that decisions may have for what lights up: of loops, and of nodes as loops are named after them. */
export function namesOf(look: Look, entry: string, { nodes, dispatches }: Lit): ReadonlySet<string> {
  const names = new Set<string>();
  for (const id of nodes) {
    const node = look.nodes[id];
    if (node === undefined) continue;
    names.add(`${node.op}_${id}`);
    if (node.label !== undefined) names.add(node.label);
  }
  for (const k of dispatches)
    for (const formula of look.entries[entry]?.dispatches[k]?.formulas ?? [])
      if (nodes.size === 0 || formula.nodes.some((id) => nodes.has(id))) names.add(formula.name);
  return names;
}

/** The nodes of an entry by the names that decisions may have for them. */
export function nodeNames(look: Look, entry: string): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const dispatch of look.entries[entry]?.dispatches ?? [])
    for (const { name, nodes } of dispatch.formulas) {
      const last = nodes.at(-1);
      if (last !== undefined) names.set(name, last);
    }
  for (const id of look.entries[entry]?.nodes ?? []) {
    const node = look.nodes[id];
    if (node === undefined) continue;
    names.set(`${node.op}_${id}`, id);
    if (node.label !== undefined) names.set(node.label, id);
  }
  return names;
}

/** How many decisions there are of each move, the most frequent first. */
export function movesOf(
  decisions: readonly LookDecision[],
): { readonly move: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { move } of decisions) counts.set(move, (counts.get(move) ?? 0) + 1);
  return [...counts].map(([move, count]) => ({ move, count })).sort((a, b) => b.count - a.count);
}
