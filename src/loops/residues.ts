import { affineOf, gcd } from './affine.ts';
import { type Axis, apply, axisRef, type Expr, int, substituteAxes, ValueNumbers } from './expr.ts';
import { guarded, guardedTerm } from './guard.ts';
import type { Loop, Reduction } from './loop.ts';
import { simplifyLoop } from './simplify.ts';

/**
 * A guard by which only every s-th term of a reduction counts: `place % s == 0`, where
 * `place = a · parallel + b · reduce + c`, apart from multiples of s, moves with one reduction axis and with at most one
 * parallel axis. A window that slides over elements with gaps between them makes one along each axis: transposed
 * convolutions, and the gradient of the input of a convolution with a stride.
 */
export interface Congruence {
  readonly condition: Expr;
  readonly modulus: number;
  readonly reduce: Moved;
  /** The axis on which it depends which terms count. */
  readonly parallel: Moved | null;
  readonly constant: number;
}

/** An axis, and how far one step along it moves a place. */
export interface Moved {
  readonly axis: Axis;
  readonly by: number;
}

/** After how many steps along the parallel axis the same terms count again. */
export function residuesOf({ parallel, modulus }: Congruence): number {
  return parallel === null ? 1 : modulus / gcd(parallel.by, modulus);
}

/** The first congruence that guards all terms of a loop, or null. */
export function congruenceOf(loop: Loop): Congruence | null {
  const [first, ...others] = loop.reductions.map((r) => guardedTerm(r)?.guards ?? []);
  if (first === undefined) return null;
  const numbers = new ValueNumbers();
  for (const condition of first) {
    const isCommon = others.every((guards) => guards.some((guard) => numbers.same(guard, condition)));
    const found = isCommon ? asCongruence(loop, condition) : null;
    if (found !== null) return found;
  }
  return null;
}

function asCongruence(loop: Loop, condition: Expr): Congruence | null {
  const [remainder, zero] = operands(condition, 'eq');
  const [place, modulus] = remainder === undefined ? [] : operands(remainder, 'mod');
  if (place === undefined || modulus?.kind !== 'const' || zero?.kind !== 'const' || zero.value !== 0)
    return null;
  const { terms, constant } = affineOf(place);
  const moved: Moved[] = [];
  for (const { atom, coefficient } of terms) {
    if (coefficient % modulus.value === 0) continue;
    if (atom.kind !== 'axis' || atom.axis.live !== undefined) return null;
    moved.push({ axis: atom.axis, by: coefficient });
  }
  const [reduce, ...more] = moved.filter(({ axis }) => loop.reduceAxes.includes(axis));
  const [parallel = null, ...further] = moved.filter(({ axis }) => loop.axes.includes(axis));
  if (reduce === undefined || more.length > 0 || further.length > 0) return null;
  return { condition, modulus: modulus.value, reduce, parallel, constant };
}

function operands(expr: Expr, op: 'eq' | 'mod'): readonly Expr[] {
  return expr.kind === 'apply' && expr.op === op ? expr.args : [];
}

/**
 * Leaves out the terms that do not count: the reduction axis takes the steps that do, `stride · step + first`, of which
 * the first depends on the parallel axis. Quotients `place // s` are exact then, and affine.
 */
export function leaveOutTerms(loop: Loop, congruence: Congruence): Loop {
  const { axis } = congruence.reduce;
  const { extent, stride, first, guards } = stepsOf(congruence);
  const taken: Axis = { name: axis.name, extent };
  const element = apply('add', apply('mul', axisRef(taken), int(stride)), first);
  const by = new Map([[axis, element]]);
  const inside = [apply('le', int(0), element), apply('lt', element, int(axis.extent)), ...guards];
  const numbers = new ValueNumbers();
  const reductions = loop.reductions.map((r): Reduction => {
    const term = guardedTerm(r);
    if (term === null) throw new RangeError(`${loop.name}: a reduction without the guard of its congruence`);
    const others = term.guards.filter((guard) => !numbers.same(guard, congruence.condition));
    const all = [...inside, ...others.map((guard) => substituteAxes(guard, by))];
    const value = substituteAxes(term.value, by);
    return { ...r, body: guarded({ guards: all, value, neutral: term.neutral }) };
  });
  const reduceAxes = loop.reduceAxes.map((other) => (other === axis ? taken : other));
  return simplifyLoop({ ...loop, reduceAxes, reductions });
}

/** Which elements of the reduction axis count: `first + stride · step`, where they lie in the axis and `guards` hold. */
interface Steps {
  readonly extent: number;
  readonly stride: number;
  readonly first: Expr;
  readonly guards: readonly Expr[];
}

function stepsOf({ reduce, parallel, modulus, constant }: Congruence): Steps {
  const [a, b, extent] = [parallel?.by ?? 0, reduce.by, reduce.axis.extent];
  const common = gcd(b, modulus);
  const stride = modulus / common;
  const residues = Array.from({ length: parallel?.axis.extent ?? 1 }, (_, residue) => residue);
  const offset = (residue: number): number => a * residue + constant;
  const inverse = inverseModulo(b / common, stride);
  const least = (residue: number): number => remainder(-(offset(residue) / common) * inverse, stride);
  const possible = residues.filter((p) => offset(p) % common === 0 && least(p) < extent);
  const most = Math.max(1, ...possible.map((p) => Math.ceil((extent - least(p)) / stride)));
  const residue = parallel === null ? int(0) : axisRef(parallel.axis);
  const place = apply('add', apply('mul', residue, int(a)), int(constant));
  if (b === 1 && possible.length > 0) {
    // Counted by quotients, which then do not depend on the residue: what is read moves with the steps alone.
    const quotients = possible.flatMap((p) => {
      const last = least(p) + stride * Math.floor((extent - 1 - least(p)) / stride);
      return [(offset(p) + least(p)) / modulus, (offset(p) + last) / modulus];
    });
    const [from, to] = [Math.min(...quotients), Math.max(...quotients)];
    if (to - from + 1 <= most) {
      const first = apply('sub', int(from * modulus), place);
      return { extent: to - from + 1, stride, first, guards: [] };
    }
  }
  const slope = residues.length > 1 ? least(1) - least(0) : 0;
  if (common === 1 && residues.every((p) => least(p) === least(0) + slope * p)) {
    const first = apply('add', apply('mul', residue, int(slope)), int(least(0)));
    return { extent: most, stride, first, guards: [] };
  }
  const solved = apply('mul', apply('idiv', place, int(common)), int(remainder(-inverse, stride)));
  const guards = common === 1 ? [] : [apply('eq', apply('mod', place, int(common)), int(0))];
  return { extent: most, stride, first: apply('mod', solved, int(stride)), guards };
}

/** `n` modulo `by`, from 0 on. */
function remainder(n: number, by: number): number {
  return n - Math.floor(n / by) * by;
}

/** The number whose product with `n` leaves 1; `by` is small. */
function inverseModulo(n: number, by: number): number {
  for (let k = 0; k < by; k++) if (remainder(n * k, by) === 1 % by) return k;
  throw new RangeError(`${n} has no inverse modulo ${by}`);
}
