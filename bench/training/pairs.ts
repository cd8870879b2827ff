/** Processor seconds that work takes in this process, all threads together. */
export async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * How much more one way of doing something takes than another, by processor time: pairs in turn, so that what else runs on the
 * machine meets both, each way first in half of them.
 *
 * @returns the median, and the quartiles, of the ratios
 */
export async function ratioOf(
  pairs: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<{ readonly median: number; readonly quartiles: readonly [number, number] }> {
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const times = { one: 0, other: 0 };
    const ways = pair % 2 === 0 ? (['one', 'other'] as const) : (['other', 'one'] as const);
    for (const way of ways) times[way] = await processorSeconds(way === 'one' ? one : other);
    ratios.push(times.one / times.other);
  }
  ratios.sort((a, b) => a - b);
  const at = (share: number): number => ratios[Math.floor(share * (ratios.length - 1))] ?? Number.NaN;
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)] };
}

/** A ratio for people: `1.004 (0.991 to 1.013)`. */
export function ratioText({ median, quartiles: [low, high] }: Awaited<ReturnType<typeof ratioOf>>): string {
  return `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
