import { tensorSize } from '../loops/edges.ts';
import { loadsIn, loopLoads, type Tensor } from '../loops/index.ts';
import { type Group, groupName, type Stage } from '../schedule/group.ts';
import { GroupError } from '../schedule/groupError.ts';
import { oldValueElsewhere } from '../schedule/verifyInPlace.ts';
import type { BufferLayout } from './planBuffers.ts';

/**
 * Throws GroupError `in place` where two temporaries lie over one another that are needed at the same time: unless a
 * group writes the one over the other, is in the last dispatch that reads the other, reads it alone there, and reads each
 * element just before it writes it.
 *
 * @param entries the stages of each entry by name
 */
export function verifyLayout(entries: ReadonlyMap<string, readonly Stage[]>, layout: BufferLayout): void {
  for (const [name, stages] of entries) {
    const live = layout.ranges.get(name) ?? [];
    for (const [k, a] of live.entries()) {
      for (const b of live.slice(k + 1)) {
        if (a.from > b.to || b.from > a.to || !areOver(a.tensor, b.tensor, layout)) continue;
        const [old, next] = a.to === b.from ? [a, b] : [b, a];
        const groups = stages[next.from]?.groups ?? [];
        const writer = groups.find((group) => makes(group, next.tensor));
        if (writer === undefined) continue;
        const fail = (text: string): never => {
          const message = `writes ${next.tensor.name} over ${old.tensor.name}, ${text}`;
          throw new GroupError(writer, 'in place', next.tensor, message);
        };
        if (old.to !== next.from) fail('which a later dispatch reads');
        const other = groups.find((group) => group !== writer && reads(group, old.tensor));
        if (other !== undefined) fail(`which ${groupName(other)} of the same dispatch reads`);
        for (const loop of writer.loops) {
          const out = loop.outs.find(({ tensor }) => tensor === next.tensor);
          const where = out === undefined ? null : oldValueElsewhere(writer, loop, out, old.tensor);
          if (where !== null) fail(`which ${where}`);
        }
        if (!writer.loops.some((loop) => loop.outs.some(({ tensor }) => tensor === next.tensor)))
          fail('as a partial result');
      }
    }
  }
}

function areOver(a: Tensor, b: Tensor, { places }: BufferLayout): boolean {
  const [p, q] = [places.get(a), places.get(b)];
  if (p === undefined || q === undefined || p.arena !== q.arena) return false;
  return p.offset < q.offset + tensorSize(b) && q.offset < p.offset + tensorSize(a);
}

function makes({ loops, partials }: Group, tensor: Tensor): boolean {
  return (
    loops.some((loop) => loop.outs.some((out) => out.tensor === tensor)) ||
    partials.some((partial) => partial.tensor === tensor)
  );
}

function reads({ prologue, loops, partials }: Group, tensor: Tensor): boolean {
  const all = [...prologue, ...loops];
  return (
    all.some((loop) => loopLoads(loop).some((load) => load.tensor === tensor)) ||
    partials.some(({ body }) => loadsIn(body).some((load) => load.tensor === tensor))
  );
}
