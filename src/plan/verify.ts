import { tensorSize } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import { type Group, groupName, type Stage, tensorsReadBy, tensorsWritten } from '../schedule/group.ts';
import { GroupError } from '../schedule/groupError.ts';
import { oldValueElsewhere } from '../schedule/verifyInPlace.ts';
import type { ArenaPlace, BufferLayout } from './planBuffers.ts';

/**
 * Throws GroupError `in place` unless every temporary that a group stores has a place, and two that are needed at the same
 * time share no memory; or a group writes the one at just the place of the other, in the last dispatch that reads the other,
 * reads it alone there, and reads each element just before it writes it. When which is needed it finds out for itself.
 *
 * @param entries the stages of each entry by name
 */
export function verifyLayout(
  entries: ReadonlyMap<string, readonly Stage[]>,
  { places }: Pick<BufferLayout, 'places'>,
): void {
  for (const stages of entries.values()) {
    let open: Placed[] = [];
    for (const need of [...needsOf(stages).values()].sort((a, b) => a.first - b.first)) {
      const place = placeOf(need, places);
      const next = { ...need, place, end: place.offset + tensorSize(need.tensor) };
      open = open.filter((old) => old.last >= next.first);
      for (const old of open) {
        if (!isOver(old, next)) continue;
        const fault = faultOf(old, next, stages[next.first]?.groups ?? []);
        if (fault === null) continue;
        const message = `writes ${next.tensor.name} over ${old.tensor.name}, ${fault}`;
        throw new GroupError(next.writer, 'in place', next.tensor, message);
      }
      open.push(next);
    }
  }
}

/** A temporary in memory: the group that stores it, in dispatch `first`, and the last dispatch that reads it. */
interface Need {
  readonly tensor: Tensor;
  readonly writer: Group;
  readonly first: number;
  last: number;
}

interface Placed extends Need {
  readonly place: ArenaPlace;
  /** The element after its last one. */
  readonly end: number;
}

function needsOf(stages: readonly Stage[]): Map<Tensor, Need> {
  const needs = new Map<Tensor, Need>();
  for (const [at, { groups }] of stages.entries()) {
    for (const writer of groups)
      for (const tensor of tensorsWritten(writer))
        if (tensor.role === 'temp' && !writer.locals.includes(tensor))
          needs.set(tensor, { tensor, writer, first: at, last: at });
    for (const group of groups) {
      for (const tensor of tensorsReadBy(group)) {
        const need = needs.get(tensor);
        if (need !== undefined) need.last = at;
      }
    }
  }
  return needs;
}

function placeOf({ tensor, writer }: Need, places: BufferLayout['places']): ArenaPlace {
  const place = places.get(tensor);
  if (place !== undefined) return place;
  throw new GroupError(writer, 'in place', tensor, `writes ${tensor.name}, which has no place`);
}

function isOver(a: Placed, b: Placed): boolean {
  return a.place.arena === b.place.arena && a.place.offset < b.end && b.place.offset < a.end;
}

/** Why one temporary may not lie over another that was stored before it, in words; null where it may. */
function faultOf(old: Placed, next: Placed, groups: readonly Group[]): string | null {
  const { writer } = next;
  if (old.last > next.first) return 'which a later dispatch reads';
  if (old.first === next.first) return 'which the same dispatch writes';
  const isSame = tensorSize(old.tensor) === tensorSize(next.tensor) && old.tensor.dtype === next.tensor.dtype;
  if (!isSame || old.place.offset !== next.place.offset) return 'which starts or ends elsewhere';
  const other = groups.find((group) => group !== writer && tensorsReadBy(group).has(old.tensor));
  if (other !== undefined) return `which ${groupName(other)} of the same dispatch reads`;
  for (const loop of writer.loops) {
    const out = loop.outs.find(({ tensor }) => tensor === next.tensor);
    if (out === undefined) continue;
    const where = oldValueElsewhere(writer, loop, out, old.tensor);
    return where === null ? null : `which ${where}`;
  }
  return 'as a partial result';
}
