import { describe, expect, it } from 'vitest';
import { einsum, Graph, type GraphIssue, Tensor, wordsOf } from '../../src/graph/index.ts';
import { type Dim, type Dtype, shapeText } from '../../src/loops/index.ts';
import { expectRefusal, untyped } from './refusal.ts';

const batch: Dim = { size: { name: 'batch', max: 8 }, factor: 1 };
const graph = new Graph();
const of = (shape: readonly Dim[], dtype: Dtype = 'f32'): Tensor =>
  new Tensor(graph, graph.build('input', [], { name: `${dtype}${shapeText(shape)}`, shape, dtype }));
const listed = (values: readonly number[], shape = [values.length]): Tensor =>
  new Tensor(graph, graph.build('literal', [], { words: wordsOf(values, 'i32'), shape, dtype: 'i32' }));
const x = of([2, 3]);
const rows = of([batch, 2]);
const indices = (shape: readonly Dim[]): Tensor => of(shape, 'i32');

type Refusal = readonly [build: () => unknown, code: GraphIssue, text: string];

/** What is refused, with the axes that there are. */
const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  movements: [
    [
      () => x.split(0),
      'option',
      'split: the size is 0: it must be a whole number from 1 on, or a list of sizes',
    ],
    [() => x.split([1, 2]), 'range', 'split: sizes [1, 2] make 3 elements: axis 0 of [2, 3] has 2'],
    [() => x.split([3, -1]), 'range', 'split: sizes [3, -1] must be whole numbers from 0 on'],
    [() => rows.split(1), 'bounded-range', 'split: axis 0 is bounded: it can only be taken whole'],
    [() => x.chunk(0), 'option', 'chunk: count is 0: it must be a whole number from 1 on'],
    [() => rows.chunk(2), 'bounded-range', 'chunk: axis 0 is bounded: it can only be taken whole'],
    [() => x.select(1, 3), 'index', 'select: index 3 along axis 1 of [2, 3]: it must be from -3 to 2'],
    [() => of([0]).select(0, 0), 'index', 'select: index 0 along axis 0 of [0]: there is none'],
    [() => rows.select(0, 0), 'bounded-range', 'select: axis 0 is bounded: it can only be taken whole'],
    [() => x.tile([1.5]), 'range', 'tile: repeats [1.5] must be whole numbers from 0 on'],
    [
      () => rows.tile([2, 1]),
      'bounded-range',
      'tile: axis 0 of [batch<=8, 2] is bounded: copies of it cannot follow one another',
    ],
    [
      () => x.repeatInterleave([1], 0),
      'range',
      'repeatInterleave: 1 numbers of repeats: axis 0 of [2, 3] has 2 elements',
    ],
    [
      () => x.repeatInterleave(-1, 0),
      'option',
      'repeatInterleave: repeats is -1: it must be a whole number from 0 on, or a list of them',
    ],
    [
      () => rows.repeatInterleave(0, 0),
      'bounded-range',
      'repeatInterleave: axis 0 is bounded: it can only be taken whole',
    ],
    [() => x.flatten(1, 0), 'axis', 'flatten: from axis 1 to axis 0, which is before it'],
    [
      () => rows.transpose().flatten(),
      'bounded-reshape',
      'flatten: axis 1 of [2, batch<=8] is bounded: of what is flattened only the first axis may be',
    ],
    [() => x.roll([1, 2], [0]), 'axis', 'roll: 2 shifts along 1 axes: there must be as many of both'],
    [() => x.roll([1, 2]), 'axis', 'roll: 2 shifts without axes: name an axis for each'],
    [() => rows.roll(1), 'bounded-range', 'roll: axis 0 is bounded: it can only be taken whole'],
    [() => x.moveAxis([0, 1], [0]), 'axis', 'moveAxis: 2 axes to 1 places: there must be as many of both'],
    [() => x.moveAxis([0, 0], [0, 1]), 'axis', 'moveAxis: axis 0 stands twice in [0, 0]'],
    [() => of([3]).triu(), 'rank', 'triu: takes matrices [..., rows, columns], not the shape [3]'],
    [() => x.tril(0.5), 'option', 'tril: diagonal is 0.5: it must be a whole number'],
    [() => x.outer(of([2])), 'rank', 'outer: takes two vectors, not the shapes [2, 3] and [2]'],
    [
      () => x.pad([0, 3], [0, 0], { mode: 'reflect' }),
      'range',
      'pad: reflect of 3 and 0 needs 4 elements: axis 1 of [2, 3] has 3',
    ],
    [
      () => x.pad([0, 1], [0, 0], { mode: untyped('circular') }),
      'option',
      'pad: mode is "circular": it must be one of reflect, replicate',
    ],
    [
      () => rows.pad([1, 0], [0, 0], { mode: 'replicate' }),
      'bounded-range',
      'pad: axis 0 is bounded: it can only be taken whole',
    ],
  ],
  'functions of elements': [
    [() => x.lerp(of([2]), 0.5), 'broadcast', 'lerp: shapes do not broadcast: [2, 3] and [2] (3 ≠ 2)'],
    [() => x.hypot(of([3], 'i32')), 'dtype', 'hypot: operand of type i32; takes f32: cast it first'],
    [() => x.copysign(untyped('a')), 'operands', 'copysign: takes a tensor or a number, not "a"'],
    [() => indices([2]).isNaN(), 'dtype', 'isNaN: operand of type i32; takes f32: cast it first'],
    [() => x.xor(x), 'dtype', 'xor: operand of type f32; takes bool: cast it first'],
    [() => x.maskedFill(of([3]), 0), 'dtype', 'maskedFill: operand of type f32; takes bool: cast it first'],
    [
      () => x.maskedFill(of([4, 2, 3], 'bool'), 0),
      'broadcast',
      'maskedFill: the mask [4, 2, 3] does not broadcast to [2, 3]',
    ],
    [
      () => x.maskedFill(of([3], 'bool'), of([3])),
      'rank',
      'maskedFill: the value must have no axes, not the shape [3]',
    ],
  ],
  reductions: [
    [
      () => x.norm(Number.NaN),
      'option',
      'norm: ord is NaN: it must be a number other than NaN, such as 2 or Infinity',
    ],
    [() => indices([3]).std(), 'dtype', 'std: operand of type i32; takes f32: cast it first'],
    [
      () => x.variance(1, { correction: Infinity }),
      'option',
      'variance: correction is Infinity: it must be a finite number',
    ],
    [
      () => x.all(0, untyped({ keepDim: true })),
      'option',
      'all: there is no option "keepDim" (did you mean "keepDims"?): the options are keepDims',
    ],
    [() => x.any(2), 'axis', 'any: axis 2 of a shape of 2 dimensions: it must be from -2 to 1'],
    [
      () => x.select(0, 0).cumsum(untyped('0')),
      'axis',
      'cumsum: axis "0" of a shape of 1 dimension: it must be a whole number from -1 to 0',
    ],
    [
      () => x.select(0, 0).median(untyped([0])),
      'axis',
      'median: axis [0] of a shape of 1 dimension: it must be a whole number from -1 to 0',
    ],
    [
      () => x.select(0, 0).cast('i32').bincount(2.5),
      'option',
      'bincount: n is 2.5: it must be a whole number from 1 on',
    ],
    [() => x.cast('i32').bincount(-1), 'option', 'bincount: n is -1: it must be a whole number from 1 on'],
    [() => x.cast('i32').bincount(0), 'option', 'bincount: n is 0: it must be a whole number from 1 on'],
    [
      () => x.topK(untyped('2'), 1),
      'option',
      'topK: k is "2": it must be a whole number from 0 to 3, the length of axis 1 of [2, 3]',
    ],
    [
      () => x.topK(1.5, 1),
      'option',
      'topK: k is 1.5: it must be a whole number from 0 to 3, the length of axis 1 of [2, 3]',
    ],
  ],
  'sums at indices': [
    [
      () => x.indexAdd(0, indices([2]), of([3, 3])),
      'shape-mismatch',
      'indexAdd: [2] indices along axis 0 of [2, 3] need a source of shape [2, 3], not [3, 3]',
    ],
    [
      () => x.indexAdd(1, listed([0, 3]), of([2, 2])),
      'index',
      'indexAdd: index 3 along axis 1 of [2, 3]: it must be from 0 to 2',
    ],
    [
      () => x.indexAdd(0, indices([2, 1]), x),
      'rank',
      'indexAdd: indices must be a list [k], not the shape [2, 1]',
    ],
    [() => x.indexAdd(0, of([2]), x), 'dtype', 'indexAdd: indices of type f32; takes i32: cast them first'],
    [
      () => of([0, 3]).indexAdd(0, indices([2]), x),
      'empty',
      'indexAdd: [0, 3] has nothing along axis 0 to write to',
    ],
    [
      () => x.scatterAdd(1, listed([-1], [1, 1]), x),
      'index',
      'scatterAdd: index -1 along axis 1 of [2, 3]: it must be from 0 to 2; negative indices do not count from the end',
    ],
    [
      () => x.scatterAdd(0, indices([2]), x),
      'rank',
      'scatterAdd: [2, 3], indices [2] and source [2, 3] must have as many axes',
    ],
    [
      () => x.scatterAdd(0, indices([3, 4]), of([3, 4])),
      'shape-mismatch',
      'scatterAdd: indices [3, 4] do not lie within [2, 3] (axis 1)',
    ],
    [
      () => rows.scatterAdd(1, indices([3, 2]), of([3, 2])),
      'shape-mismatch',
      'scatterAdd: indices [3, 2] do not lie within [batch<=8, 2] (axis 0)',
    ],
  ],
  equations: [
    [() => einsum('ij', x, x), 'equation', 'einsum: "ij": has 1 operand, and 2 are given'],
    [
      () => einsum('i1', x),
      'equation',
      'einsum: "i1": "1" is not a letter from a to z or A to Z, nor an ellipsis',
    ],
    [() => einsum('...i...', x), 'equation', 'einsum: "...i...": has two ellipses in one term'],
    [() => einsum('ij->ii', x), 'equation', 'einsum: "ij->ii": letter i stands twice in the result'],
    [() => einsum('ij->k', x), 'equation', 'einsum: "ij->k": letter k of the result is in no operand'],
    [() => einsum('ij->i->j', x), 'equation', 'einsum: "ij->i->j": has more than one ->'],
    [
      () => einsum(untyped(5), x),
      'equation',
      'einsum: the equation must be a text such as "ij,jk->ik", not 5',
    ],
    [() => einsum('i', x), 'rank', 'einsum: operand 0, [2, 3], has 2 axes, and 1 letter in the equation'],
    [
      () => einsum('ijk...', x),
      'rank',
      'einsum: operand 0, [2, 3], has 2 axes, and 3 letters in the equation',
    ],
    [
      () => einsum('ii', x),
      'shape-mismatch',
      'einsum: letter i stands twice in operand 0, [2, 3], for axes that differ (2 ≠ 3)',
    ],
    [
      () => einsum('ij,jk', x, x),
      'broadcast',
      'einsum: letter j is of axes that differ: [2, 3], [2, 3] (3 ≠ 2)',
    ],
    [
      () => einsum('...,...', x, of([2])),
      'broadcast',
      'einsum: axis -1 of the ellipsis is of axes that differ: [2, 3], [2] (3 ≠ 2)',
    ],
    [
      () => einsum('ij,ij', x, indices([2, 3])),
      'dtype-mismatch',
      'einsum: operands of types f32 and i32: cast one of them',
    ],
  ],
};

describe('operations that are composed refuse what does not fit, by their own names and at the user’s line', () => {
  it.each(Object.entries(refusals))('%s', (_, list) => {
    for (const [build, code, text] of list) expectRefusal(build, code, text, 'composed.test.ts');
  });
});

describe('what changes nothing builds nothing', () => {
  it.each([
    ['a roll by the whole axis', () => x.roll([3, -2], [1, 0])],
    ['one part', () => x.split(2)[0]],
    ['one copy', () => x.tile([1, 1])],
    ['an axis at its place', () => x.moveAxis(-1, 1)],
    ['no padding', () => x.pad([0, 0], [0, 0], { mode: 'reflect' })],
    ['an equation of one operand', () => einsum('ab->ab', x)],
  ])('%s', (_, build) => {
    expect(build()?.node).toBe(x.node);
  });

  it('an equation of two matrices is their contraction', () => {
    const y = of([3, 4]);
    expect(einsum('ij,jk->ik', x, y).node).toBe(x.matmul(y).node);
  });
});
