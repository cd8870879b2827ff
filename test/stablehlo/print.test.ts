import { describe, expect, test } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { optim } from '../../src/index.ts';
import { toStableHlo } from '../../src/stablehlo/index.ts';

/** The text of an entry without locations, which name this file. */
function textOf(module: Parameters<typeof toStableHlo>[0], entry: string): string {
  return toStableHlo(module, entry).replaceAll(/ loc\("[^"]*":\d+:\d+\)/g, '');
}

describe('an entry as StableHLO', () => {
  const line = defineModule('line', (m) => {
    const rows = m.size('rows', { max: 4 });
    const x = m.input('x', { shape: [rows] });
    const a = m.state('a', { shape: [] });
    const loss = x.mul(a).sub(1).square().mean();
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
    m.entry('predict', { y: x.mul(a) });
  });

  test('takes states, inputs, run-time scalars and sizes, and returns next values and outputs', () => {
    expect(textOf(line, 'train')).toMatchInlineSnapshot(`
      "module @line {
        func.func public @main(
          %a: tensor<f32> {tf.aliasing_output = 0 : i32},
          %x: tensor<4xf32>,
          %lr: tensor<f32>,
          %rows: tensor<i32>
        ) -> (
          tensor<f32> {jax.result_info = "a"},
          tensor<f32> {jax.result_info = "loss"}
        ) {
          %0 = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<4xf32>
          %1 = stablehlo.multiply %x, %0 : tensor<4xf32>
          %2 = stablehlo.constant dense<1.0> : tensor<f32>
          %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<f32>) -> tensor<4xf32>
          %4 = stablehlo.subtract %1, %3 : tensor<4xf32>
          %5 = stablehlo.multiply %4, %4 : tensor<4xf32>
          %6 = stablehlo.broadcast_in_dim %rows, dims = [] : (tensor<i32>) -> tensor<4xi32>
          %7 = stablehlo.iota dim = 0 : tensor<4xi32>
          %8 = stablehlo.compare LT, %7, %6, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
          %9 = stablehlo.constant dense<0.0> : tensor<4xf32>
          %10 = stablehlo.select %8, %5, %9 : tensor<4xi1>, tensor<4xf32>
          %11 = stablehlo.constant dense<0.0> : tensor<f32>
          %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
          %13 = stablehlo.convert %rows : (tensor<i32>) -> tensor<f32>
          %loss = stablehlo.divide %12, %13 : tensor<f32>
          %14 = stablehlo.divide %2, %13 : tensor<f32>
          %15 = stablehlo.broadcast_in_dim %14, dims = [] : (tensor<f32>) -> tensor<4xf32>
          %16 = stablehlo.multiply %15, %4 : tensor<4xf32>
          %17 = stablehlo.add %16, %16 : tensor<4xf32>
          %18 = stablehlo.multiply %17, %x : tensor<4xf32>
          %19 = stablehlo.select %8, %18, %9 : tensor<4xi1>, tensor<4xf32>
          %d_a = stablehlo.reduce(%19 init: %11) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
          %20 = stablehlo.multiply %d_a, %lr : tensor<f32>
          %next.a = stablehlo.subtract %a, %20 : tensor<f32>
          return %next.a, %loss : tensor<f32>, tensor<f32>
        }
      }
      "
    `);
  });

  test('donates no state that it only reads', () => {
    expect(textOf(line, 'predict')).toMatchInlineSnapshot(`
      "module @line {
        func.func public @main(
          %a: tensor<f32>,
          %x: tensor<4xf32>,
          %rows: tensor<i32>
        ) -> (
          tensor<4xf32> {jax.result_info = "y"}
        ) {
          %0 = stablehlo.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<4xf32>
          %y = stablehlo.multiply %x, %0 : tensor<4xf32>
          return %y : tensor<4xf32>
        }
      }
      "
    `);
  });

  test('says the line of the user of each of its own', () => {
    expect(toStableHlo(line, 'predict')).toMatch(/= stablehlo\.multiply .* loc\("print\.test\.ts":\d+:1\)/);
  });

  test('is refused by a name that is not there, which lists those that are', () => {
    expect(() => toStableHlo(line, 'trian')).toThrow(
      'there is no entry "trian" (did you mean "train"?); there are "train", "predict"',
    );
  });
});

describe('names', () => {
  test('that MLIR does not take become ones that it does, each once', () => {
    const module = defineModule('1 "model"\\', (m) => {
      const a = m.input('a b', { shape: [] });
      const b = m.input('a_b', { shape: [] });
      const c = m.input('1', { shape: [] });
      m.entry('run "it"', { 'sum "é"\\': a.add(b).add(c) });
    });
    expect(textOf(module, 'run "it"')).toMatchInlineSnapshot(`
      "module @_1__model__ {
        func.func public @main(
          %a_b: tensor<f32>,
          %a_b_2: tensor<f32>,
          %_1: tensor<f32>
        ) -> (
          tensor<f32> {jax.result_info = "sum \\22\\C3\\A9\\22\\5C"}
        ) {
          %0 = stablehlo.add %a_b, %a_b_2 : tensor<f32>
          %sum_____ = stablehlo.add %0, %_1 : tensor<f32>
          return %sum_____ : tensor<f32>
        }
      }
      "
    `);
  });
});

test('a chain of 20,000 operations prints without recursion, a line each', () => {
  const module = defineModule('deep', (m) =>
    m.graph.withSource('deep', () => {
      let x = m.input('x', { shape: [2] });
      for (let k = 0; k < 20_000; k++) x = k % 2 === 0 ? x.sin() : x.neg();
      m.entry('run', { x });
    }),
  );
  expect(toStableHlo(module, 'run').match(/stablehlo\.(sine|negate)/g)).toHaveLength(20_000);
});
