import {
  type Axis,
  affineOf,
  apply,
  childrenOf,
  domainSize,
  type Expr,
  int,
  type Loop,
  type ScalarOp,
  subexpressions,
} from '../loops/index.ts';

/**
 * The conditions of a loop that hold for a part of an axis alone, as guards of windows at the ends of lines do: where the
 * axis is taken in pieces between the places at which they change, they are known in each, and nothing is asked inside.
 */
export interface Pieces {
  /** The terms of the reduction, one after the other, where it is written without a loop; else null. */
  readonly terms: readonly ReadonlyMap<Axis, Expr>[] | null;
  /** For parallel axes the places where their pieces end. */
  readonly ends: ReadonlyMap<Axis, readonly number[]>;
}

/** Terms of a reduction that is written without a loop, at most: those of a window of 4 × 4. */
const MOST_TERMS = 16;

/** The same where no condition is known in each: counting so few would take as long as they do. */
const FEW_TERMS = 4;

/** Copies of a loop's body, at most: of a window with both ends of a line and of a column, and of 32 parts of a whole. */
const MOST_COPIES = 32;

/** Terms of all copies, at most: text is compiled again in every page. */
const MOST_TEXT = 128;

/** Values of an axis up to which places are looked for. */
const LONGEST = 4096;

/**
 * The pieces of a loop.
 *
 * @param axes parallel axes that loops of their own go through, outermost first
 * @param lane the axis along which vectors lie, whose pieces are whole vectors; null for none
 */
export function piecesOf(loop: Loop, axes: readonly Axis[], lane: Axis | null): Pieces {
  const bodies = loop.reductions.map(({ body }) => body);
  const isFixed = loop.reduceAxes.every((axis) => axis.live === undefined && axis !== lane);
  const conditions = conditionsOf(bodies);
  const isAsked = conditions.some(({ terms }) => loop.reduceAxes.some((axis) => terms.has(axis)));
  const most = isAsked ? MOST_TERMS : FEW_TERMS;
  const isShort = bodies.length > 0 && domainSize(loop.reduceAxes) <= most;
  const terms = isFixed && isShort ? termsOf(loop.reduceAxes) : null;
  const all = [...conditions, ...conditionsOf(loop.outs.map(({ value }) => value))];
  const ends = new Map<Axis, readonly number[]>();
  let copies = 1;
  for (const axis of [...axes].reverse()) {
    if (axis.extent > LONGEST || axis.live !== undefined) continue;
    const found = new Set(
      all.flatMap((condition) => (terms ?? [new Map()]).flatMap((term) => changesOf(condition, axis, term))),
    );
    const wholes = axis === lane ? [...found].flatMap((place) => [place & ~3, (place + 3) & ~3]) : [...found];
    const places = [...new Set(wholes)].filter((place) => place > 0 && place < axis.extent);
    const more = copies * (places.length + 1);
    if (places.length === 0 || more > MOST_COPIES || more * (terms?.length ?? 1) > MOST_TEXT) continue;
    copies = more;
    ends.set(axis, [...places.sort((a, b) => a - b), axis.extent]);
  }
  return { terms, ends };
}

/** A condition on a sum of axes: `op(Σ by · axis + constant, 0)`. */
interface Condition {
  readonly op: Comparison;
  readonly terms: ReadonlyMap<Axis, number>;
  readonly constant: number;
}

type Comparison = 'lt' | 'le' | 'eq' | 'ne';

const HOLDS: Readonly<Record<Comparison, (n: number) => boolean>> = {
  lt: (n) => n < 0,
  le: (n) => n <= 0,
  eq: (n) => n === 0,
  ne: (n) => n !== 0,
};

function isComparison(op: ScalarOp): op is Comparison {
  return op in HOLDS;
}

function conditionsOf(exprs: readonly Expr[]): Condition[] {
  const found: Condition[] = [];
  for (const e of subexpressions(...exprs)) {
    const [x, y] = childrenOf(e);
    if (e.kind !== 'apply' || !isComparison(e.op) || x?.dtype !== 'i32' || y === undefined) continue;
    const { terms, constant } = affineOf(apply('sub', x, y));
    const byAxis = new Map(
      terms.flatMap(({ atom, coefficient }) =>
        atom.kind === 'axis' ? [[atom.axis, coefficient] as const] : [],
      ),
    );
    if (byAxis.size === terms.length) found.push({ op: e.op, terms: byAxis, constant });
  }
  return found;
}

/** Where a condition on one axis alone changes. @param term values of reduction axes */
function changesOf({ op, terms, constant }: Condition, axis: Axis, term: ReadonlyMap<Axis, Expr>): number[] {
  const by = terms.get(axis);
  if (by === undefined) return [];
  let rest = constant;
  for (const [other, coefficient] of terms) {
    if (other === axis || other.extent === 1) continue;
    const value = term.get(other);
    if (value?.kind !== 'const') return [];
    rest += coefficient * value.value;
  }
  const places: number[] = [];
  for (let k = 1; k < axis.extent; k++)
    if (HOLDS[op](by * k + rest) !== HOLDS[op](by * (k - 1) + rest)) places.push(k);
  return places;
}

/** All values of some axes, the last one moving fastest. */
function termsOf(axes: readonly Axis[]): Map<Axis, Expr>[] {
  return axes.reduce<Map<Axis, Expr>[]>(
    (terms, axis) =>
      terms.flatMap((term) =>
        Array.from({ length: axis.extent }, (_, k) => new Map([...term, [axis, int(k)]])),
      ),
    [new Map()],
  );
}
