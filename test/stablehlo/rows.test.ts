import { describe, expect, test } from 'vitest';
import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import type { Size } from '../../src/loops/index.ts';
import { toStableHlo } from '../../src/stablehlo/index.ts';

/** The lines of a function of tensors of at most four rows, as `sinter/stablehlo` prints them. */
function bodyOf(build: (m: ModuleBuilder, rows: Size) => Tensor): string {
  const module = defineModule('row', (m) => {
    m.entry('run', { y: build(m, m.size('rows', { max: 4 })) });
  });
  const text = toStableHlo(module, 'run').replaceAll(/ loc\("[^"]*":\d+:\d+\)/g, '');
  return (/\) \{\n([\s\S]*?)\n {2}\}/.exec(text)?.[1] ?? '').replaceAll(/^ {4}/gm, '');
}

describe('what is not live', () => {
  test('is the identity of a reduction', () => {
    expect(bodyOf((m, rows) => m.input('x', { shape: [rows, 2] }).max(0))).toMatchInlineSnapshot(`
      "%0 = stablehlo.broadcast_in_dim %rows, dims = [] : (tensor<i32>) -> tensor<4xi32>
      %1 = stablehlo.iota dim = 0 : tensor<4xi32>
      %2 = stablehlo.compare LT, %1, %0, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
      %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<4xi1>) -> tensor<4x2xi1>
      %4 = stablehlo.constant dense<0xFF800000> : tensor<4x2xf32>
      %5 = stablehlo.select %3, %x, %4 : tensor<4x2xi1>, tensor<4x2xf32>
      %6 = stablehlo.constant dense<0xFF800000> : tensor<f32>
      %y = stablehlo.reduce(%5 init: %6) applies stablehlo.maximum across dimensions = [0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<2xf32>
      return %y : tensor<2xf32>"
    `);
  });

  test('is 0 in both factors of a product, or a NaN would come of it', () => {
    expect(
      bodyOf((m, rows) => {
        const a = m.input('a', { shape: [rows, 2] });
        return a.transpose().matmul(m.input('b', { shape: [rows, 3] }));
      }),
    ).toMatchInlineSnapshot(`
      "%0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
      %1 = stablehlo.broadcast_in_dim %rows, dims = [] : (tensor<i32>) -> tensor<4xi32>
      %2 = stablehlo.iota dim = 0 : tensor<4xi32>
      %3 = stablehlo.compare LT, %2, %1, SIGNED : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
      %4 = stablehlo.broadcast_in_dim %3, dims = [1] : (tensor<4xi1>) -> tensor<2x4xi1>
      %5 = stablehlo.constant dense<0.0> : tensor<2x4xf32>
      %6 = stablehlo.select %4, %0, %5 : tensor<2x4xi1>, tensor<2x4xf32>
      %7 = stablehlo.broadcast_in_dim %3, dims = [0] : (tensor<4xi1>) -> tensor<4x3xi1>
      %8 = stablehlo.constant dense<0.0> : tensor<4x3xf32>
      %9 = stablehlo.select %7, %b, %8 : tensor<4x3xi1>, tensor<4x3xf32>
      %y = stablehlo.dot_general %6, %9, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
      return %y : tensor<2x3xf32>"
    `);
  });

  test('is not read by indices', () => {
    expect(
      bodyOf((m, rows) =>
        m.input('x', { shape: [rows, 2] }).take(m.input('index', { shape: [3], dtype: 'i32' })),
      ),
    ).toMatchInlineSnapshot(`
      "%0 = stablehlo.constant dense<1> : tensor<i32>
      %1 = stablehlo.subtract %rows, %0 : tensor<i32>
      %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i32>) -> tensor<3xi32>
      %3 = stablehlo.minimum %index, %2 : tensor<3xi32>
      %4 = stablehlo.constant dense<0> : tensor<3xi32>
      %5 = stablehlo.maximum %3, %4 : tensor<3xi32>
      %y = "stablehlo.gather"(%x, %5) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 2>}> : (tensor<4x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
      return %y : tensor<3x2xf32>"
    `);
  });
});

describe('rows', () => {
  test('of an extremum find its first place, or that of a NaN', () => {
    expect(bodyOf((m) => m.input('x', { shape: [2, 3] }).argmax(1))).toMatchInlineSnapshot(`
      "%0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
      %1 = stablehlo.reduce(%x init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
      %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (tensor<2xf32>) -> tensor<2x3xf32>
      %3 = stablehlo.compare EQ, %x, %2, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %4 = stablehlo.compare NE, %x, %x, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
      %5 = stablehlo.or %3, %4 : tensor<2x3xi1>
      %6 = stablehlo.iota dim = 1 : tensor<2x3xi32>
      %7 = stablehlo.constant dense<2147483647> : tensor<2x3xi32>
      %8 = stablehlo.select %5, %6, %7 : tensor<2x3xi1>, tensor<2x3xi32>
      %9 = stablehlo.constant dense<2147483647> : tensor<i32>
      %y = stablehlo.reduce(%8 init: %9) applies stablehlo.minimum across dimensions = [1] : (tensor<2x3xi32>, tensor<i32>) -> tensor<2xi32>
      return %y : tensor<2xi32>"
    `);
  });

  test('of windows gather their elements', () => {
    expect(
      bodyOf((m) => m.input('x', { shape: [5] }).windows({ axes: [0], window: [3], stride: [2] })),
    ).toMatchInlineSnapshot(`
      "%0 = stablehlo.iota dim = 0 : tensor<2x3xi32>
      %1 = stablehlo.constant dense<2> : tensor<2x3xi32>
      %2 = stablehlo.multiply %0, %1 : tensor<2x3xi32>
      %3 = stablehlo.iota dim = 1 : tensor<2x3xi32>
      %4 = stablehlo.add %2, %3 : tensor<2x3xi32>
      %5 = "stablehlo.gather"(%x, %4) <{dimension_numbers = #stablehlo.gather<offset_dims = [], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<5xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
      return %5 : tensor<2x3xf32>"
    `);
  });

  test('of windows side by side are movements alone', () => {
    const pooled = bodyOf((m) =>
      m.input('x', { shape: [6] }).windows({ axes: [0], window: [2], stride: [2] }),
    );
    expect(pooled).toMatchInlineSnapshot(`
      "%0 = stablehlo.reshape %x : (tensor<6xf32>) -> tensor<3x2xf32>
      %1 = stablehlo.transpose %0, dims = [0, 1] : (tensor<3x2xf32>) -> tensor<3x2xf32>
      return %1 : tensor<3x2xf32>"
    `);
  });

  test('of casts saturate, and take NaN for 0', () => {
    expect(bodyOf((m) => m.input('x', { shape: [] }).cast('i32'))).toMatchInlineSnapshot(`
      "%0 = stablehlo.constant dense<-2147483648.0> : tensor<f32>
      %1 = stablehlo.constant dense<2147483520.0> : tensor<f32>
      %2 = stablehlo.clamp %0, %x, %1 : tensor<f32>
      %3 = stablehlo.convert %2 : (tensor<f32>) -> tensor<i32>
      %4 = stablehlo.constant dense<2147483647> : tensor<i32>
      %5 = stablehlo.constant dense<2147483648.0> : tensor<f32>
      %6 = stablehlo.compare GE, %x, %5, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %7 = stablehlo.select %6, %4, %3 : tensor<i1>, tensor<i32>
      %8 = stablehlo.compare NE, %x, %x, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %9 = stablehlo.constant dense<0> : tensor<i32>
      %y = stablehlo.select %8, %9, %7 : tensor<i1>, tensor<i32>
      return %y : tensor<i32>"
    `);
  });

  test('of integer quotients round down, and give 0 by 0', () => {
    expect(
      bodyOf((m) =>
        m.input('x', { shape: [], dtype: 'i32' }).floorDiv(m.input('y', { shape: [], dtype: 'i32' })),
      ),
    ).toMatchInlineSnapshot(`
      "%0 = stablehlo.constant dense<0> : tensor<i32>
      %1 = stablehlo.compare EQ, %y, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %2 = stablehlo.constant dense<1> : tensor<i32>
      %3 = stablehlo.select %1, %2, %y : tensor<i1>, tensor<i32>
      %4 = stablehlo.remainder %x, %3 : tensor<i32>
      %5 = stablehlo.divide %x, %3 : tensor<i32>
      %6 = stablehlo.compare LT, %4, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %7 = stablehlo.compare LT, %3, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %8 = stablehlo.compare NE, %6, %7, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
      %9 = stablehlo.compare NE, %4, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %10 = stablehlo.and %9, %8 : tensor<i1>
      %11 = stablehlo.subtract %5, %2 : tensor<i32>
      %12 = stablehlo.select %10, %11, %5 : tensor<i1>, tensor<i32>
      %y_2 = stablehlo.select %1, %0, %12 : tensor<i1>, tensor<i32>
      return %y_2 : tensor<i32>"
    `);
  });
});

test('a function that StableHLO lacks is a private function, once a type', () => {
  const module = defineModule('functions', (m) => {
    const x = m.input('x', { shape: [3] });
    m.entry('run', { a: x.log2(), b: x.neg().log2(), c: x.sum().log2() });
  });
  const text = toStableHlo(module, 'run');
  expect(text.match(/func\.func private @\w+\(%x: tensor<[^>]*>\)/g)).toEqual([
    'func.func private @log2(%x: tensor<3xf32>)',
    'func.func private @log2_2(%x: tensor<f32>)',
  ]);
  expect(text.match(/call @\w+/g)).toEqual(['call @log2', 'call @log2', 'call @log2_2']);
});

test('constants are exact, and many given values stand as their bytes', () => {
  const values = [0.1, -0, 1e-45, 3e38, Infinity, Number.NaN, 16777217];
  expect(
    bodyOf((m) =>
      m.literal(values, { shape: [7] }).add(m.literal(new Array(20).fill(1), { shape: [20] }).sum()),
    ),
  ).toMatchInlineSnapshot(`
    "%0 = stablehlo.constant dense<[0.1, -0.0, 1.0e-45, 3.0e+38, 0x7F800000, 0x7FC00000, 16777216.0]> : tensor<7xf32>
    %1 = stablehlo.constant dense<"0x0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F"> : tensor<20xf32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<f32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %y = stablehlo.add %0, %4 : tensor<7xf32>
    return %y : tensor<7xf32>"
  `);
});

test('given truth values that are many are bytes that are converted: parsers differ in how they pack bits', () => {
  const every = Array.from({ length: 20 }, (_, k) => (k % 3 === 0 ? 1 : 0));
  expect(bodyOf((m) => m.literal(every, { shape: [20], dtype: 'bool' }))).toMatchInlineSnapshot(`
    "%0 = stablehlo.constant dense<"0x0100000100000100000100000100000100000100"> : tensor<20xui8>
    %y = stablehlo.convert %0 : (tensor<20xui8>) -> tensor<20xi1>
    return %y : tensor<20xi1>"
  `);
});
