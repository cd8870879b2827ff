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
    const open = new Open();
    for (const need of [...needsOf(stages).values()].sort((a, b) => a.first - b.first)) {
      const place = placeOf(need, places);
      const next = { ...need, place, end: place.offset + tensorSize(need.tensor) };
      open.close(next.first);
      for (const old of open.over(next)) {
        const fault = faultOf(old, next, stages[next.first]?.groups ?? []);
        if (fault === null) continue;
        const message = `writes ${next.tensor.name} over ${old.tensor.name}, ${fault}`;
        throw new GroupError(next.writer, 'in place', next.tensor, message);
      }
      open.add(next);
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

/**
 * Temporaries that are needed at one dispatch, in each arena by offset. Of those that share memory each takes just the place of
 * the others: so their ends are in order too, and what a place meets stands together.
 */
class Open {
  readonly #byOffset = new Map<ArenaPlace['arena'], Placed[]>();
  readonly #endingAt = new Map<number, Placed[]>();
  #from = 0;

  add(placed: Placed): void {
    const row = this.#rowOf(placed);
    row.splice(firstEndingAfter(row, placed.place.offset), 0, placed);
    const ending = this.#endingAt.get(placed.last);
    if (ending === undefined) this.#endingAt.set(placed.last, [placed]);
    else ending.push(placed);
  }

  /** Forgets those that no dispatch from this one on needs. */
  close(dispatch: number): void {
    for (; this.#from < dispatch; this.#from++) {
      for (const placed of this.#endingAt.get(this.#from) ?? []) {
        const row = this.#rowOf(placed);
        row.splice(row.indexOf(placed, firstEndingAfter(row, placed.place.offset)), 1);
      }
      this.#endingAt.delete(this.#from);
    }
  }

  /** Those that share memory with one. */
  over({ place, end }: Placed): Placed[] {
    const row = this.#rowOf({ place });
    const from = firstEndingAfter(row, place.offset);
    let to = from;
    while ((row[to]?.place.offset ?? end) < end) to++;
    return row.slice(from, to);
  }

  #rowOf({ place: { arena } }: Pick<Placed, 'place'>): Placed[] {
    const row = this.#byOffset.get(arena) ?? [];
    this.#byOffset.set(arena, row);
    return row;
  }
}

/** The position of the first one, of some whose ends are in order, that ends after an offset. */
function firstEndingAfter(row: readonly Placed[], offset: number): number {
  let [from, to] = [0, row.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((row[middle]?.end ?? Infinity) > offset) to = middle;
    else from = middle + 1;
  }
  return from;
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
