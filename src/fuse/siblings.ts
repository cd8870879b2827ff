import { loadsReduced, tensorsRead, writers, writesOver } from '../loops/edges.ts';
import {
  type Axis,
  axisRef,
  contractionOf,
  domainSize,
  type Expr,
  type Loop,
  mapExpr,
  type Reduction,
  substituteAxes,
  ValueNumbers,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { tooLarge } from './bulk.ts';
import type { Decisions } from './decisions.ts';
import { longAxis } from './parts.ts';

/**
 * Move 3 of fusion: two reductions over the same elements that read the same tensor as one loop with several
 * accumulators; null where they do not, the reason where they cannot be one.
 *
 * The second may lack some parallel axes of the first if that is a contraction and the second sums one of
 * its sides (a bias gradient beside its weight gradient): the tiles are in workgroup memory already, and the
 * workgroups at index 0 of the missing axes own it. Where invocations compute alone there are no such tiles.
 */
export function mergedSiblings(host: Loop, guest: Loop, machine: Machine): Loop | string | null {
  if (guest.reductions.length === 0 || host.reductions.length === 0) return null;
  const map = commonReads(host, guest);
  const merged = map === null ? null : asSibling(host, guest, map, machine);
  return merged === null || typeof merged === 'string' ? merged : (tooLarge(merged) ?? merged);
}

/**
 * States of one element that count on by themselves as one loop: a workgroup for each would be more text than work. They
 * stay states of their own, even where they start equal and are updated alike: each can be read and set by its name, so
 * that two of them may differ, and another entry may update one alone. So none is a common subexpression of another.
 */
export function mergeCounters(loops: readonly Loop[], decisions: Decisions): Loop[] {
  const made = writers(loops);
  const [host, ...others] = loops.filter(
    (loop) =>
      domainSize([...loop.axes, ...loop.reduceAxes]) === 1 &&
      loop.reductions.length === 0 &&
      writesOver(loop) &&
      [...tensorsRead(loop)].every((tensor) => !made.has(tensor)),
  );
  if (host === undefined) return [...loops];
  for (const guest of others)
    decisions.take('sibling', host, guest, 'they are states of one element that wait for nothing');
  const all = [host, ...others];
  const merged: Loop = {
    ...host,
    axes: all.flatMap(({ axes }) => axes),
    outs: all.flatMap(({ outs }) => outs),
    origin: [...new Set(all.flatMap(({ origin }) => origin))],
  };
  // They wait for nothing: where the first of them stands, none of their readers came before.
  const guests = new Set(others);
  return loops.flatMap((loop) => (loop === host ? [merged] : guests.has(loop) ? [] : [loop]));
}

/**
 * The host with the guest's reductions and outputs added; the reason against it.
 *
 * @param map from the guest's axes to the host's
 */
function asSibling(host: Loop, guest: Loop, map: ReadonlyMap<Axis, Axis>, machine: Machine): Loop | string {
  const sideOf = contractionOf(host);
  const lacks = host.axes.some((axis) => axis.extent > 1 && ![...map.values()].includes(axis));
  if (contractionOf(guest) !== null) return 'each is a contraction with tiles of its own';
  const exprs = new Map<Axis, Expr>([...map].map(([from, to]) => [from, axisRef(to)] as const));
  const reductions = guest.reductions.map((r): Reduction => ({ ...r, body: substituteAxes(r.body, exprs) }));
  if (sideOf !== null) {
    if (!lacks) return 'a contraction takes only sums of one side';
    if (!machine.features.has('barriers')) return 'an invocation that computes alone has no tiles to share';
    const numbers = new ValueNumbers();
    const isSide = (body: Expr): boolean =>
      [sideOf.a, sideOf.b].some(
        (side) => side.length === 1 && side[0] !== undefined && numbers.same(side[0], body),
      );
    if (!reductions.every((r) => r.monoid === 'sum' && isSide(r.body)))
      return 'it does not sum a side of the contraction';
  } else if (lacks || host.axes.length !== guest.axes.length) {
    return 'they run over different elements';
  }
  // Beside a variance a long sum would run in one piece: slower, and with other digits than alone.
  if ((longAxis(host) === null) !== (longAxis(guest) === null))
    return 'only one of them can be done in parts';
  const shift = host.reductions.length;
  const outs = guest.outs.map((out) => ({
    tensor: out.tensor,
    at: out.at.map((axis) => map.get(axis) ?? axis),
    value: mapExpr(substituteAxes(out.value, exprs), (e) =>
      e.kind === 'acc' ? { ...e, reduction: e.reduction + shift } : e,
    ),
  }));
  const unit = guest.axes.filter((axis) => !map.has(axis));
  return {
    ...host,
    axes: [...host.axes, ...unit],
    reductions: [...host.reductions, ...reductions],
    outs: [...host.outs, ...outs],
    origin: [...new Set([...host.origin, ...guest.origin])],
  };
}

/**
 * The map from the guest's axes to the host's under which some load of both is the same: parallel axes to
 * parallel ones, and the reduction axes to exactly the host's, in order.
 */
function commonReads(host: Loop, guest: Loop): Map<Axis, Axis> | null {
  const wide = (axes: readonly Axis[]): Axis[] => axes.filter((axis) => axis.extent > 1);
  const [hostReduce, guestReduce] = [wide(host.reduceAxes), wide(guest.reduceAxes)];
  if (hostReduce.length !== guestReduce.length || hostReduce.length === 0) return null;
  const same = (a: Axis, b: Axis): boolean =>
    a.extent === b.extent && a.live?.size.name === b.live?.size.name && a.live?.factor === b.live?.factor;
  if (!guestReduce.every((axis, k) => same(axis, hostReduce[k] ?? axis))) return null;
  for (const x of loadsReduced(guest)) {
    for (const y of loadsReduced(host)) {
      if (x.tensor !== y.tensor) continue;
      const map = new Map<Axis, Axis>();
      if (!unify(x, y, map)) continue;
      const mapped = [...wide(guest.axes), ...guestReduce].every((axis) => map.has(axis));
      const inPlace = guestReduce.every((axis, k) => map.get(axis) === hostReduce[k]);
      const parallel = wide(guest.axes).every((axis) => host.axes.includes(map.get(axis) ?? axis));
      const distinct = new Set(map.values()).size === map.size;
      if (mapped && inPlace && parallel && distinct && [...map].every(([a, b]) => same(a, b))) return map;
    }
  }
  return null;
}

function unify(x: Expr, y: Expr, map: Map<Axis, Axis>): boolean {
  if (x.kind === 'axis' && y.kind === 'axis') {
    const known = map.get(x.axis);
    if (known !== undefined) return known === y.axis;
    map.set(x.axis, y.axis);
    return true;
  }
  if (x.kind === 'load' && y.kind === 'load') {
    return x.tensor === y.tensor && x.at.every((e, d) => y.at[d] !== undefined && unify(e, y.at[d], map));
  }
  if (x.kind === 'apply' && y.kind === 'apply') {
    return (
      x.op === y.op &&
      x.dtype === y.dtype &&
      x.args.every((e, k) => y.args[k] !== undefined && unify(e, y.args[k], map))
    );
  }
  return x.kind === 'const' && y.kind === 'const' && Object.is(x.value, y.value);
}
