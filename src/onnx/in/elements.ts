import type { OnnxNode } from '../proto/model.ts';
import { elem, elementType } from './elementTypes.ts';
import { countOf, type Element, type Known } from './value.ts';

/** Elements that a rule is tried on; what has more is not a shape. */
const MOST = 4096;

type Rule = (operands: readonly Element[], dtype: Known['dtype'], node: OnnxNode) => Element | undefined;

/**
 * An operator of known operands, element by element, where these are shapes and what is computed of them: whole numbers of 64 bits,
 * and bounded sizes, whose products and quotients stay sizes.
 *
 * @returns undefined where there is no rule for it: then it is computed as others are
 */
export function onElements(node: OnnxNode, operands: readonly Known[]): Known | undefined {
  const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
  const [first] = operands;
  if (rule === undefined || first === undefined) return undefined;
  const hasSizes = operands.some(({ elements }) => Array.from(elements).some((e) => typeof e === 'object'));
  // Floats are computed as steps compute them.
  if (!hasSizes && operands.some(({ dtype }) => dtype === 'f32')) return undefined;
  const shape = broadcast(operands.map((operand) => operand.shape));
  if (shape === undefined || countOf(shape) > MOST) return undefined;
  const type = resultType(node, operands);
  const target = type === undefined ? undefined : elementType(type, 'a result');
  if (type === undefined || target === undefined || target.narrow !== undefined) return undefined;
  const reads = operands.map((operand) => reader(operand, shape));
  const elements: Element[] = [];
  for (let k = 0; k < countOf(shape); k++) {
    const own = rule(
      reads.map((read) => read(k)),
      target.dtype,
      node,
    );
    if (own === undefined) return undefined;
    elements.push(own);
  }
  return { kind: 'known', elem: type, dtype: target.dtype, shape, elements, name: node.outputs[0] ?? '' };
}

function resultType(node: OnnxNode, operands: readonly Known[]): number | undefined {
  if (comparisons.has(node.op)) return elem.bool;
  if (node.op === 'Where') return operands[1]?.elem;
  if (node.op !== 'Cast') return operands[0]?.elem;
  const to = node.attributes.find(({ name }) => name === 'to');
  return to?.kind === 'int' ? to.value : undefined;
}

const comparisons = new Set([
  'Equal',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'Not',
  'And',
  'Or',
]);

/** A size times a number, which is a number where that is 0. */
function times(size: Exclude<Element, number>, factor: number): Element | undefined {
  if (factor === 0) return 0;
  return Number.isInteger(factor) && factor > 0 ? { size: size.size, factor } : undefined;
}

const numeric =
  (f: (a: number, b: number) => number, mixed: Rule = () => undefined): Rule =>
  (operands, dtype, node) => {
    const [a, b = 0] = operands;
    if (typeof a === 'number' && typeof b === 'number') {
      const result = f(a, b);
      return Number.isFinite(result) ? result : undefined;
    }
    return mixed(operands, dtype, node);
  };

/** A rule of two operands for any number of them. */
const ofAll =
  (rule: Rule): Rule =>
  (operands, dtype, node) => {
    const [first, ...rest] = operands;
    return rest.reduce<Element | undefined>(
      (a, b) => (a === undefined ? undefined : rule([a, b], dtype, node)),
      first,
    );
  };

/** Whether two elements are the same, where that is sure: a size is at least 0. */
function same(a: Element | undefined, b: Element | undefined): boolean | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  if (typeof a === 'object' && typeof b === 'object')
    return a.size.name === b.size.name && a.factor === b.factor ? true : undefined;
  const number = typeof a === 'number' ? a : b;
  return typeof number === 'number' && number < 0 ? false : undefined;
}

const asNumber = (holds: boolean | undefined): number | undefined =>
  holds === undefined ? undefined : Number(holds);

const rules: Readonly<Record<string, Rule>> = {
  Add: numeric(
    (a, b) => a + b,
    ([a, b]) => (a === 0 ? b : b === 0 ? a : undefined),
  ),
  Sub: numeric(
    (a, b) => a - b,
    ([a, b]) => (b === 0 ? a : same(a, b) === true ? 0 : undefined),
  ),
  Mul: numeric(
    (a, b) => a * b,
    ([a, b]) => {
      if (typeof a === 'object' && typeof b === 'number') return times(a, a.factor * b);
      if (typeof a === 'number' && typeof b === 'object') return times(b, b.factor * a);
      return undefined;
    },
  ),
  Div: ([a, b], dtype) => {
    if (typeof a === 'object' && typeof b === 'number') return times(a, a.factor / b);
    if (typeof a === 'object' && typeof b === 'object')
      return a.size.name === b.size.name && a.factor % b.factor === 0 ? a.factor / b.factor : undefined;
    if (typeof a !== 'number' || typeof b !== 'number' || b === 0) return undefined;
    return dtype === 'f32' ? Math.fround(a / b) : Math.trunc(a / b);
  },
  Mod: (operands, dtype, node) => {
    const isTruncated = node.attributes.some(
      (one) => one.name === 'fmod' && one.kind === 'int' && one.value !== 0,
    );
    // JavaScript's remainder is that of C, and of 0 a NaN, for which there is no result.
    const remainder = isTruncated
      ? (a: number, b: number) => a % b
      : (a: number, b: number) => (b === 0 ? Number.NaN : a - Math.floor(a / b) * b);
    return numeric(remainder)(operands, dtype, node);
  },
  Neg: numeric((a) => -a),
  Abs: numeric(Math.abs, ([a]) => a),
  Max: ofAll(
    numeric(Math.max, ([a, b]) =>
      typeof a === 'number' && a <= 0 ? b : typeof b === 'number' && b <= 0 ? a : undefined,
    ),
  ),
  Min: ofAll(numeric(Math.min)),
  Floor: numeric(Math.floor, ([a]) => a),
  Ceil: numeric(Math.ceil, ([a]) => a),
  Equal: ([a, b]) => asNumber(same(a, b)),
  Less: numeric((a, b) => Number(a < b)),
  LessOrEqual: numeric((a, b) => Number(a <= b)),
  Greater: numeric((a, b) => Number(a > b)),
  GreaterOrEqual: numeric((a, b) => Number(a >= b)),
  Not: numeric((a) => Number(a === 0)),
  And: numeric((a, b) => Number(a !== 0 && b !== 0)),
  Or: numeric((a, b) => Number(a !== 0 || b !== 0)),
  Where: ([condition, a, b]) => (typeof condition === 'number' ? (condition !== 0 ? a : b) : undefined),
  Cast: ([a], dtype) => {
    if (typeof a === 'object') return dtype === 'bool' ? undefined : a;
    if (dtype === 'bool') return Number(a !== 0);
    return dtype === 'f32' ? (a === undefined ? a : Math.fround(a)) : a;
  },
};

/** The common shape of operands; undefined where there is none. */
function broadcast(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const common: number[] = [];
  for (let k = 0; k < rank; k++) {
    const dims = shapes.map((shape) => shape[k - rank + shape.length] ?? 1);
    const wide = dims.find((dim) => dim !== 1) ?? 1;
    if (dims.some((dim) => dim !== 1 && dim !== wide)) return undefined;
    common.push(wide);
  }
  return common;
}

/** Reads the elements of an operand by places of a shape that it broadcasts to. */
function reader({ shape, elements }: Known, to: readonly number[]): (k: number) => Element {
  return (k) => {
    let at = 0;
    for (let d = 0; d < shape.length; d++) {
      const axis = d + to.length - shape.length;
      const index = Math.floor(k / countOf(to.slice(axis + 1))) % (to[axis] ?? 1);
      at = at * (shape[d] ?? 1) + (shape[d] === 1 ? 0 : index);
    }
    return elements[at] ?? 0;
  };
}
