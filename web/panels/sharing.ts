import type { Block } from './liveRanges.ts';

/*
 * Which tensors have bytes of one another at other times. Of one tensor all are named; of all tensors they are only counted, since
 * there may be as many pairs as the square of them.
 */

/** What has some of a block's bytes at another time, in order of time. */
export function sharingBytes(block: Block, blocks: readonly Block[]): Block[] {
  return blocks
    .filter((other) => other !== block && isApart(block, other) && overlaps(block, other))
    .sort((a, b) => a.from - b.from);
}

/** The dispatch that writes one over the other in place belongs to both. */
function isApart(a: Block, b: Block): boolean {
  return a.to <= b.from || b.to <= a.from;
}

/** What has no bytes shares none. */
function overlaps(a: Block, b: Block): boolean {
  return a.arena === b.arena && Math.max(a.offset, b.offset) < Math.min(endOf(a), endOf(b));
}

function endOf({ offset, bytes }: Block): number {
  return offset + bytes;
}

/**
 * How many {@link sharingBytes} finds for each of some blocks. It goes through time forwards, then backwards, and holds where what it
 * has passed begins and ends: n · log n steps.
 */
export function sharingCounts(blocks: readonly Block[]): ReadonlyMap<Block, number> {
  const counts = new Map(blocks.map((block) => [block, 0]));
  const arenas = new Set(blocks.map(({ arena }) => arena));
  for (const arena of arenas) {
    const here = blocks.filter((block) => block.arena === arena && block.bytes > 0);
    const add = (block: Block, count: number): void => {
      counts.set(block, (counts.get(block) ?? 0) + count);
    };
    // Those that end before a block begins. One of a single dispatch finds itself, too.
    for (const [block, found] of met(here, here.flatMap(forwards)))
      add(block, found - (isInstant(block) ? 1 : 0));
    // Those that begin after it ends.
    for (const [block, found] of met(here, here.flatMap(backwards))) add(block, found);
  }
  return counts;
}

/** When a block is passed, and when it asks which of those that were passed it overlaps; of one time the lower rank is first. */
interface Moment {
  readonly time: number;
  readonly rank: number;
  readonly kind: 'passed' | 'asks';
  readonly block: Block;
}

function forwards(block: Block): Moment[] {
  return [
    { time: block.to, rank: 0, kind: 'passed', block },
    { time: block.from, rank: 1, kind: 'asks', block },
  ];
}

/** Two that live for the same single dispatch have met on the way forwards: here each asks before the other is passed. */
function backwards(block: Block): Moment[] {
  const [passed, asks] = isInstant(block) ? [2, 1] : [0, 3];
  return [
    { time: -block.from, rank: passed, kind: 'passed', block },
    { time: -block.to, rank: asks, kind: 'asks', block },
  ];
}

function isInstant({ from, to }: Block): boolean {
  return from === to;
}

/** For each block that asks, how many of those that were passed by then overlap it: those that begin before its end, without those that end before it begins. */
function* met(blocks: readonly Block[], moments: readonly Moment[]): Generator<[Block, number]> {
  const begins = new Counts(blocks.map(({ offset }) => offset));
  const ends = new Counts(blocks.map(endOf));
  for (const { kind, block } of moments.toSorted((a, b) => a.time - b.time || a.rank - b.rank)) {
    if (kind === 'passed') {
      begins.add(block.offset);
      ends.add(endOf(block));
    } else {
      yield [block, begins.below(endOf(block)) - ends.below(block.offset + 1)];
    }
  }
}

/** Whole numbers out of a known set, counted as they come: a Fenwick tree (Fenwick 1994). */
class Counts {
  readonly #values: readonly number[];
  readonly #sums: number[];

  constructor(values: readonly number[]) {
    this.#values = [...new Set(values)].sort((a, b) => a - b);
    this.#sums = new Array<number>(this.#values.length + 1).fill(0);
  }

  add(value: number): void {
    for (let k = this.#rank(value) + 1; k < this.#sums.length; k += k & -k)
      this.#sums[k] = (this.#sums[k] ?? 0) + 1;
  }

  /** How many of those that came are less than a number. */
  below(value: number): number {
    let sum = 0;
    for (let k = this.#rank(value); k > 0; k -= k & -k) sum += this.#sums[k] ?? 0;
    return sum;
  }

  /** How many of the known values are less than one. */
  #rank(value: number): number {
    let [low, high] = [0, this.#values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
