import {
  type Apart,
  apartOf,
  type Dependence,
  type NodePlace,
  shortestReads,
} from '../../src/inspect/apart.ts';
import type { Look, LookDecision } from '../../src/inspect/look.ts';
import { nodesPicked, spanAt } from './lit.ts';
import { type Places, placesOf } from './places.ts';
import type { Picked } from './selection.ts';

/**
 * Why two are not one, or what they share; undefined where the entry computes one of them nowhere.
 */
export function whyApart(look: Look, entry: string, a: Picked, b: Picked): Apart<LookDecision> | undefined {
  const places = placesOf(look, entry);
  const [ofA, ofB] = [placesPicked(look, entry, a), placesPicked(look, entry, b)];
  if (ofA.length === 0 || ofB.length === 0) return undefined;
  return apartOf(
    places.entry.decisions,
    { names: namesPicked(look, entry, a), places: ofA },
    { names: namesPicked(look, entry, b), places: ofB },
    () => dependence(places, ofA, ofB),
  );
}

/** Where what was picked is computed: each loop of it once. */
export function placesPicked(look: Look, entry: string, picked: Picked): readonly NodePlace[] {
  const places = placesOf(look, entry);
  if (picked.kind === 'dispatch') return loopsOf(places, picked.dispatch);
  const all = places.entry.dispatches.flatMap((_, k) => loopsOf(places, k));
  if (picked.kind === 'code') {
    const loop = spanAt(look, picked.kernel, picked.line)?.loop;
    return all.filter(
      (place) => place.kernel === picked.kernel && (loop === undefined || place.loop === loop),
    );
  }
  // What a loop is named after is computed there; else it went into those that compute it among others.
  const names = new Set(namesPicked(look, entry, picked).flatMap((name) => [name, `${name}'`]));
  const named = all.filter(({ loop }) => names.has(loop));
  if (named.length > 0 && picked.kind !== 'line') return named;
  const nodes = nodesPicked(look, entry, picked);
  return all.filter(({ dispatch, loop }) =>
    places.entry.dispatches[dispatch]?.formulas.some(
      (formula) => formula.name === loop && nodes.some((id) => formula.nodes.includes(id)),
    ),
  );
}

function loopsOf(places: Places, k: number): readonly NodePlace[] {
  const report = places.report.dispatches[k];
  if (report === undefined) return [];
  const names = new Set(places.entry.dispatches[k]?.formulas.map(({ name }) => name) ?? []);
  return [...names].map((loop) => ({
    dispatch: k,
    kernel: report.kernel,
    group: report.groups.find(({ loops }) => loops.includes(loop))?.name ?? loop,
    loop,
  }));
}

/** What the nodes that were picked are called in decisions: by label, or by operation and number. */
function namesPicked(look: Look, entry: string, picked: Picked): readonly string[] {
  if (picked.kind === 'buffer') return [picked.name];
  if (picked.kind === 'dispatch' || picked.kind === 'code') return [];
  return nodesPicked(look, entry, picked).flatMap((id) => {
    const node = look.nodes[id];
    return node === undefined ? [] : [node.label ?? `${node.op}_${node.id}`];
  });
}

function dependence(places: Places, a: readonly NodePlace[], b: readonly NodePlace[]): Dependence[] {
  const parts = places.entry.dispatches.map(({ reads, writes }, k) => ({
    name: places.report.dispatches[k]?.name ?? String(k),
    reads: new Set(reads.map(({ tensor }) => tensor)),
    writes: writes.map(({ tensor }) => tensor),
  }));
  const at = (of: readonly NodePlace[]): ReadonlySet<number> => new Set(of.map(({ dispatch }) => dispatch));
  const [first, last] = Math.min(...at(a)) <= Math.min(...at(b)) ? [at(a), at(b)] : [at(b), at(a)];
  return shortestReads(parts, first, last, (tensor) => tensor);
}
