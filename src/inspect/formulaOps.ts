import { numbersOf } from '../graph/attributes.ts';
import type { Node } from '../graph/index.ts';
import { type Dim, isFloat } from '../loops/index.ts';
import { atom, call, infix, numberTerm, OMITTED, prefix, suffix, type Term } from './formulaTerm.ts';

/** What the printing of one operation may ask for. */
export interface Printing {
  /** An operand as a term: its name, or its formula where it is computed in the same place. */
  readonly operand: (k: number) => Term;
  /** The same, below a transposition. */
  readonly matrix: (k: number) => Term;
  /** An operand below what vanishes: movements, casts. */
  readonly source: (k: number) => Node | undefined;
  /** The operand of an operand, where the latter is computed in the same place. */
  readonly inner: (k: number) => Term | undefined;
  /** Of which operand of which node it is the gradient, where a differentiation says so. */
  readonly gradientOf: { readonly node: Node; readonly operand: number } | undefined;
}

/** An operation of a node as a term; operations that have no sign of their own are calls, `tanh(x)`. */
export function operationTerm(node: Node, printing: Printing): Term {
  const print = table.get(node.op);
  if (print !== undefined) return print(node, printing);
  return call(node.op, ...node.inputs.map((_, k) => printing.operand(k)));
}

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

type Print = (node: Node, printing: Printing) => Term;

const unary =
  (print: (x: Term, node: Node) => Term): Print =>
  (node, { operand }) =>
    print(operand(0), node);

const binary =
  (print: (a: Term, b: Term) => Term): Print =>
  (_, { operand }) =>
    print(operand(0), operand(1));

const comparison = (sign: string): Print => binary((a, b) => infix(a, ` ${sign} `, b, 'comparison', true));

const renamed = (name: string): Print => {
  return (node, { operand }) => call(name, ...node.inputs.map((_, k) => operand(k)));
};

/** Of a composite the operands: the first is its value in other operations. */
const composite = (name: string, count: number): Print => {
  return (_, { operand }) => call(name, ...Array.from({ length: count }, (_, k) => operand(k + 1)));
};

/** What formulas call reductions that have no sign. */
export const reductionNames: ReadonlyMap<string, string> = new Map([
  ['reduceMax', 'max'],
  ['reduceMin', 'min'],
  ['logSumExp', 'logsumexp'],
  ['variance', 'var'],
]);

const table: ReadonlyMap<string, Print> = new Map<string, Print>([
  ['constant', ({ attrs }) => numberTerm(Number(attrs.value))],
  ['literal', () => atom('given values')],
  ['iota', ({ attrs }) => atom(`index${SUBSCRIPTS[Number(attrs.axis)] ?? ''}`)],
  ['extent', extentTerm],
  ['add', (node, { operand }) => (isTwice(node) ? twice(operand(0)) : sumTerm(operand(0), operand(1)))],
  ['sub', binary((a, b) => infix(a, ' − ', b, 'sum', true))],
  ['mul', product],
  ['div', (node, printing) => meanTerm(node, printing) ?? quotient(printing)],
  ['idiv', binary((a, b) => atom(`⌊${infix(a, '/', b, 'product', true).text}⌋`))],
  ['mod', binary((a, b) => infix(a, ' mod ', b, 'product', true))],
  ['fmod', renamed('fmod')],
  ['bitAnd', binary((a, b) => infix(a, ' & ', b, 'comparison', true))],
  ['bitOr', binary((a, b) => infix(a, ' | ', b, 'comparison', true))],
  ['bitXor', binary((a, b) => infix(a, ' xor ', b, 'comparison', true))],
  ['bitNot', unary((x) => prefix('~', x))],
  ['shiftLeft', binary((a, b) => infix(a, ' << ', b, 'comparison', true))],
  ['shiftRight', binary((a, b) => infix(a, ' >> ', b, 'comparison', true))],
  ['neg', unary((x) => prefix('−', x, 'product'))],
  ['abs', unary((x) => atom(`|${x.text}|`))],
  ['pow', binary(power)],
  ['lt', binary(lessThan('<', '>'))],
  ['le', binary(lessThan('≤', '≥'))],
  ['eq', comparison('=')],
  ['ne', comparison('≠')],
  ['and', comparison('and')],
  ['or', comparison('or')],
  ['not', unary((x) => prefix('not ', x))],
  ['isNan', renamed('isnan')],
  ['cast', unary(castTerm)],
  ['detach', unary((x) => x)],
  ['custom', unary((x) => x)],
  ['training', unary((x) => x)],
  ['softmax', composite('softmax', 1)],
  ['softplus', composite('softplus', 1)],
  ['bceWithLogits', composite('bce', 2)],
  ['remainder', binary3((a, b) => infix(a, ' mod ', b, 'product', true))],
  ['cummax', composite('cummax', 1)],
  ['cummin', composite('cummin', 1)],
  ['takeAlong', (_, { operand }) => indexed(operand(1), operand(2))],
  ['rearrange', (_, { operand }) => indexed(operand(1), operand(2))],
  ['slice', sliceTerm],
  ['pad', unary((x) => call('pad', x))],
  ['flip', unary((x) => call('flip', x))],
  ['concat', renamed('concat')],
  ['windows', unary((x) => call('windows', x))],
  ['placeWindows', unary((x) => call('place', x))],
  ['foldWindows', unary((x) => call('fold', x))],
  ['sum', unary((x) => prefix('Σ ', x))],
  ['prod', unary((x) => prefix('Π ', x))],
  ...[...reductionNames].map(([op, name]): [string, Print] => [op, unary((x) => call(name, x))]),
  ['take', (_, { operand }) => indexed(operand(0), operand(1))],
  ['pick', (_, { operand }) => indexed(operand(0), operand(1))],
  ['segmentSum', binary((x, at) => prefix('Σ ', atom(`${wrapped(x)} by ${wrapped(at)}`)))],
  ['segmentMax', binary((x, at) => call('max', atom(`${wrapped(x)} by ${wrapped(at)}`)))],
  ['contract', contraction],
  ['convolve', convolution],
]);

function binary3(print: (a: Term, b: Term) => Term): Print {
  return (_, { operand }) => print(operand(1), operand(2));
}

function wrapped(term: Term): string {
  return term.level === 'atom' || term.level === 'power' ? term.text : `(${term.text})`;
}

function indexed(x: Term, at: Term): Term {
  return atom(suffix(x, `[${at.text}]`).text);
}

/** Whether both operands are one node, which is one value. */
function isTwice({ inputs }: Node): boolean {
  return inputs[0] === inputs[1];
}

function twice(x: Term): Term {
  return infix(atom('2'), '·', x, 'product');
}

/** `a + b`; where one is negative, the difference. */
function sumTerm(a: Term, b: Term): Term {
  if (isNegative(b)) return infix(a, ' − ', positive(b), 'sum');
  return isNegative(a) ? infix(b, ' − ', positive(a), 'sum') : infix(a, ' + ', b, 'sum');
}

function isNegative({ level, text }: Term): boolean {
  return text.startsWith('−') && (level === 'prefix' || level === 'product');
}

function positive({ level, text }: Term): Term {
  return { text: text.slice(1), level: level === 'prefix' ? 'product' : level };
}

function product(node: Node, { operand, source }: Printing): Term {
  const [a, b] = [operand(0), operand(1)];
  if (isTwice(node) && a !== OMITTED) return suffix(a, '²');
  if (a !== OMITTED && a.text === suffix(b, '²').text) return suffix(b, '³');
  if (isOne(a)) return b;
  if (isOne(b)) return a;
  if (isNegative(b)) return prefix('−', infix(a, '·', positive(b), 'product'), 'product');
  // What one element is multiplied by is divided by, where it is a reciprocal.
  if (a.reciprocalOf !== undefined) return infix(b, '/', a.reciprocalOf, 'product', true);
  if (b.reciprocalOf !== undefined) return infix(a, '/', b.reciprocalOf, 'product', true);
  // A number, or what is one, stands first, as people write it.
  const isTurned = isScalar(source(1), b) && !isScalar(source(0), a);
  return isTurned || (isNumber(b) && !isNumber(a))
    ? infix(b, '·', a, 'product')
    : infix(a, '·', b, 'product');
}

function quotient({ operand }: Printing): Term {
  const [a, b] = [operand(0), operand(1)];
  const term = infix(a, '/', b, 'product', true);
  return isOne(a) ? { ...term, reciprocalOf: b } : term;
}

function isScalar(node: Node | undefined, term: Term): boolean {
  return isNumber(term) || (node !== undefined && node.shape.length === 0);
}

function isNumber({ text }: Term): boolean {
  return /^−?[\d.]+(e-?\d+)?$/.test(text);
}

function isOne({ text }: Term): boolean {
  return text === '1';
}

function power(x: Term, y: Term): Term {
  if (y.text === '2') return suffix(x, '²');
  if (y.text === '3') return suffix(x, '³');
  return suffix(x, `^${wrapped(y)}`);
}

/** A comparison, turned where a number would stand first. */
function lessThan(sign: string, turned: string): (a: Term, b: Term) => Term {
  return (a, b) => {
    const isTurned = isNumber(a) && !isNumber(b);
    return isTurned
      ? infix(b, ` ${turned} `, a, 'comparison', true)
      : infix(a, ` ${sign} `, b, 'comparison', true);
  };
}

/** Numbers stay what they are; to a whole number what is behind the point goes. */
function castTerm(x: Term, { dtype, inputs }: Node): Term {
  const from = inputs[0]?.dtype;
  if (dtype === 'bool') return infix(x, ' ≠ ', atom('0'), 'comparison', true);
  return !isFloat(dtype) && from !== undefined && isFloat(from) ? call('int', x) : x;
}

/** `batch`, `batch·28·28`. */
function extentTerm({ attrs }: Node): Term {
  const dims = dimsIn(attrs.dim);
  const number = dims.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : dim.factor), 1);
  const names = dims.flatMap((dim) => (typeof dim === 'number' ? [] : [atom(dim.size.name)]));
  const factors = number === 1 && names.length > 0 ? names : [numberTerm(number), ...names];
  return factors.reduce((a, b) => infix(a, '·', b, 'product'));
}

function dimsIn(attr: Node['attrs'][string] | undefined): readonly Dim[] {
  if (!Array.isArray(attr)) return [];
  const items: readonly unknown[] = attr;
  return items.filter(
    (item): item is Dim => typeof item === 'number' || (typeof item === 'object' && item !== null),
  );
}

/** A sum by the number of what was summed, `mean(x)`; undefined where a node is not one. */
function meanTerm(_: Node, { source, inner }: Printing): Term | undefined {
  const [sum, count] = [source(0), source(1)];
  const [summed] = sum?.inputs ?? [];
  if (sum?.op !== 'sum' || count === undefined || summed === undefined) return undefined;
  const dims = (numbersIn(sum, 'axes') ?? []).flatMap((axis) => summed.shape[axis] ?? []);
  const counted = factorsOf(count);
  if (counted === undefined || productText(counted) !== productText(dims)) return undefined;
  const x = inner(0);
  return x === undefined ? undefined : call('mean', x);
}

/** The numbers and sizes that a count is the product of; undefined where it is of something else, or of many. */
function factorsOf(count: Node): readonly Dim[] | undefined {
  const found: Dim[] = [];
  const left = [count];
  for (const node of left) {
    if (left.length > MOST_FACTORS) return undefined;
    if (node.op === 'constant') found.push(Number(node.attrs.value));
    else if (node.op === 'extent') found.push(...dimsIn(node.attrs.dim));
    else if (['mul', 'cast', 'expand', 'reshape'].includes(node.op)) left.push(...node.inputs);
    else return undefined;
  }
  return found;
}

/** Nodes that make up a count, at most. */
const MOST_FACTORS = 16;

/** The product of some dimensions, whatever their order. */
function productText(dims: readonly Dim[]): string {
  const number = dims.reduce<number>((n, dim) => n * (typeof dim === 'number' ? dim : dim.factor), 1);
  const names = dims.flatMap((dim) => (typeof dim === 'number' ? [] : [dim.size.name]));
  return [number, ...names.sort()].join('·');
}

/** `x[0:128]` where one axis alone is cut, else the operand: what is left shows in shapes. */
function sliceTerm(node: Node, { operand }: Printing): Term {
  const [x] = node.inputs;
  const [starts, stops] = (['starts', 'stops'] as const).map((name) => numbersIn(node, name));
  if (x === undefined || starts === undefined || stops === undefined) return operand(0);
  const cut = x.shape.flatMap((dim, axis) => (sameSize(dim, node.shape[axis]) ? [] : [axis]));
  const [axis, ...more] = cut;
  if (axis === undefined || more.length > 0) return operand(0);
  const [from, to] = [starts[axis] ?? 0, stops[axis] ?? 0];
  return indexed(operand(0), atom(to - from === 1 ? String(from) : `${from}:${to}`));
}

function numbersIn({ op, attrs }: Node, name: string): readonly number[] | undefined {
  return Array.isArray(attrs[name]) ? numbersOf(op, attrs, name) : undefined;
}

function sameSize(a: Dim, b: Dim | undefined): boolean {
  if (typeof a === 'number' || typeof b !== 'object') return a === b;
  return a.size === b.size && a.factor === b.factor;
}

/** `a · b`, with `ᵀ` at a matrix whose summed axis is not where a matrix product has it. */
function contraction(node: Node, { matrix }: Printing): Term {
  const [a, b] = node.inputs;
  const lists = ['batchA', 'batchB', 'overA', 'overB'].map((name) => numbersIn(node, name) ?? []);
  const [batchA = [], batchB = [], overA = [], overB = []] = lists;
  const side = (
    k: number,
    input: Node | undefined,
    batch: readonly number[],
    over: readonly number[],
  ): Term => {
    const term = matrix(k);
    const rows = (input?.shape ?? []).flatMap((_, d) => (batch.includes(d) || over.includes(d) ? [] : [d]));
    if (rows.length === 0) return term;
    const isOverFirst = Math.max(...over) < Math.min(...rows);
    const isRowsFirst = Math.max(...rows) < Math.min(...over);
    const isTurned = input !== undefined && isTransposition(input);
    const transposed = (k === 0 ? isOverFirst : isRowsFirst) !== isTurned;
    return transposed ? suffix(term, 'ᵀ') : term;
  };
  return infix(side(0, a, batchA, overA), ' · ', side(1, b, batchB, overB), 'contraction', true);
}

/** Whether a node is its operand with the last two axes swapped. */
export function isTransposition(node: Node): boolean {
  if (node.op !== 'permute') return false;
  const perm = numbersIn(node, 'perm') ?? [];
  const n = perm.length;
  return perm.every((from, to) => from === (to < n - 2 ? to : 2 * n - 3 - to));
}

/** Axes of a convolution that are not of space. */
const LEADING = 3;

/** Names of a convolution's operands. */
const CONVOLVED = ['input', 'weight'];

/** `conv2d(x, conv1.weight)`, and as a gradient `∂conv2d/∂weight(x, d conv1)`. */
function convolution(node: Node, { operand, gradientOf }: Printing): Term {
  const space = node.shape.length - LEADING;
  const name = `conv${space}d`;
  const of = gradientOf?.node.op === 'convolve' ? CONVOLVED[gradientOf.operand] : undefined;
  return call(of === undefined ? name : `∂${name}/∂${of}`, operand(0), operand(1));
}
