import { describe, expect, expectTypeOf, it } from 'vitest';
import { typed } from '../../src/graph/tensor/value.ts';
import {
  concat,
  customGradient,
  defineModule,
  einsum,
  evaluation,
  gradients,
  type InputTensor,
  type ModuleBuilder,
  nn,
  random,
  type StateTensor,
  stack,
  Tensor,
  where,
  zeros,
} from '../../src/index.ts';
import type { Dtype } from '../../src/loops/index.ts';

/** Builds tensors in a module of their own, whose types hold at run time: each says of which type it is. */
function declared(build: (m: ModuleBuilder) => readonly Tensor[]): readonly Dtype[] {
  let dtypes: readonly Dtype[] = [];
  defineModule('typed', (m) => {
    const tensors = build(m);
    dtypes = tensors.map(({ dtype }) => dtype);
    m.entry('run', { y: m.input('unused', { shape: [] }) });
  });
  return dtypes;
}

describe('the element type in a tensor’s type', () => {
  it('is that which it is declared with', () => {
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2] });
      const bytes = m.input('bytes', { shape: [2], dtype: 'u8' });
      const weight = m.state('weight', { shape: [2] });
      const count = m.state('count', { shape: [], dtype: 'i32' });
      const rate = m.param('rate', { initial: 1 });
      const table = m.literal([1, 0], { shape: [2], dtype: 'bool' });
      expectTypeOf(x).toEqualTypeOf<InputTensor<'x', 'f32'>>();
      expectTypeOf(x).toExtend<Tensor<'f32'>>();
      expectTypeOf(bytes).toExtend<Tensor<'u8'>>();
      expectTypeOf(weight).toExtend<Tensor<'f32'>>();
      expectTypeOf(count).toExtend<Tensor<'i32'>>();
      expectTypeOf(count).not.toExtend<Tensor<'f32'>>();
      expectTypeOf(rate).toExtend<Tensor<'f32'>>();
      expectTypeOf(rate).not.toExtend<Tensor<'i32'>>();
      expectTypeOf(table).toEqualTypeOf<Tensor<'bool'>>();
      expectTypeOf(m.step()).toEqualTypeOf<Tensor<'i32'>>();
      return [x, bytes, weight, count, rate, table, m.step()];
    });
    expect(dtypes).toEqual(['f32', 'u8', 'f32', 'i32', 'f32', 'bool', 'i32']);
  });

  it('follows the operations', () => {
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2, 3] });
      const n = m.input('n', { shape: [2, 3], dtype: 'i32' });
      const isLess = x.lt(0);
      expectTypeOf(x.add(1).mul(x)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(n.sum(1).expandDims(0)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(isLess).toEqualTypeOf<Tensor<'bool'>>();
      expectTypeOf(n.cast('f32').mean()).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(x.cast('u32')).toEqualTypeOf<Tensor<'u32'>>();
      expectTypeOf(isLess.where(n, 0)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(isLess.where(1, 0)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(x.argmax(1)).toEqualTypeOf<Tensor<'i32'>>();
      const { values, indices } = n.topK(2);
      expectTypeOf(values).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(x.sort().indices).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(x.fullLike(0)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(x.fullLike(1, 'bool')).toEqualTypeOf<Tensor<'bool'>>();
      expectTypeOf(n.split(1, 1)).toEqualTypeOf<Tensor<'i32'>[]>();
      return [
        x.add(1),
        n.sum(1),
        isLess,
        isLess.where(n, 0),
        isLess.where(1, 0),
        x.argmax(1),
        values,
        indices,
      ];
    });
    expect(dtypes).toEqual(['f32', 'i32', 'bool', 'i32', 'f32', 'i32', 'i32', 'i32']);
  });

  it('follows functions of tensors, layers and losses', () => {
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2, 3] });
      const y = m.input('y', { shape: [2], dtype: 'i32' });
      const logits = nn.sequential([nn.dense(4), nn.relu, nn.dense(3)])(x);
      expectTypeOf(logits).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.sequential([nn.dense(4), (h) => h.argmax(1)])(x)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(nn.crossEntropy(logits, y)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.residual(nn.dense(3))(x)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf<ReturnType<nn.Lstm>['output']>().toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.embedding(9, 3)(y)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.relu(y)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(concat([y, y])).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(stack([x, x])).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(where(x.lt(0), y.expandDims(1), 0)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(zeros(m, [2])).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(zeros(m, [2], 'u32')).toEqualTypeOf<Tensor<'u32'>>();
      expectTypeOf(einsum('ij->i', y.expandDims(1))).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(evaluation(y)).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(random.bernoulli(m, 0.5, [2])).toEqualTypeOf<Tensor<'bool'>>();
      expectTypeOf(random.permutation(m, 3)).toEqualTypeOf<Tensor<'i32'>>();
      const [gradient] = gradients(nn.crossEntropy(logits, y), [x]);
      expectTypeOf(gradient).toEqualTypeOf<Tensor<'f32'> | undefined>();
      const rounded = customGradient(
        (t) => t.round(),
        ({ cotangent }) => cotangent,
        { estimate: true },
      );
      expectTypeOf(rounded(x)).toEqualTypeOf<Tensor<'f32'>>();
      return [logits, nn.crossEntropy(logits, y), concat([y, y]), random.bernoulli(m, 0.5, [2]), rounded(x)];
    });
    expect(dtypes).toEqual(['f32', 'f32', 'i32', 'bool', 'f32']);
  });

  it('may be left out: what it is not known of is taken for one of any, and the other way round', () => {
    const negated = (x: Tensor): Tensor => x.neg();
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2] });
      const n = m.input('n', { shape: [2], dtype: 'i32' });
      let h = x.cast('f32');
      for (let k = 0; k < 2; k++) h = negated(h);
      let count = n.abs();
      count = negated(count);
      // What is known of the result alone stays known.
      expectTypeOf(negated(x).lt(0)).toEqualTypeOf<Tensor<'bool'>>();
      expectTypeOf(negated(x)).toEqualTypeOf<Tensor>();
      return [h, count];
    });
    expectTypeOf<Tensor<'f32'>>().toExtend<Tensor>();
    expectTypeOf<Tensor>().toExtend<Tensor<'f32'>>();
    expectTypeOf<InputTensor<'x', 'f32'>>().toExtend<Tensor>();
    expectTypeOf<nn.Sequential>().toExtend<nn.Sequential<'i32'>>();
    expectTypeOf<nn.LstmState<Dtype>>().toExtend<nn.LstmState>();
    expectTypeOf<(x: Tensor) => Tensor>().toExtend<(x: Tensor<'f32'>) => Tensor<'f32'>>();
    expect(dtypes).toEqual(['f32', 'i32']);
  });

  it('is not another one', () => {
    expectTypeOf<Tensor<'i32'>>().not.toExtend<Tensor<'f32'>>();
    expectTypeOf<Tensor<'f32'>>().not.toExtend<Tensor<'i32'>>();
    expectTypeOf<InputTensor<'x', 'i32'>>().not.toExtend<Tensor<'f32'>>();
    expectTypeOf<StateTensor<'x', 'bool'>>().not.toExtend<Tensor<'f32'>>();
    expectTypeOf<Tensor<'f32' | 'i32'>>().not.toExtend<Tensor<'bool'>>();
    expectTypeOf<nn.Sequential<'f32'>>().not.toExtend<nn.Sequential<'i32'>>();
    const refused = (x: Tensor<'f32'>, y: Tensor<'i32'>): void => {
      // @ts-expect-error labels are no floats
      x = y;
      // @ts-expect-error nor the other way round
      y = x;
    };
    expect(refused).toBeTypeOf('function');
  });

  it('is told by inference, of a tensor and of a handle', () => {
    type Of<T> = T extends Tensor<infer D> ? D : never;
    expectTypeOf<Of<Tensor<'bool'>>>().toEqualTypeOf<'bool'>();
    expectTypeOf<Of<Tensor>>().toEqualTypeOf<Dtype>();
    expectTypeOf<Of<InputTensor<'x', 'u8'>>>().toEqualTypeOf<'u8'>();
    expectTypeOf<Of<StateTensor<'x', 'i32'>>>().toEqualTypeOf<'i32'>();
    const same = <D extends Dtype>(x: Tensor<D>): Tensor<D> => x;
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2], dtype: 'i32' });
      expectTypeOf(same(x)).toEqualTypeOf<Tensor<'i32'>>();
      return [same(x)];
    });
    expect(dtypes).toEqual(['i32']);
  });

  it('has no bias where a layer was told to have none', () => {
    expectTypeOf(nn.dense(2, { bias: false })).not.toHaveProperty('bias');
    expectTypeOf(nn.conv2d(2, 3, { bias: false })).not.toHaveProperty('bias');
    expectTypeOf(nn.dense(2)).toHaveProperty('bias');
    expect('bias' in nn.dense(2)).toBe(true);
  });

  it('has no gain and no bias where a normalisation was told to have none', () => {
    expectTypeOf(nn.layerNorm({ affine: false })).toEqualTypeOf<nn.Layer>();
    expectTypeOf(nn.layerNorm({ bias: false })).toEqualTypeOf<nn.BiaslessNorm>();
    expectTypeOf(nn.layerNorm({ eps: 1e-6 })).toEqualTypeOf<nn.Norm>();
    expectTypeOf(nn.rmsNorm({ affine: false })).toEqualTypeOf<nn.Layer>();
    expectTypeOf(nn.rmsNorm()).toEqualTypeOf<nn.BiaslessNorm>();
    expectTypeOf(nn.groupNorm(2, { affine: false })).toEqualTypeOf<nn.Layer>();
    expectTypeOf(nn.groupNorm(2)).toEqualTypeOf<nn.Norm>();
    expectTypeOf(nn.instanceNorm()).toEqualTypeOf<nn.Layer>();
    expectTypeOf(nn.instanceNorm({ affine: true })).toEqualTypeOf<nn.Norm>();
    expectTypeOf(nn.batchNorm()).toEqualTypeOf<nn.BatchNormLayer>();
    expectTypeOf(nn.batchNorm({ affine: false })).not.toHaveProperty('weight');
    expectTypeOf(nn.batchNorm({ affine: false })).toHaveProperty('runningMean');
    expectTypeOf(nn.batchNorm({ affine: false }).clone()).toEqualTypeOf<nn.AffinelessBatchNormLayer>();
    const dtypes = declared((m) => {
      const x = m.input('x', { shape: [2, 4] });
      const layers = [nn.layerNorm({ affine: false }), nn.batchNorm({ affine: false }), nn.instanceNorm()];
      const outputs = layers.map((layer) => layer(x));
      expect(layers.map((layer) => layer.parameters())).toEqual([[], [], []]);
      return [...outputs, nn.layerNorm(x), nn.instanceNorm(x, { affine: true }), nn.batchNorm(x).output];
    });
    expect(dtypes).toEqual(Array(6).fill('f32'));
  });

  it('is that of what is put back by places, and floats of bytes', () => {
    const dtypes = declared((m) => {
      const back = <D extends Dtype>(name: string, dtype: D) =>
        nn.maxUnpool2d(
          m.input(name, { shape: [1, 1, 2, 2], dtype }),
          m.input(`${name}Places`, { shape: [1, 1, 2, 2], dtype: 'i32' }),
          4,
        );
      const [floats, integers, bytes] = [back('x', 'f32'), back('n', 'i32'), back('bytes', 'u8')] as const;
      expectTypeOf(floats).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(integers).toEqualTypeOf<Tensor<'i32'>>();
      expectTypeOf(bytes).toEqualTypeOf<Tensor<'f32'>>();
      return [floats, integers, bytes];
    });
    expect(dtypes).toEqual(['f32', 'i32', 'f32']);
  });

  it('is what the tensor is of: a signature that says otherwise is found', () => {
    defineModule('typed', (m) => {
      const x = m.input('x', { shape: [2] });
      expect(() => typed(x, 'i32')).toThrow(new TypeError(`${x} was declared to be of type i32`));
      expect(x).toBeInstanceOf(Tensor);
      m.entry('run', { x });
    });
  });
});
