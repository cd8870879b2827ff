import { describe, expect, it } from 'vitest';
import {
  defineModule,
  evaluation,
  Graph,
  type GraphIssue,
  type Module,
  type ModuleBuilder,
  printNodes,
  Tensor,
  whileTraining,
} from '../../src/graph/index.ts';
import {
  contractionOf,
  type Dim,
  type Dtype,
  type Loop,
  printLoops,
  shapeText,
} from '../../src/loops/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';
import { expectRefusal, untyped } from './refusal.ts';

const FILE = 'convolution.test.ts';
const batch: Dim = { size: { name: 'batch', max: 8 }, factor: 1 };
const graph = new Graph();
const of = (shape: readonly Dim[], dtype: Dtype = 'f32'): Tensor =>
  new Tensor(graph, graph.build('input', [], { name: `${dtype}${shapeText(shape)}`, shape, dtype }));
const typeOf = (tensor: Tensor): string => `${tensor.dtype}${shapeText(tensor.shape)}`;

const loopsOf = (build: (m: ModuleBuilder) => Record<string, Tensor>): Loop[] => {
  const module: Module = defineModule('loops', (m) => m.entry('run', build(m)));
  return lower(module, 'run', declareStorage(module));
};

describe('a convolution', () => {
  it.each<[build: () => Tensor, type: string]>([
    [() => of([batch, 1, 3, 8, 9]).convolve(of([1, 4, 3, 3, 2])), 'f32[batch<=8, 1, 4, 6, 8]'],
    [() => of([2, 5, 1, 7]).convolve(of([5, 2, 1, 3]), { low: [1], high: [1] }), 'f32[2, 5, 2, 7]'],
    [
      () => of([2, 1, 1, 9]).convolve(of([1, 1, 1, 3]), { stride: [2], windowDilation: [2] }),
      'f32[2, 1, 1, 3]',
    ],
    [() => of([2, 1, 1, 4]).convolve(of([1, 1, 1, 3]), { inputDilation: [3], low: [2] }), 'f32[2, 1, 1, 10]'],
    [() => of([2, 1, 1, 9]).convolve(of([1, 1, 1, 3]), { low: [-2], high: [-1] }), 'f32[2, 1, 1, 4]'],
    [() => of([2, 1, 1, 9], 'i32').convolve(of([1, 1, 1, 3], 'i32')), 'i32[2, 1, 1, 7]'],
  ])('has a place for each position of its window: %#', (build, type) => {
    expect(typeOf(build())).toBe(type);
  });

  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [
      () => of([2, 3, 8]).convolve(of([3, 3, 3])),
      'rank',
      'convolve: [batch, groups, in, ...space] by [groups, out, in, ...window], not [2, 3, 8] by [3, 3, 3]',
    ],
    [
      () => of([2, 1, 3, 8]).convolve(of([1, 5, 4, 3])),
      'inner-sizes',
      'convolve: features differ: [2, 1, 3, 8] by [1, 5, 4, 3] (3 ≠ 4)',
    ],
    [
      () => of([2, 2, 3, 8]).convolve(of([1, 5, 3, 3])),
      'inner-sizes',
      'convolve: groups differ: [2, 2, 3, 8] by [1, 5, 3, 3] (2 ≠ 1)',
    ],
    [
      () => of([2, 1, 3, 4]).convolve(of([1, 5, 3, 3]), { windowDilation: [2] }),
      'window',
      'convolve: a window of 3, which spans 5, fits nowhere in axis 3 of [2, 1, 3, 4]: 4 elements are 4',
    ],
    [
      () => of([2, 1, 3, 4]).convolve(of([1, 5, 3, 8]), { low: [1], high: [2] }),
      'window',
      'convolve: a window of 8 fits nowhere in axis 3 of [2, 1, 3, 4]: 4 elements and padding 1 and 2 are 7',
    ],
    [
      () => of([2, 1, 3, 4]).convolve(of([1, 5, 3, 3]), { stride: [0] }),
      'window',
      'convolve: stride 0 of axis 3: a whole number from 1 on',
    ],
    [
      () => of([2, 1, 3, batch]).convolve(of([1, 5, 3, 3])),
      'bounded-range',
      'convolve: axis 3 is bounded: a window slides over fixed extents only',
    ],
    [
      () => of([2, 1, 3, 4]).convolve(of([1, 5, 3, 3]), { low: [1, 1] }),
      'rank',
      'convolve: low must have 1 numbers, one an axis of space',
    ],
    [
      () => of([2, 1, 3, 4]).convolve(of([1, 5, 3, 3]), untyped({ padding: 1 })),
      'option',
      'convolve: there is no option "padding": the options are stride, low, high, inputDilation, windowDilation',
    ],
    [
      () => of([2, 1, 3, 4], 'i32').convolve(of([1, 5, 3, 3])),
      'dtype-mismatch',
      'convolve: operands of types i32 and f32: cast one of them',
    ],
  ])('refuses what does not fit, saying what would: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).op).toBe('convolve');
  });

  it('and both of its gradients are contractions, whatever slides how', () => {
    const loops = loopsOf((m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 8 }), 2, 3, 9, 8] });
      const w = m.input('w', { shape: [2, 4, 3, 3, 2] });
      const y = x.convolve(w, { stride: [2, 1], low: [1, 0], high: [2, 1], windowDilation: [1, 2] });
      const [dx = x, dw = w] = gradients(y.square().sum(), [x, w]);
      return { dx, dw };
    });
    const isContraction = (loop: Loop): boolean => contractionOf(loop) !== null;
    const found = loops.filter(isContraction).map(({ origin }) => origin[0]?.node.replace(/%\d+ = /, ''));
    expect(found.map((text) => text?.slice(0, 8))).toEqual(['convolve', 'convolve', 'convolve']);
    expect(loops.filter((loop) => loop.reductions.length > 0 && !isContraction(loop))).toHaveLength(0);
  });

  it('reads a plain sum of products where nothing is padded', () => {
    const [loop] = loopsOf((m) => ({
      y: m
        .input('x', { shape: [2, 1, 3, 8] })
        .convolve(m.input('w', { shape: [1, 4, 3, 3] }), { stride: [2] }),
    }));
    expect(loop && printLoops([loop])).toContain('r0 = sum(x[i0, 0, k0, i3 * 2 + k1] * w[0, i2, k0, k1])');
  });
});

describe('windows', () => {
  it.each<[build: () => Tensor, type: string]>([
    [() => of([batch, 8, 9]).windows({ axes: [1, 2], window: [2, 3] }), 'f32[batch<=8, 7, 7, 2, 3]'],
    [() => of([2, 8, 3]).windows({ axes: [1], window: [3], stride: [2], low: [1] }), 'f32[2, 4, 3, 3]'],
    [() => of([7], 'bool').windows({ axes: [0], window: [2], dilation: [3] }), 'bool[4, 2]'],
    [
      () => of([2, 4, 3, 3]).foldWindows([8], { axes: [1], window: [3], stride: [2], low: [1] }),
      'f32[2, 8, 3]',
    ],
  ])('leave their positions in the place of the axis, and their elements behind: %#', (build, type) => {
    expect(typeOf(build())).toBe(type);
  });

  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [
      () => of([2, 3]).windows({ axes: [1], window: [4] }),
      'window',
      'windows: a window of 4 fits nowhere in axis 1 of [2, 3]: 3 elements are 3',
    ],
    [
      () => of([2, 3]).windows({ axes: [1, 0], window: [1, 1] }),
      'axis',
      'windows: axes [1, 0] of [2, 3]: in the shape, sorted, each once',
    ],
    [
      () => of([2, 3]).windows({ axes: [1], window: [1, 2] }),
      'rank',
      'windows: window must have 1 numbers, one an axis',
    ],
    [
      () => of([2, batch]).windows({ axes: [1], window: [1] }),
      'bounded-range',
      'windows: axis 1 is bounded: a window slides over fixed extents only',
    ],
    [
      () => of([2, 3], 'i32').windows({ axes: [1], window: [1], value: 0.5 }),
      'constant',
      'windows: 0.5 is no value of type i32 (whole numbers from -2147483648 to 2147483647)',
    ],
    [
      () => of([2, 3]).windows(untyped({ axes: 1, window: [1] })),
      'axis',
      'windows: axes must be a list such as [2, 3], not 1',
    ],
  ])('refuse what does not fit, saying what would: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).op).toBe('windows');
  });

  it('that are folded must be those of the axis', () => {
    const text = 'foldWindows: [2, 4, 3] has not 3 windows of 3 along axis 1';
    const fold = (): Tensor => of([2, 4, 3]).foldWindows([5], { axes: [1], window: [3] });
    expect(expectRefusal(fold, 'window', text, FILE).op).toBe('foldWindows');
  });

  it('that do not overlap are placed without a sum, those that do are added up by each element', () => {
    const [added, placed] = loopsOf((m) => {
      const x = m.input('x', { shape: [3, 2] });
      const y = m.input('y', { shape: [3, 3] });
      return {
        placed: x.foldWindows([7], { axes: [0], window: [2], stride: [2] }),
        added: y.foldWindows([5], { axes: [0], window: [3] }),
      };
    });
    expect(placed && printLoops([placed])).toContain('placed[i0] = select(i0 < 6, x[i0 // 2, i0 % 2], 0.0)');
    expect(added && printLoops([added])).toContain(
      'r0 = sum(select(k0 <= i0 && i0 - k0 < 3, y[i0 - k0, k0], 0.0))',
    );
  });
});

describe('the evaluation of a model', () => {
  const textOf = (tensor: Tensor): string => printNodes([tensor.node]);

  it('has the second operand wherever training has the first', () => {
    const [x, y] = [of([3]), of([3]).neg()];
    const trained = whileTraining(x.exp(), y).add(1).relu();
    expect(textOf(evaluation(trained))).toBe(textOf(y.add(1).relu()));
  });

  it('is the value itself where nothing depends on training', () => {
    const x = of([3]).exp();
    expect(evaluation(x).node).toBe(x.node);
  });

  it('replaces what evaluated operands are made of, too', () => {
    const x = of([3]);
    const inner = whileTraining(x, x.neg());
    expect(textOf(evaluation(whileTraining(x, inner.exp())))).toBe(textOf(x.neg().exp()));
  });

  it('keeps names and lines', () => {
    const x = of([3]);
    const named = whileTraining(x, x.neg()).tanh().named('hidden');
    const { label, source } = evaluation(named).node;
    expect({ label, source }).toEqual({ label: 'hidden', source: named.node.source });
  });

  it('is not what gradients see: they go to the first operand', () => {
    const x = of([]);
    const loss = whileTraining(x.mul(3), x.mul(5));
    const [gradient = x] = gradients(loss, [x]);
    expect(textOf(gradient)).toBe(textOf(x.fullLike(1).mul(3)));
  });

  it('refuses values of two shapes', () => {
    const text = 'training: operands of shapes [3] and [2]';
    const build = (): Tensor => whileTraining(of([3]), of([2]));
    expect(expectRefusal(build, 'shape-mismatch', text, FILE).op).toBe('training');
  });
});
