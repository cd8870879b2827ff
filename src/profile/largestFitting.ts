import type { SizeFit } from './fits.ts';
import type { Verdict } from './limits.ts';

/** What is needed with a maximum of a size, or the fault for which there is no plan. */
export interface Ask {
  readonly needs: readonly Verdict[];
  readonly fault: string | null;
}

/** Compilations that a search may take: each takes as long as the module's own. */
const MOST_ASKS = 12;
/** How near to a size that does not fit is near enough: a part of it. Each step nearer is a compilation. */
const NEAR = 1 / 50;
/** Elements that a size may have at most: programs count no more. */
const MOST_SIZE = 2 ** 29;

/**
 * The largest maximum of a size with which all fits. Bytes are nearly linear in it, so two answers tell about where the limit is;
 * what is between what fits and what does not is asked until that is little, or the search has taken long enough.
 *
 * @param max the one that is declared, and `own` its answer
 */
export function largestFitting(
  max: number,
  own: Ask,
  ask: (max: number) => Ask,
): Pick<SizeFit, 'largest' | 'tooLarge' | 'why'> {
  const answers = new Map([[max, own]]);
  const fits = (of: number): boolean => {
    const known = answers.get(of) ?? ask(of);
    answers.set(of, known);
    return known.fault === null && known.needs.every((verdict) => verdict.fits);
  };
  let [low, high] = fits(max) ? [max, MOST_SIZE + 1] : [0, max];
  // The other end of the line: twice as many, or one.
  const other = low === max ? Math.min(2 * max, MOST_SIZE) : 1;
  while (high - low > Math.max(1, NEAR * low) && answers.size < MOST_ASKS) {
    const guess = answers.size === 1 ? other : guessOf(answers);
    if (guess === Infinity && high > MOST_SIZE) return { largest: null, tooLarge: null, why: FREE };
    // Schedules change with the size, and lines bend there: halves find what lines do not.
    const isBlind = (answers.get(high)?.fault ?? null) !== null;
    const isHalved = isBlind || (answers.size > MOST_ASKS / 2 && answers.size % 2 === 0);
    const next = isHalved ? Math.floor((low + Math.min(high, 4 * low)) / 2) : guess;
    const inside = Math.min(high - 1, Math.max(low + 1, next));
    if (fits(inside)) low = inside;
    else high = inside;
  }
  const tooLarge = high > MOST_SIZE ? null : high;
  return { largest: low === 0 ? null : low, tooLarge, why: whyNot(answers.get(high)) };
}

/** Why a size may be anything. */
const FREE = 'no limit depends on it';

/** Where the line through the two answers that are nearest to a limit meets it; infinite where none does, or there are no two. */
function guessOf(answers: ReadonlyMap<number, Ask>): number {
  const known = [...answers].filter(([, { fault }]) => fault === null).sort(([a], [b]) => a - b);
  const above = known.findIndex(([, { needs }]) => needs.some(({ fits }) => !fits));
  const at = above < 0 ? known.length - 1 : Math.max(1, above);
  const [first, last] = [known[at - 1], known[at]];
  if (first === undefined || last === undefined) return Infinity;
  const [[a, { needs: less }], [b, { needs: more }]] = [first, last];
  const ends = more.flatMap(({ limit, unit, what, needed, available }) => {
    const before = less.find((need) => need.limit === limit && (unit !== 'bytes' || need.what === what));
    const slope = before === undefined ? 0 : (needed - before.needed) / (b - a);
    return available === null || slope <= 0 ? [] : [Math.floor(b + (available - needed) / slope)];
  });
  return Math.min(...ends);
}

/** What of an answer does not fit, in a sentence. */
function whyNot(answer: Ask | undefined): string {
  if (answer === undefined) return FREE;
  if (answer.fault !== null) return answer.fault;
  const [worst] = answer.needs.filter(({ fits }) => !fits).sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
  if (worst === undefined) return FREE;
  return `${worst.what}: ${worst.needed} ${worst.unit}, and ${worst.limit} is ${worst.available}`;
}
