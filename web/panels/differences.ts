import { diffArrays } from 'diff';

/** A line of two texts side by side. Numbers count from 1, in the text before and the text after. */
export type DiffLine =
  | { readonly kind: 'same'; readonly text: string; readonly before: number; readonly after: number }
  | {
      readonly kind: 'removed';
      readonly text: string;
      readonly before: number;
      readonly marks: readonly Mark[];
    }
  | {
      readonly kind: 'added';
      readonly text: string;
      readonly after: number;
      readonly marks: readonly Mark[];
    };

/** Characters of a line that differ from its counterpart, the end not included. */
export interface Mark {
  readonly from: number;
  readonly to: number;
}

/** What of two texts differs. */
export interface Difference {
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
  /** Whether it is the shortest; of large texts that have little in common, parts are shown as removed and added whole. */
  readonly isShortest: boolean;
}

/** Lines removed and added that are tried between two lines that both texts have once: the effort grows with its square. */
const MOST_EDITS = 600;
/** Within a line, in words. */
const MOST_WORDS = 60;
/** Longer lines are marked as a whole. */
const LONGEST_MARKED = 600;

/**
 * What differs between two texts, line by line. Its time grows with their length, not with its square: lines that both have
 * once are found first (as a patience diff has it), and only what lies between them is compared, up to a bound.
 */
export function differenceOf(before: string, after: string): Difference {
  const [a, b] = [linesOf(before), linesOf(after)];
  const lines: DiffLine[] = [];
  let [added, removed, isShortest] = [0, 0, true];
  let [i, j] = [0, 0];
  const keep = (): void => {
    lines.push({ kind: 'same', text: b[j] ?? '', before: ++i, after: ++j });
  };
  const change = (less: readonly string[], more: readonly string[]): void => {
    const marks = marksOf(less, more);
    removed += less.length;
    added += more.length;
    for (const [k, text] of less.entries())
      lines.push({ kind: 'removed', text, before: ++i, marks: marks[k]?.[0] ?? [] });
    for (const [k, text] of more.entries())
      lines.push({ kind: 'added', text, after: ++j, marks: marks[k]?.[1] ?? [] });
  };
  const between = (to: readonly [number, number]): void => {
    const [less, more] = [a.slice(i, to[0]), b.slice(j, to[1])];
    const parts =
      less.length === 0 || more.length === 0 ? [] : diffArrays(less, more, { maxEditLength: MOST_EDITS });
    if (parts === undefined) isShortest = false;
    if (parts === undefined || parts.length === 0) {
      change(less, more);
      return;
    }
    let lost: readonly string[] = [];
    for (const part of parts) {
      if (part.removed) {
        lost = part.value;
        continue;
      }
      if (part.added) change(lost, part.value);
      else {
        change(lost, []);
        for (let k = 0; k < part.value.length; k++) keep();
      }
      lost = [];
    }
    change(lost, []);
  };
  for (const anchor of [...anchors(a, b), [a.length, b.length] as const]) {
    between(anchor);
    if (i < a.length && j < b.length) keep();
  }
  return { lines, added, removed, isShortest };
}

/** The lines of a text, without an empty one at its end. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * Places of lines that both have once, in an order that both have: the longest such list. Lines around them that are equal
 * too are not among them.
 */
function anchors(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const [inA, inB] = [placesOnce(a), placesOnce(b)];
  const shared: [number, number][] = [];
  for (const [line, i] of inA) {
    const j = inB.get(line);
    if (i !== null && j !== undefined && j !== null) shared.push([i, j]);
  }
  return longestRising(shared);
}

/** The place of each line that is there once; null for one that is there more often. */
function placesOnce(lines: readonly string[]): Map<string, number | null> {
  const places = new Map<string, number | null>();
  for (const [k, line] of lines.entries()) places.set(line, places.has(line) ? null : k);
  return places;
}

/** The longest list of pairs whose second numbers rise as the first do, by patience sorting. */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  const sorted = [...pairs].sort((x, y) => x[0] - y[0]);
  /** For each length the pair that ends the list of that length with the least second number. */
  const ends: number[] = [];
  const before = new Int32Array(sorted.length).fill(-1);
  for (const [k, [, j]] of sorted.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[ends[middle] ?? 0]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    before[k] = low === 0 ? -1 : (ends[low - 1] ?? -1);
    ends[low] = k;
  }
  const found: [number, number][] = [];
  for (let k = ends.at(-1) ?? -1; k >= 0; k = before[k] ?? -1) {
    const pair = sorted[k];
    if (pair !== undefined) found.push(pair);
  }
  return found.reverse();
}

/** For lines that take the place of as many others: which words of each are not in its counterpart. */
function marksOf(less: readonly string[], more: readonly string[]): (readonly [Mark[], Mark[]])[] {
  if (less.length !== more.length) return [];
  return less.map((line, k) => wordMarks(line, more[k] ?? ''));
}

function wordMarks(before: string, after: string): readonly [Mark[], Mark[]] {
  if (Math.max(before.length, after.length) > LONGEST_MARKED) return [[], []];
  const parts = diffArrays(wordsOf(before), wordsOf(after), { maxEditLength: MOST_WORDS });
  if (parts === undefined) return [[], []];
  const marks: [Mark[], Mark[]] = [[], []];
  const at: [number, number] = [0, 0];
  let shared = 0;
  for (const { value, added, removed } of parts) {
    const { length } = value.join('');
    if (!added) {
      if (removed) marks[0].push({ from: at[0], to: at[0] + length });
      at[0] += length;
    }
    if (!removed) {
      if (added) marks[1].push({ from: at[1], to: at[1] + length });
      at[1] += length;
    }
    if (!added && !removed) shared += value.join('').trim().length;
  }
  // Lines of which little is left are other lines: marks would be noise.
  return 3 * shared < Math.max(before.trim().length, after.trim().length) ? [[], []] : marks;
}

function wordsOf(line: string): string[] {
  return line.match(/[\w.']+|\s+|[^\w\s]/g) ?? [];
}

/** Lines of a difference that stand together, or how many equal ones are folded away between. */
export type Fold =
  | { readonly kind: 'lines'; readonly lines: readonly DiffLine[] }
  | { readonly kind: 'folded'; readonly lines: readonly DiffLine[] };

/** Folds away what is equal and further than `context` lines from what is not. A fold hides two lines at least. */
export function folded(lines: readonly DiffLine[], context = 3): Fold[] {
  const folds: Fold[] = [];
  let shown: DiffLine[] = [];
  let k = 0;
  const show = (some: readonly DiffLine[]): void => {
    for (const line of some) shown.push(line);
  };
  while (k < lines.length) {
    let end = k;
    const isSame = lines[k]?.kind === 'same';
    while (end < lines.length && (lines[end]?.kind === 'same') === isSame) end++;
    const run = lines.slice(k, end);
    const head = k === 0 ? 0 : context;
    const tail = end === lines.length ? 0 : context;
    if (isSame && run.length > head + tail + 1) {
      show(run.slice(0, head));
      if (shown.length > 0) folds.push({ kind: 'lines', lines: shown });
      folds.push({ kind: 'folded', lines: run.slice(head, run.length - tail) });
      shown = tail === 0 ? [] : run.slice(-tail);
    } else show(run);
    k = end;
  }
  if (shown.length > 0) folds.push({ kind: 'lines', lines: shown });
  return folds;
}
