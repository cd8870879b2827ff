import { numbersOf } from '../graph/attributes.ts';
import { definitionOf, type Node } from '../graph/index.ts';
import { isTransposition } from './formulaOps.ts';

/** The operand of a softmax that a node is, written in other operations: `exp(s - logsumexp(s))`. */
export function softmaxOperand(node: Node): Node | undefined {
  const [difference] = node.inputs;
  if (node.op !== 'exp' || difference === undefined) return undefined;
  return logSoftmaxOperand(difference);
}

/** The operand of a log-softmax that a node is: `s - logsumexp(s)`, and of `s = x - max(x)` the `x`. */
export function logSoftmaxOperand(node: Node): Node | undefined {
  const shifted = minusReduction(node, 'logSumExp');
  return shifted === undefined ? undefined : (minusReduction(shifted, 'reduceMax') ?? shifted);
}

/** The `x` of `x - reduction(x)`, where the reduction goes back to the axes that it is of. */
function minusReduction({ op, inputs }: Node, reduction: string): Node | undefined {
  const [x, spread] = inputs;
  if (op !== 'sub' || x === undefined || spread === undefined) return undefined;
  const kept = unmoved(spread, 'expand');
  const reduced = unmoved(kept, 'reshape');
  if (reduced.op !== reduction || reduced.inputs[0] !== x) return undefined;
  const axes = numbersOf(reduced.op, reduced.attrs, 'axes');
  const isKept =
    kept.shape.length === x.shape.length &&
    kept.shape.every((dim, axis) =>
      axes.includes(axis) ? dim === 1 : sizeText(dim) === sizeText(x.shape[axis]),
    );
  return isKept ? x : undefined;
}

function sizeText(dim: Node['shape'][number] | undefined): string {
  return typeof dim === 'object' ? `${dim.factor} ${dim.size.name}` : String(dim);
}

/** What a node is of, below one movement of a kind, and below what has no gradient. */
function unmoved(node: Node, op: string): Node {
  const [moved] = node.inputs;
  const next = node.op === op && moved !== undefined ? moved : node;
  const [attached] = next.inputs;
  return next.op === 'detach' && attached !== undefined ? attached : next;
}

/** What a node is that is flipped twice along the same axes, in whatever order those are between: `flip(flip(w))` is `w`. */
export function unflippedOperand(node: Node): Node | undefined {
  if (node.op !== 'flip') return undefined;
  let axes = numbersOf('flip', node.attrs, 'axes');
  let [next] = node.inputs;
  while (next !== undefined && next.op !== 'flip') {
    // Matrices that are transposed between are not what they were.
    if (next.op === 'permute' && !isTransposition(next)) {
      const perm = numbersOf('permute', next.attrs, 'perm');
      axes = axes.flatMap((axis) => perm[axis] ?? []);
    } else if (!['detach', 'custom', 'training'].includes(next.op)) return undefined;
    [next] = next.inputs;
  }
  if (next === undefined) return undefined;
  const before = new Set(numbersOf('flip', next.attrs, 'axes'));
  return before.size === axes.length && axes.every((axis) => before.has(axis)) ? next.inputs[0] : undefined;
}

/** A power of a number. */
export interface Power {
  readonly base: number;
  readonly exponent: Node;
}

/**
 * The power in `1 - base^t`, written without cancellation: with `h = tanh(t log(base) / 2)` it is `2h / (h - 1)`.
 * Undefined for a node that is nothing of the kind.
 */
export function complementOfPower({ op, inputs }: Node): Power | undefined {
  const [twice, less] = inputs;
  if (op !== 'div' || twice?.op !== 'mul' || less?.op !== 'sub' || constantOf(less.inputs[1]) !== 1)
    return undefined;
  const [h] = less.inputs;
  const isTwice =
    (twice.inputs[0] === h && constantOf(twice.inputs[1]) === 2) ||
    (twice.inputs[1] === h && constantOf(twice.inputs[0]) === 2);
  const [scaled] = h?.inputs ?? [];
  if (!isTwice || h?.op !== 'tanh' || scaled?.op !== 'mul') return undefined;
  const [a, b] = scaled.inputs;
  const [first, second] = [constantOf(a), constantOf(b)];
  if (second !== undefined && a !== undefined) return { base: Math.exp(2 * second), exponent: a };
  return first !== undefined && b !== undefined ? { base: Math.exp(2 * first), exponent: b } : undefined;
}

/** The number that a node is everywhere. */
function constantOf(node: Node | undefined): number | undefined {
  let next = node;
  while (next !== undefined && definitionOf(next.op).isMovement && next.inputs.length === 1)
    [next] = next.inputs;
  return next?.op === 'constant' ? Number(next.attrs.value) : undefined;
}
