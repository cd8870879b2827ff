import { tensorSize } from '../loops/edges.ts';
import {
  type Affine,
  type AffineForms,
  type Axis,
  apply,
  type Dtype,
  type Expr,
  int,
  type Ranges,
  type ScalarOp,
  type Tensor,
  type ValueNumbers,
} from '../loops/index.ts';
import { addressText, i32, plus, times } from './code.ts';
import type { Knowledge } from './knowledge.ts';
import { isName, type Regions } from './regions.ts';

/** Where the elements of a tensor lie, as one function sees them. */
export interface Location {
  /** Bytes from `base`, or from the start of memory. */
  readonly address: number;
  /** Text of an address that is known at run time only, the same during a call. */
  readonly base?: string;
  /** Whether every load of it is in range, whatever its indices look like. */
  readonly isSafe?: true;
  /** Number of the element `at`, from where the tensor starts. */
  readonly index: (at: readonly Expr[]) => Expr;
}

/** Where an element lies: `offset` bytes after what `text` gives. */
interface Address {
  readonly offset: number;
  readonly text: string;
  /** Bytes from one lane to the next; null where each lane has `lanes`, its own bytes, to add. */
  readonly stride: number | null;
  readonly lanes: string;
}

/** Texts of values, which addresses are computed of. */
interface Values {
  readonly scalar: (expr: Expr) => string;
  readonly vector: (expr: Expr, lane: Axis) => string;
  readonly varies: (expr: Expr, lane: Axis) => boolean;
}

/** Addresses of elements: affine forms of indices, of which each term is added in the outermost region where it is known. */
export class Addresses {
  readonly #regions: Regions;
  readonly #place: (tensor: Tensor) => Location;
  readonly #facts: Knowledge;
  readonly #values: Values;
  readonly #ranges: Ranges;
  readonly #numbers: ValueNumbers;
  readonly #forms: AffineForms;
  /** Forms by the indices of loads: the same load is asked about for each axis along which it might move. */
  readonly #elements = new Map<Tensor, Map<readonly Expr[], Affine>>();

  constructor(regions: Regions, place: (tensor: Tensor) => Location, facts: Knowledge, values: Values) {
    this.#regions = regions;
    this.#place = place;
    this.#facts = facts;
    this.#values = values;
    this.#ranges = facts.ranges;
    this.#numbers = facts.ranges.numbers;
    this.#forms = facts.ranges.forms;
  }

  /** Whether two tensors share no memory. */
  isApart(a: Tensor, b: Tensor): boolean {
    const [one, other] = [this.#place(a), this.#place(b)];
    if (one.base !== other.base) return true;
    // In scratch each tensor has a place of its own.
    if (one.base !== undefined) return a !== b;
    const end = ({ address }: Location, tensor: Tensor): number => address + 4 * tensorSize(tensor);
    return end(one, a) <= other.address || end(other, b) <= one.address;
  }

  /** How the element's address moves with an axis, in bytes; null where it is not by a constant. */
  stride(tensor: Tensor, at: readonly Expr[], lane: Axis): number | null {
    const form = this.#form(tensor, at);
    const own = form.terms.filter(({ atom }) => this.#facts.factsOf(atom).axes.has(lane));
    if (own.some(({ atom }) => atom.kind !== 'axis')) return null;
    return elementBytes(tensor.dtype) * own.reduce((n, t) => n + t.coefficient, 0);
  }

  /** Where an element lies, or the first of four; what is known outside of the innermost region is added there. */
  of(tensor: Tensor, at: readonly Expr[], lane: Axis | null): Address {
    const place = this.#place(tensor);
    const form = this.#form(tensor, at);
    const bytes = elementBytes(tensor.dtype);
    const moves = (atom: Expr): boolean => lane !== null && this.#values.varies(atom, lane);
    const steady = form.terms.filter(({ atom }) => !moves(atom) || atom.kind === 'axis');
    const moving = form.terms.filter(({ atom }) => moves(atom));
    const irregular = moving.filter(({ atom }) => atom.kind !== 'axis');
    const stride = irregular.length > 0 ? null : bytes * moving.reduce((n, t) => n + t.coefficient, 0);
    let lanes = '';
    const levelled = steady
      .filter((term) => stride !== null || !moves(term.atom))
      .map((term) => ({ ...term, level: this.#regions.levelOf(term.atom) }))
      .sort((a, b) => a.level - b.level);
    if (stride === null && lane !== null) {
      const sum = moving
        .map(({ atom, coefficient }) => apply('mul', atom, int(coefficient * bytes)))
        .reduce((a, b) => apply('add', a, b));
      const text = this.#values.vector(this.#facts.simplify(sum), lane);
      lanes = isName(text) ? text : this.#regions.code.let('at', 'v128', text);
    }
    const constant = place.address + bytes * form.constant;
    const grows =
      stride !== null &&
      constant >= 0 &&
      levelled.every(({ atom, coefficient }) => coefficient > 0 && this.#ranges.of(atom).low >= 0);
    const base =
      place.base === undefined
        ? ''
        : this.#regions.inRegion(0, `base ${place.base}`, place.base, tensor.name);
    let text = grows ? base : base === '' ? addressText(constant) : plus(base, i32(constant));
    let key = `at ${text}`;
    for (let k = 0; k < levelled.length; ) {
      const level = levelled[k]?.level ?? 0;
      let sum = text;
      for (; levelled[k] !== undefined && levelled[k]?.level === level; k++) {
        const { atom, coefficient } = levelled[k] ?? { atom: int(0), coefficient: 0 };
        key += ` ${coefficient * bytes}*${this.#numbers.of(atom)}`;
        const before = sum;
        const term = this.#regions.code.at(level, () => this.#scaled(atom, coefficient * bytes));
        sum = before === '' ? term : plus(before, term);
      }
      text = this.#regions.inRegion(level, key, sum, tensor.name);
    }
    if (text === '') return { offset: 0, text: addressText(constant), stride, lanes };
    return { offset: grows ? constant : 0, text, stride, lanes };
  }

  #scaled(atom: Expr, by: number): string {
    if (by === 1) return this.#values.scalar(atom);
    const key = `scaled ${by} ${this.#numbers.of(atom)}`;
    const known = this.#regions.known(key);
    if (known !== undefined) return known;
    const made = this.#regions.code.let('bytes', 'i32', times(this.#values.scalar(atom), i32(by)));
    this.#regions.code.scope.known.set(key, made);
    return made;
  }

  /** The number of an element as an affine form. */
  #form(tensor: Tensor, at: readonly Expr[]): Affine {
    let ofTensor = this.#elements.get(tensor);
    if (ofTensor === undefined) {
      ofTensor = new Map();
      this.#elements.set(tensor, ofTensor);
    }
    const known = ofTensor.get(at);
    if (known !== undefined) return known;
    const index = this.#place(tensor).index(at);
    const form = this.#forms.of(index);
    // Quotients and remainders may add up to what was divided.
    const divides = form.terms.some(({ atom }) => atom.kind === 'apply' && DIVISIONS.has(atom.op));
    const result = divides ? this.#forms.of(this.#facts.simplify(index)) : form;
    ofTensor.set(at, result);
    return result;
  }
}

/** The address of one lane of a vector whose elements do not lie side by side. */
export function laneAddress(address: Address, l: number): { offset: number; text: string } {
  if (address.stride !== null) {
    const by = l * address.stride;
    if (by + address.offset >= 0 && by >= 0) return { offset: address.offset + by, text: address.text };
    return { offset: address.offset, text: `(i32.add ${address.text} ${i32(by)})` };
  }
  const lane = `(i32x4.extract_lane ${l} ${address.lanes})`;
  return { offset: address.offset, text: `(i32.add ${address.text} ${lane})` };
}

const DIVISIONS: ReadonlySet<ScalarOp> = new Set<ScalarOp>(['idiv', 'mod']);

export function elementBytes(dtype: Dtype): number {
  return dtype === 'u8' ? 1 : 4;
}

export function offsetText(offset: number): string {
  return offset === 0 ? '' : ` offset=${offset}`;
}
