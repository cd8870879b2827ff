import { AffineForms, gcd } from './affine.ts';
import { type Axis, childrenOf, type Expr, type Load } from './expr.ts';
import { type Loop, loopLoads } from './loop.ts';
import { memoized } from './memo.ts';
import { extentOf } from './size.ts';

/** What an index takes of an axis: `axis // stride % extent`; all of it where the stride is 1 and the extent its own. */
export interface Part {
  readonly axis: Axis;
  readonly stride: number;
  readonly extent: number;
}

/**
 * One digit of an index in mixed radix: it adds `stride · value`, and the value lies in `0..extent - 1`. The value is a
 * part of an axis, or a constant.
 */
export interface Digit {
  readonly stride: number;
  readonly extent: number;
  readonly value: Part | number;
}

/** What stands above the digits of an index: a multiple of `stride` that is no digit. */
export interface Rest {
  readonly stride: number;
  /** Why it is none: something loaded or clamped, or a sum of axes (a window, a shifted slice). */
  readonly why: 'computed' | 'shifted';
  /** Parts of axes that it is made of, as far as they are known. */
  readonly parts: readonly Part[];
}

/**
 * A reader's index into one dimension, as a number in mixed radix. Neighbouring digits touch: the stride of a digit is
 * that of the one below times its extent, and the lowest is 1. The digits end at the extent of the dimension, or before,
 * where the index stays below it.
 */
export interface IndexMap {
  /** From the outermost on. */
  readonly digits: readonly Digit[];
  readonly rest: Rest | null;
}

/** What an index is, in a word. */
export type IndexKind =
  /** One axis of the reader, whole; it may end before the dimension does. */
  | 'axis'
  /** Several digits: axes merged in row-major order, a slice at a multiple of its length, every other element. */
  | 'merge'
  /** A quotient or a remainder of one axis. */
  | 'part'
  | 'constant'
  /** A window, or a slice that starts anywhere. */
  | 'shifted'
  /** A gather, or anything else that is computed. */
  | 'computed';

/** Which elements of a tensor a load reads, as its loop's axes move. */
export interface AccessMap {
  readonly load: Load;
  /** For each dimension of the tensor what the index is. */
  readonly dimensions: readonly IndexMap[];
  /** Whether all occurrences stand in a branch of a `select`: what is read elsewhere does not count. */
  readonly guarded: boolean;
}

/** The access maps of all loads of a loop, in the order of `loopLoads`. */
export const accessesOf = memoized((loop: Loop): readonly AccessMap[] => {
  const forms = new AffineForms();
  const open = unguarded(loop);
  // Only a load that stands in branches alone may be equal to one elsewhere.
  let numbers: ReadonlySet<number> | null = null;
  const isOpen = (load: Load): boolean => {
    if (open.has(load)) return true;
    numbers ??= new Set([...open].map((other) => forms.numbers.of(other)));
    return numbers.has(forms.numbers.of(load));
  };
  return loopLoads(loop).map((load) => ({
    load,
    dimensions: load.at.map((index, d) => indexMap(index, extentOf(load.tensor.shape[d] ?? 1), forms)),
    guarded: !isOpen(load),
  }));
});

/** An index into a dimension of `extent` elements. */
export function indexMap(index: Expr, extent: number, forms: AffineForms = new AffineForms()): IndexMap {
  return within(radixOf(index, forms), extent);
}

/** What an index is, in a word. */
export function kindOf({ digits, rest }: IndexMap): IndexKind {
  if (rest !== null) return rest.why;
  const [only, ...more] = digits.slice(digits.findIndex(({ value }) => value !== 0));
  if (only === undefined || digits.every(({ value }) => typeof value === 'number')) return 'constant';
  if (more.length > 0 || typeof only.value === 'number') return 'merge';
  const { axis, stride, extent } = only.value;
  return stride === 1 && extent === axis.extent ? 'axis' : 'part';
}

/** The axis that an index is, whole and alone; undefined where it is anything else. */
export function axisOf(map: IndexMap): Axis | undefined {
  const value = kindOf(map) === 'axis' ? map.digits.at(-1)?.value : undefined;
  return typeof value === 'object' ? value.axis : undefined;
}

/** An access map as text, `x[b * 16 + t, r // 4 % 8, ? * 2 + 1] guarded`; `?` is what is no digit. */
export function printAccess({ load, dimensions, guarded }: AccessMap): string {
  const text = `${load.tensor.name}[${dimensions.map(printIndex).join(', ')}]`;
  return guarded ? `${text} guarded` : text;
}

function printIndex({ digits, rest }: IndexMap): string {
  const top: { readonly stride: number; readonly text: string }[] =
    rest === null ? [] : [{ stride: rest.stride, text: '?' }];
  const all = [...top, ...digits.map((digit) => ({ stride: digit.stride, text: printValue(digit.value) }))];
  const terms = all.filter(({ text }) => text !== '0');
  if (terms.length === 0) return '0';
  return terms.map(({ stride, text }) => (stride === 1 ? text : `${text} * ${stride}`)).join(' + ');
}

function printValue(value: Part | number): string {
  if (typeof value === 'number') return String(value);
  const { axis, stride, extent } = value;
  const quotient = stride === 1 ? axis.name : `${axis.name} // ${stride}`;
  return stride * extent >= axis.extent ? quotient : `${quotient} % ${extent}`;
}

/** The loads that are evaluated whatever any `select` of the loop chooses. */
function unguarded(loop: Loop): Set<Load> {
  const loads = new Set<Load>();
  const seen = new Set<Expr>();
  const open: Expr[] = [...loop.reductions.map((r) => r.body), ...loop.outs.map((o) => o.value)];
  for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
    if (seen.has(expr)) continue;
    seen.add(expr);
    if (expr.kind === 'load') loads.add(expr);
    const children = childrenOf(expr);
    open.push(...(expr.kind === 'apply' && expr.op === 'select' ? children.slice(0, 1) : children));
  }
  return loads;
}

/**
 * A number in mixed radix: digits from the lowest on, which may have gaps between them (zeros), each stride a multiple
 * of all that lies below; above them a rest.
 */
interface Radix {
  readonly digits: readonly Digit[];
  readonly rest: Rest | null;
}

/** A summand: a digit, or something else. */
type Summand = Digit | Rest;

const isDigit = (summand: Summand): summand is Digit => 'value' in summand;

/** What was found of the numbers of each table of forms: composed movements share theirs, and as a tree are huge. */
const radixes = memoized((_: AffineForms) => new Map<Expr, Radix>());

function radixOf(expr: Expr, forms: AffineForms): Radix {
  if (expr.kind === 'axis') return radixOfAxis(expr.axis);
  const found = radixes(forms);
  const known = found.get(expr) ?? computedRadix(expr, forms);
  found.set(expr, known);
  return known;
}

function computedRadix(expr: Expr, forms: AffineForms): Radix {
  const form = forms.of(expr);
  let { constant } = form;
  const others: Rest[] = [];
  const multiples = new Map<Axis, Multiple[]>();
  for (const { atom, coefficient } of form.terms) {
    const { digits, rest } = atomOf(atom, forms);
    for (const { stride, value } of digits) {
      if (typeof value === 'number') {
        constant += coefficient * stride * value;
        continue;
      }
      const own = { part: value, by: coefficient * stride };
      const known = multiples.get(value.axis);
      if (known === undefined) multiples.set(value.axis, [own]);
      else known.push(own);
    }
    if (rest !== null) others.push({ ...rest, stride: Math.abs(coefficient) * rest.stride });
  }
  const summands = [...multiples.values()].flatMap(alongOneAxis);
  return sumOf([...summands, ...others], constant);
}

/** A multiple of a part of an axis, as a summand. */
interface Multiple {
  readonly part: Part;
  readonly by: number;
}

/**
 * Parts of one axis as parts that do not overlap: `i + i % 2 * 3`, to which simplification brings
 * `i // 2 * 2 + i % 2 * 4`, is that again.
 */
function alongOneAxis(multiples: readonly Multiple[]): Summand[] {
  const ends = multiples.flatMap(({ part }) => [part.stride, part.stride * part.extent]);
  const places = [...new Set(ends)].sort((a, b) => a - b);
  const refine = places.every((place, k) => place % (places[k - 1] ?? 1) === 0);
  const apart = refine ? multiples.flatMap((multiple) => partsBetween(multiple, places)) : multiples;
  const sums = new Map<number, Multiple>();
  const summands: Summand[] = [];
  for (const { part, by } of apart) {
    if (refine) sums.set(part.stride, { part, by: by + (sums.get(part.stride)?.by ?? 0) });
    else summands.push({ stride: Math.abs(by), why: 'shifted', parts: [part] });
  }
  for (const { part, by } of sums.values()) {
    if (by > 0) summands.push({ stride: by, extent: part.extent, value: part });
    if (by < 0) summands.push({ stride: -by, why: 'shifted', parts: [part] });
  }
  return summands;
}

/** A multiple of a part as multiples of its pieces between some places of the axis. */
function partsBetween({ part, by }: Multiple, places: readonly number[]): Multiple[] {
  const { axis, stride, extent } = part;
  const inside = places.filter((place) => stride <= place && place < stride * extent);
  return inside.map((from, k) => {
    const to = inside[k + 1] ?? stride * extent;
    return { part: { axis, stride: from, extent: to / from }, by: (by * from) / stride };
  });
}

const partsOf = ({ value }: Digit): Part[] => (typeof value === 'number' ? [] : [value]);

/** An axis, a quotient or a remainder; anything else is computed. */
function atomOf(atom: Expr, forms: AffineForms): Radix {
  if (atom.kind === 'axis') return radixOfAxis(atom.axis);
  const computed: Radix = { digits: [], rest: { stride: 1, why: 'computed', parts: [] } };
  if (atom.kind !== 'apply' || (atom.op !== 'idiv' && atom.op !== 'mod')) return computed;
  const [dividend, k] = atom.args;
  if (dividend === undefined || k?.kind !== 'const' || k.value <= 0) return computed;
  const halves = cutAt(radixOf(dividend, forms), k.value);
  if (halves === null) return computed;
  return atom.op === 'idiv' ? halves.above : { digits: halves.below, rest: null };
}

/** An axis as a number: one digit, or none where it is always 0. Most indices are one axis each. */
function radixOfAxis(axis: Axis): Radix {
  if (axis.extent <= 1) return { digits: [], rest: null };
  const value: Part = { axis, stride: 1, extent: axis.extent };
  return { digits: [{ stride: 1, extent: axis.extent, value }], rest: null };
}

/** A number as `above · k + below`; null where `k` cuts through something that cannot be cut there. */
function cutAt({ digits, rest }: Radix, k: number): { above: Radix; below: readonly Digit[] } | null {
  if (rest !== null && rest.stride % k !== 0) return null;
  const above: Digit[] = [];
  const below: Digit[] = [];
  for (const digit of digits) {
    const { stride, extent } = digit;
    if (stride * extent <= k) below.push(digit);
    else if (stride % k === 0) above.push({ ...digit, stride: stride / k });
    else {
      if (k % stride !== 0) return null;
      const halves = halvesOf(digit, k / stride);
      if (halves === null) return null;
      below.push(halves.low);
      above.push({ ...halves.high, stride: 1 });
    }
  }
  return { above: { digits: above, rest: rest && { ...rest, stride: rest.stride / k } }, below };
}

/** A digit as two, the lower one of `extent` values; null where that does not divide. */
function halvesOf(digit: Digit, extent: number): { low: Digit; high: Digit } | null {
  const { stride, value } = digit;
  if (digit.extent % extent !== 0) return null;
  const more = digit.extent / extent;
  const low: Part | number = typeof value === 'number' ? value % extent : { ...value, extent };
  const high: Part | number =
    typeof value === 'number'
      ? Math.floor(value / extent)
      : { axis: value.axis, stride: value.stride * extent, extent: more };
  return {
    low: { stride, extent, value: low },
    high: { stride: stride * extent, extent: more, value: high },
  };
}

/** A sum as a number in mixed radix: as many of the lowest digits as do not overlap with anything. */
function sumOf(summands: readonly Summand[], constant: number): Radix {
  const digits = summands.filter(isDigit).sort((a, b) => a.stride - b.stride);
  const above: Summand[] = summands.filter((summand) => !isDigit(summand));
  const kept: Digit[] = [];
  let limit = 1;
  const restStride = (): number => above.reduce((g, { stride }) => gcd(g, stride), 0);
  for (const [k, digit] of digits.entries()) {
    const carries = Math.floor(constant / digit.stride) % digit.extent !== 0;
    if (digit.stride % limit !== 0 || carries) {
      above.push(...digits.slice(k));
      break;
    }
    kept.push(digit);
    limit = digit.stride * digit.extent;
  }
  for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
    const stride = restStride();
    if (stride === 0 || stride % (last.stride * last.extent) === 0) break;
    above.push(last);
    kept.pop();
  }
  return withConstant(kept, above, restStride(), constant);
}

/** Fills the gaps between digits with those of a constant. */
function withConstant(
  kept: readonly Digit[],
  above: readonly Summand[],
  restStride: number,
  constant: number,
): Radix {
  const digits: Digit[] = [];
  let limit = 1;
  const fill = (to: number): void => {
    if (to <= limit) return;
    const extent = to / limit;
    const value = modulo(Math.floor(constant / limit), extent);
    if (value !== 0) digits.push({ stride: limit, extent, value });
  };
  for (const digit of kept) {
    fill(digit.stride);
    digits.push(digit);
    limit = digit.stride * digit.extent;
  }
  const parts = above.flatMap((summand) => (isDigit(summand) ? partsOf(summand) : summand.parts));
  if (above.length > 0) {
    fill(restStride);
    const why = above.some((s) => !isDigit(s) && s.why === 'computed') ? 'computed' : 'shifted';
    return { digits, rest: { stride: restStride, why, parts } };
  }
  const value = Math.floor(constant / limit);
  if (value < 0) return { digits, rest: { stride: limit, why: 'shifted', parts } };
  if (value > 0) digits.push({ stride: limit, extent: value + 1, value });
  return { digits, rest: null };
}

const modulo = (n: number, by: number): number => n - Math.floor(n / by) * by;

/** The map of an index into a dimension: gaps are digits too, and the highest constant fills the dimension. */
function within({ digits, rest }: Radix, extent: number): IndexMap {
  const filled: Digit[] = [];
  let limit = 1;
  const zeros = (to: number): void => {
    if (to > limit) filled.push({ stride: limit, extent: to / limit, value: 0 });
  };
  for (const [k, digit] of digits.entries()) {
    const isHighest = rest === null && k === digits.length - 1;
    if (isHighest && typeof digit.value === 'number') {
      zeros(digit.stride);
      if (extent % digit.stride === 0) {
        filled.push({ ...digit, extent: extent / digit.stride });
        return { digits: filled.reverse(), rest: null };
      }
      // A slice that starts at a multiple of its length, in a dimension that is not one.
      const below = filled.at(-1);
      const parts = filled.slice(-1).flatMap(partsOf);
      if (below === undefined) return { digits: [], rest: { stride: 1, why: 'shifted', parts } };
      filled.pop();
      return { digits: filled.reverse(), rest: { stride: below.stride, why: 'shifted', parts } };
    }
    zeros(digit.stride);
    filled.push(digit);
    limit = digit.stride * digit.extent;
  }
  if (rest !== null) zeros(rest.stride);
  else if (limit < extent && extent % limit === 0) zeros(extent);
  return { digits: filled.reverse(), rest };
}
