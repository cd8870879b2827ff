import type { EntryReport, Report, TemporaryReport } from '../../src/inspect/report.ts';

/** An arena of the plan of memory, with what lies in it while an entry runs. */
export interface ArenaPlan {
  readonly name: string;
  readonly bytes: number;
  readonly blocks: readonly Block[];
}

/** Something with a place: bytes of an arena, for some dispatches. */
export interface Block {
  readonly name: string;
  /** `f32[128, 10]`; absent for what has none, as a whole arena. */
  readonly type?: string;
  readonly arena: string;
  readonly offset: number;
  readonly bytes: number;
  /** The first and the last dispatch that need it, both included. */
  readonly from: number;
  readonly to: number;
  /** Whether it outlives the step, as states do. */
  readonly persists: boolean;
}

/** In what order arenas stand, from the top: what persists is below. */
const order = ['packed', 'results', 'words', 'temps', 'state'] as const;

/** The arenas of a report with what an entry has in them; empty arenas are left out. */
export function arenaPlans(report: Report, entry: EntryReport): ArenaPlan[] {
  const last = Math.max(0, entry.dispatches.length - 1);
  const states = report.states.map(
    (state): Block => ({ ...placed(state), from: 0, to: last, persists: true }),
  );
  const temporaries = entry.temporaries.map(temporaryBlock);
  return order.flatMap((name) => {
    const bytes = report.arenas[name] ?? 0;
    if (bytes === 0) return [];
    const blocks = [...states, ...temporaries].filter(({ arena }) => arena === name);
    return [{ name, bytes, blocks: blocks.length > 0 ? blocks : [whole(name, bytes, last)] }];
  });
}

function placed({ name, dtype, shape, arena, offset, bytes }: Report['states'][number]) {
  return { name, type: `${dtype}[${shape.join(', ')}]`, arena, offset, bytes };
}

function temporaryBlock(temporary: TemporaryReport): Block {
  return { ...placed(temporary), from: temporary.from, to: temporary.to, persists: false };
}

/** An arena whose parts a report does not tell apart. */
function whole(arena: string, bytes: number, last: number): Block {
  return { name: arena, arena, offset: 0, bytes, from: 0, to: last, persists: true };
}

/**
 * Bytes that temporaries take at each dispatch of an entry, in one arena. Those of two that share a place in the dispatch that
 * writes one over the other count once.
 */
export function bytesInUse(
  temporaries: readonly TemporaryReport[],
  arena: string,
  dispatches: number,
): number[] {
  const here = temporaries.filter((t) => t.arena === arena).sort((a, b) => a.offset - b.offset);
  const used = new Array<number>(dispatches).fill(0);
  const ends = new Array<number>(dispatches).fill(0);
  for (const { offset, bytes, from, to } of here)
    for (let k = from; k <= to && k < dispatches; k++) {
      const end = ends[k] ?? 0;
      used[k] = (used[k] ?? 0) + Math.max(0, offset + bytes - Math.max(offset, end));
      ends[k] = Math.max(end, offset + bytes);
    }
  return used;
}

/** The first dispatch at which temporaries take most bytes; undefined where there are none. */
export function peakDispatch({ temporaries, dispatches }: EntryReport): number | undefined {
  const arenas = [...new Set(temporaries.map(({ arena }) => arena))];
  if (arenas.length === 0) return undefined;
  const used = arenas.map((arena) => bytesInUse(temporaries, arena, dispatches.length));
  const at = (k: number): number => used.reduce((sum, bytes) => sum + (bytes[k] ?? 0), 0);
  return dispatches.reduce((peak, _, k) => (at(k) > at(peak) ? k : peak), 0);
}

/** A part of a chart's height: where it begins, and whether it is drawn to the scale of the others. */
export interface Lane {
  readonly top: number;
  readonly height: number;
  readonly isToScale: boolean;
}

/** Heights in proportion to bytes, but none below `least`: what is drawn larger than it is says so. */
export function laneHeights(bytes: readonly number[], height: number, least: number, gap: number): Lane[] {
  const room = height - gap * (bytes.length - 1);
  const isSmall = new Array<boolean>(bytes.length).fill(false);
  let scale = 0;
  // Each lane that is made larger leaves less for the others: again until none is below the least.
  for (let more = true; more; ) {
    const small = isSmall.filter(Boolean).length;
    const large = bytes.reduce((sum, size, k) => sum + (isSmall[k] === true ? 0 : size), 0);
    scale = large > 0 ? Math.max(0, room - small * least) / large : 0;
    more = false;
    for (const [k, size] of bytes.entries())
      if (isSmall[k] === false && size * scale < least) {
        isSmall[k] = true;
        more = true;
      }
  }
  let top = 0;
  return bytes.map((size, k) => {
    const lane = { top, height: isSmall[k] === true ? least : size * scale, isToScale: isSmall[k] !== true };
    top += lane.height + gap;
    return lane;
  });
}
