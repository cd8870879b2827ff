import { describe, expect, it } from 'vitest';
import { concat, Graph, type GraphIssue, ShapeError, Tensor, zeros } from '../../src/graph/index.ts';
import { type Dim, type Dtype, shapeText } from '../../src/loops/index.ts';
import { expectRefusal, lineHere, untyped } from './refusal.ts';

const FILE = 'types.test.ts';
const batch: Dim = { size: { name: 'batch', max: 8 }, factor: 1 };
const graph = new Graph();
const of = (shape: readonly Dim[], dtype: Dtype = 'f32'): Tensor =>
  new Tensor(graph, graph.build('input', [], { name: `${dtype}${shapeText(shape)}`, shape, dtype }));
const typeOf = (tensor: Tensor): string => `${tensor.dtype}${shapeText(tensor.shape)}`;

describe('type rules', () => {
  const fits: readonly [what: string, build: () => Tensor, type: string][] = [
    ['shapes broadcast from the right', () => of([3, 1]).add(of([2, 1, 4])), 'f32[2, 3, 4]'],
    ['one element broadcasts to a bounded size', () => of([1, 4]).mul(of([batch, 4])), 'f32[batch<=8, 4]'],
    ['numbers take the type of the tensor', () => of([3], 'i32').add(2), 'i32[3]'],
    ['a comparison gives truth values', () => of([3]).gt(of([2, 1])), 'bool[2, 3]'],
    [
      'where broadcasts all three',
      () =>
        of([2, 1])
          .gt(0)
          .where(of([3]), 0),
      'f32[2, 3]',
    ],
    ['u8 is cast to floats', () => of([batch, 4], 'u8').cast('f32'), 'f32[batch<=8, 4]'],
    ['a reduction drops its axes', () => of([2, 3, 4]).sum([0, -1]), 'f32[3]'],
    ['a reduction keeps its axes where asked', () => of([2, 3]).max(1, { keepDims: true }), 'f32[2, 1]'],
    ['a reduction without axes takes all', () => of([batch, 3]).mean(), 'f32[]'],
    ['an arg-reduction gives indices', () => of([batch, 3]).argmax(1), 'i32[batch<=8]'],
    ['a reduction of a scalar is the scalar', () => of([]).sum(), 'f32[]'],
    ['matmul multiplies matrices', () => of([batch, 4]).matmul(of([4, 5])), 'f32[batch<=8, 5]'],
    ['matmul takes vectors on the left', () => of([4]).matmul(of([2, 4, 5])), 'f32[2, 5]'],
    ['matmul takes vectors on the right', () => of([2, 3, 4]).matmul(of([4])), 'f32[2, 3]'],
    ['matmul takes two vectors', () => of([4]).matmul(of([4])), 'f32[]'],
    ['matmul broadcasts leading dimensions', () => of([2, 1, 3, 4]).matmul(of([5, 4, 6])), 'f32[2, 5, 3, 6]'],
    [
      'matmul keeps bounded rows of many matrices',
      () => of([batch, 3, 4]).matmul(of([4, 6])),
      'f32[batch<=8, 3, 6]',
    ],
    [
      'matmul broadcasts a bounded size to one element, and ones in front',
      () => of([batch, 1, 2, 3]).matmul(of([1, 1, 5, 3, 4])),
      'f32[1, batch<=8, 5, 2, 4]',
    ],
    [
      'contract gives the batch, rows of the first, rows of the second',
      () =>
        of([2, 3, 4, 5]).contract(of([5, 6, 3, 4]), {
          batch: [
            [2, 1],
            [3, 2],
          ],
          over: [[-1], [0]],
        }),
      'f32[4, 3, 2, 6]',
    ],
    [
      'contract sums over several axes, bounded ones too',
      () =>
        of([batch, 3, 4]).contract(of([3, batch, 5], 'f32'), {
          over: [
            [0, 1],
            [1, 0],
          ],
        }),
      'f32[4, 5]',
    ],
    [
      'contract over nothing is a product of all by all',
      () => of([2, 3]).contract(of([4]), {}),
      'f32[2, 3, 4]',
    ],
    ['transpose swaps the last two axes', () => of([2, 3, 4]).transpose(), 'f32[2, 4, 3]'],
    ['reshape fills in -1', () => of([2, 3, 4]).reshape([4, -1]), 'f32[4, 6]'],
    ['slice counts from the end', () => of([10, 5]).slice([-3], [undefined]), 'f32[3, 5]'],
    ['slice steps', () => of([10]).slice([1], [8], [3]), 'f32[3]'],
    ['slice goes backwards', () => of([10]).slice([undefined], [undefined], [-3]), 'f32[4]'],
    ['slice of nothing is empty', () => of([10]).slice([7], [3]), 'f32[0]'],
    ['pad adds elements', () => of([2, 3]).pad([1, 0], [0, 2]), 'f32[3, 5]'],
    ['concat adds lengths', () => concat([of([2, 3]), of([0, 3]), of([4, 3])]), 'f32[6, 3]'],
    [
      'take puts the indices in place of the axis',
      () => of([5, 6, 7]).take(of([2, 3], 'i32'), 1),
      'f32[5, 2, 3, 7]',
    ],
    ['pick takes one of each row', () => of([batch, 10]).pick(of([batch], 'i32')), 'f32[batch<=8]'],
    [
      'takeAlongAxis has the shape of its indices',
      () => of([3, 7]).takeAlongAxis(of([3, 4], 'i32'), 1),
      'f32[3, 4]',
    ],
    ['oneHot adds an axis', () => of([batch], 'i32').oneHot(10), 'f32[batch<=8, 10]'],
    ['softmax keeps its shape', () => of([batch, 10]).softmax(), 'f32[batch<=8, 10]'],
    ['an extremum of none is fine where none is asked for', () => of([2, 0, 0]).max(1), 'f32[2, 0]'],
    ['so is its index', () => of([0, 0]).argmin(1), 'i32[0]'],
    ['an empty tensor is a tensor', () => zeros(of([]), [0, 3]).sum(0), 'f32[3]'],
  ];
  it.each(fits)('%s', (_, build, type) => {
    expect(typeOf(build())).toBe(type);
  });

  const misfits: readonly [build: () => unknown, code: GraphIssue, text: string][] = [
    [
      () => of([128, 784]).matmul(of([512, 10])),
      'inner-sizes',
      'matmul: inner sizes differ: [128, 784] · [512, 10] (784 ≠ 512)',
    ],
    [() => of([]).matmul(of([3])), 'rank', 'matmul: scalars are no matrices: [] · [3]'],
    [
      () => of([2, 3, 4]).matmul(of([5, 4, 6])),
      'broadcast',
      'matmul: shapes do not broadcast: [2] and [5] (2 ≠ 5)',
    ],
    [
      () => of([2, 3, 4]).matmul(of([5, 6])),
      'rank',
      'matmul: two matrices, or equally many of each: [2, 3, 4] · [5, 6]',
    ],
    [() => of([4]).matmul(of([5])), 'inner-sizes', 'matmul: inner sizes differ: [1, 4] · [5, 1] (4 ≠ 5)'],
    [
      () => of([3, 4]).matmul(of([4, 5], 'i32')),
      'dtype-mismatch',
      'matmul: operands of types f32 and i32: cast one of them',
    ],
    [
      () => of([3, 4], 'u8').matmul(of([4, 5], 'u8')),
      'dtype',
      'matmul: operand of type u8; u8 is for storage only: cast it first',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: [[2], [0]] }),
      'axis',
      'contract: axis 2 in over is not one of the 2 of [3, 4]',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { batch: [[0], [-3]] }),
      'axis',
      'contract: axis -3 in batch is not one of the 2 of [4, 5]',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { batch: [[1], [0]], over: [[-1], [0]] }),
      'axis',
      'contract: axis 1 of [3, 4] stands twice: an axis is in batch or in over, once',
    ],
    [
      () =>
        of([3, 4]).contract(of([4, 5]), {
          over: [
            [1, 1],
            [0, 1],
          ],
        }),
      'axis',
      'contract: axis 1 of [3, 4] stands twice: an axis is in batch or in over, once',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: [[1], [1]] }),
      'inner-sizes',
      'contract: axes 1 and 1 in over differ: [3, 4] · [4, 5] (4 ≠ 5)',
    ],
    [
      () => of([batch, 4]).contract(of([8, 4]), { batch: [[0], [0]], over: [[1], [1]] }),
      'shape-mismatch',
      'contract: axes 0 and 0 in batch differ: [batch<=8, 4] · [8, 4] (batch<=8 ≠ 8: a bounded size equals no number and no other size)',
    ],
    [
      () => of([3, 4]).contract(of([4, 5], 'i32'), { over: [[1], [0]] }),
      'dtype-mismatch',
      'contract: operands of types f32 and i32: cast one of them',
    ],
    [
      () => of([3], 'bool').contract(of([4], 'bool'), {}),
      'dtype',
      'contract: operand of type bool; takes f32, i32, u32: cast it first',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: [[1], []] }),
      'axis',
      'contract: over must be two lists of axes of equal length such as [[1], [0]], not [1] and []',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: untyped([1, 0]) }),
      'axis',
      'contract: over must be two lists of axes of equal length such as [[1], [0]], not 1 and 0',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: untyped([[-1, -1]]) }),
      'axis',
      'contract: over must be two lists of axes of equal length such as [[1], [0]], not [[-1, -1]]',
    ],
    [
      () => of([2, batch]).slice([0, 0], [untyped(batch), 1]),
      'range',
      'slice: axis 0 of [2, batch<=8]: 0:batch<=8:1 is no range of whole numbers with a step; undefined leaves an end open',
    ],
    [
      () => of([2, 4]).slice([0, untyped('1')], [1, untyped({ size: { name: 'b', max: 3 }, factor: 2 })]),
      'range',
      'slice: axis 1 of [2, 4]: "1":2*b<=3:1 is no range of whole numbers with a step; undefined leaves an end open',
    ],
    [
      () => of([3, 4]).contract(of([4, 5]), { over: [[0.5], [0]] }),
      'axis',
      'contract: over must be two lists of axes of equal length such as [[1], [0]], not [0.5] and [0]',
    ],
    [() => of([3]).add(of([4])), 'broadcast', 'add: shapes do not broadcast: [3] and [4] (3 ≠ 4)'],
    [
      () => of([batch, 4]).add(of([8, 4])),
      'broadcast',
      'add: shapes do not broadcast: [batch<=8, 4] and [8, 4] (batch<=8 ≠ 8: a bounded size equals no number and no other size)',
    ],
    [
      () => of([3]).add(of([3], 'i32')),
      'dtype-mismatch',
      'add: operands of types f32 and i32: cast one of them',
    ],
    [
      () => of([3], 'i32').add(0.5),
      'constant',
      'add: 0.5 is no value of type i32 (whole numbers from -2147483648 to 2147483647)',
    ],
    [
      () => of([3], 'i32').floorDiv(1.5),
      'constant',
      'floorDiv: 1.5 is no value of type i32 (whole numbers from -2147483648 to 2147483647)',
    ],
    [
      () => of([3], 'i32').shiftLeft(0.5),
      'constant',
      'shiftLeft: 0.5 is no value of type i32 (whole numbers from -2147483648 to 2147483647)',
    ],
    [
      () => of([3], 'bool').floorDiv(of([3], 'bool')),
      'dtype',
      'floorDiv: operand of type bool; takes f32, i32, u32: cast it first',
    ],
    [
      () => of([3]).floorDiv(of([3], 'i32')),
      'dtype',
      'floorDiv: operand of type i32; takes f32: cast it first',
    ],
    [() => of([3]).mod(of([4])), 'broadcast', 'mod: shapes do not broadcast: [3] and [4] (3 ≠ 4)'],
    [() => of([3], 'bool').pow(2), 'dtype', 'pow: operand of type bool; takes f32, i32, u32: cast it first'],
    [() => of([3], 'i32').exp(), 'dtype', 'exp: operand of type i32; takes f32: cast it first'],
    [
      () => of([3], 'u8').div(255),
      'dtype',
      'div: operand of type u8, which is for storage only: cast it first',
    ],
    [() => of([3]).and(of([3])), 'dtype', 'and: operand of type f32; takes bool: cast it first'],
    [() => of([3]).where(1, 2), 'dtype', 'where: operand of type f32; takes bool: cast it first'],
    [() => of([3], 'bool').sum(), 'dtype', 'sum: operand of type bool; takes f32, i32, u32: cast it first'],
    [() => of([3], 'i32').mean(), 'dtype', 'mean: operand of type i32; takes f32: cast it first'],
    [() => of([2, 3]).sum(2), 'axis', 'sum: axis 2 of a shape of 2 dimensions: it must be from -2 to 1'],
    [() => of([2, 3]).sum([0, -2]), 'axis', 'sum: axis 0 stands twice in [0, -2]'],
    [() => of([2, 0]).argmax(1), 'empty', 'argmax: [2, 0] has no elements along axis 1'],
    [() => of([2, 0]).argmin(), 'empty', 'argmin: [2, 0] has no elements along axis 1'],
    [() => of([2, 0]).max(1), 'empty', 'reduceMax: [2, 0] has no elements along axis 1'],
    [() => of([0]).min(), 'empty', 'reduceMin: [0] has no elements along axis 0'],
    [() => of([2, 3]).permute([0, 0]), 'axis', 'permute: [0, 0] is no order of the 2 axes of [2, 3]'],
    [() => of([2, 3]).reshape([4, 2]), 'element-count', 'reshape: [2, 3] has 6 elements, [4, 2] has 8'],
    [() => of([2, 3]).reshape([4, -1]), 'element-count', 'reshape: [2, 3] does not fit [4, -1]'],
    [
      () => of([2, 3]).reshape([6, 1.5]),
      'dimension',
      'reshape: a dimension must be a whole number from 0 on, not 1.5',
    ],
    [
      () => of([2, 3]).broadcastTo([2, 4]),
      'broadcast',
      'expand: [2, 3] does not broadcast to [2, 4] (3 ≠ 4)',
    ],
    [() => of([2, 3]).broadcastTo([3]), 'rank', 'expand: [2, 3] has more dimensions than [3]'],
    [() => of([2, 3]).squeeze(1), 'axis', 'squeeze: axis 1 of [2, 3] has not one element'],
    [
      () => of([batch, 3]).slice([1]),
      'bounded-range',
      'slice: axis 0 is bounded: it can only be taken whole',
    ],
    [
      () => of([4]).slice([0], [4], [0]),
      'range',
      'slice: axis 0 of [4]: 0:4:0 is no range of whole numbers with a step; undefined leaves an end open',
    ],
    [() => of([batch, 3]).flip(0), 'bounded-range', 'flip: axis 0 is bounded: it can only be taken whole'],
    [
      () => of([batch, 3]).pad([1, 0], [0, 0]),
      'bounded-range',
      'pad: axis 0 is bounded: it can only be taken whole',
    ],
    [() => of([2, 3]).pad([-1, 0], [0, 0]), 'range', 'pad: padding -1 and 0 of axis 0: from 0 on'],
    [() => of([2, 3]).pad([1], [1]), 'rank', 'pad: low and high must have 2 numbers each'],
    [
      () => concat([of([2, 3]), of([2, 4])]),
      'shape-mismatch',
      'concat: [2, 3] and [2, 4] differ not only along axis 0',
    ],
    [() => concat([]), 'operands', 'concat: needs at least one tensor'],
    [() => of([4]).take(of([2])), 'dtype', 'take: indices of type f32; takes i32: cast them first'],
    [() => of([0, 4]).take(of([2], 'i32')), 'empty', 'take: [0, 4] has nothing to choose from'],
    [
      () => of([batch, 10]).pick(of([8], 'i32')),
      'shape-mismatch',
      'pick: one index for each row: [batch<=8, 10] needs indices of shape [batch<=8], not [8] (batch<=8 ≠ 8: a bounded size equals no number and no other size)',
    ],
  ];
  it.each(misfits)('refuse what does not fit, saying what and where: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE)).toBeInstanceOf(Error);
  });

  it('name the line that wrote the operation', () => {
    const line = lineHere() + 1;
    const build = (): Tensor => of([2, 3]).matmul(of([4, 5]));
    const text = 'matmul: inner sizes differ: [2, 3] · [4, 5] (3 ≠ 4)';
    const error = expectRefusal(build, 'inner-sizes', text, FILE);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.source).toBe(`${FILE}:${line}`);
    expect(error.op).toBe('matmul');
  });

  it('refuse operands of another graph', () => {
    const other = new Graph();
    const stranger = new Tensor(other, other.build('constant', [], { value: 1, dtype: 'f32' }));
    expectRefusal(
      () => of([]).add(stranger),
      'other-graph',
      'add: operand %0 belongs to another graph',
      FILE,
    );
    expectRefusal(
      () => of([2]).matmul(stranger.broadcastTo([2])),
      'other-graph',
      'matmul: operand %1 belongs to another graph',
      FILE,
    );
  });
});

describe('reshapes of bounded dimensions', () => {
  const fits: readonly [from: readonly Dim[], to: readonly (Dim | -1)[], type: string][] = [
    [[batch, 6], [batch, 2, 3], 'f32[batch<=8, 2, 3]'],
    [[batch, 6], [-1], 'f32[6*batch<=8]'],
    [[batch, 6], [-1, 3], 'f32[2*batch<=8, 3]'],
    [[{ ...batch, factor: 6 }], [batch, 6], 'f32[batch<=8, 6]'],
    [[{ ...batch, factor: 2 }, 3], [-1, 6], 'f32[batch<=8, 6]'],
    [[batch], [1, batch, 1], 'f32[1, batch<=8, 1]'],
    [[4, batch, 3], [4, -1], 'f32[4, 3*batch<=8]'],
    [[4, 2, batch], [8, batch], 'f32[8, batch<=8]'],
  ];
  it.each(fits)('keep the live elements first: %j to %j', (from, to, type) => {
    expect(typeOf(of(from).reshape(to))).toBe(type);
  });

  const misfits: readonly [from: readonly Dim[], to: readonly Dim[], run: string, into: string][] = [
    [[batch, 6], [8, 6], '[batch<=8]', '[8]'],
    [[3, batch], [{ ...batch, factor: 3 }], '[3, batch<=8]', '[3*batch<=8]'],
    [[batch, 6], [6, batch], '[batch<=8, 6]', '[6, batch<=8]'],
    [
      [batch, { size: { name: 'other', max: 2 }, factor: 1 }],
      [{ ...batch, factor: 2 }],
      '[batch<=8, other<=2]',
      '[2*batch<=8]',
    ],
  ];
  it.each(misfits)('are refused where they would tear one: %j to %j', (from, to, run, into) => {
    const text =
      `reshape: ${shapeText(from)} to ${shapeText(to)}: ${run} cannot become ${into}, ` +
      'since a bounded dimension stays whole or is the outermost factor on both sides';
    expect(expectRefusal(() => of(from).reshape(to), 'bounded-reshape', text, FILE).code).toBe(
      'bounded-reshape',
    );
  });
});
