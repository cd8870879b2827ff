module @w1 {
  func.func public @main(
    %hidden.weight: tensor<784x128xf32>,
    %hidden.bias: tensor<128xf32>,
    %output.weight: tensor<128x10xf32>,
    %output.bias: tensor<10xf32>,
    %x: tensor<128x784xui8>,
    %batch: tensor<i32>
  ) -> (
    tensor<128xi32> {jax.result_info = "label"}
  ) {
    %0 = stablehlo.convert %x : (tensor<128x784xui8>) -> tensor<128x784xf32> loc("workloads.ts":64:1)
    %1 = stablehlo.constant dense<255.0> : tensor<f32> loc("workloads.ts":64:1)
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<128x784xf32> loc("workloads.ts":64:1)
    %3 = stablehlo.divide %0, %2 : tensor<128x784xf32> loc("workloads.ts":64:1)
    %4 = stablehlo.dot_general %3, %hidden.weight, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<128x784xf32>, tensor<784x128xf32>) -> tensor<128x128xf32> loc("workloads.ts":43:1)
    %5 = stablehlo.broadcast_in_dim %hidden.bias, dims = [1] : (tensor<128xf32>) -> tensor<128x128xf32> loc("workloads.ts":43:1)
    %6 = stablehlo.add %4, %5 : tensor<128x128xf32> loc("workloads.ts":43:1)
    %7 = stablehlo.constant dense<0.0> : tensor<128x128xf32> loc("workloads.ts":43:1)
    %hidden = stablehlo.maximum %6, %7 : tensor<128x128xf32> loc("workloads.ts":43:1)
    %8 = stablehlo.dot_general %hidden, %output.weight, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<128x128xf32>, tensor<128x10xf32>) -> tensor<128x10xf32> loc("workloads.ts":64:1)
    %9 = stablehlo.broadcast_in_dim %output.bias, dims = [1] : (tensor<10xf32>) -> tensor<128x10xf32> loc("workloads.ts":64:1)
    %output = stablehlo.add %8, %9 : tensor<128x10xf32> loc("workloads.ts":64:1)
    %10 = stablehlo.constant dense<0xFF800000> : tensor<f32> loc("workloads.ts":67:1)
    %11 = stablehlo.reduce(%output init: %10) applies stablehlo.maximum across dimensions = [1] : (tensor<128x10xf32>, tensor<f32>) -> tensor<128xf32> loc("workloads.ts":67:1)
    %12 = stablehlo.broadcast_in_dim %11, dims = [0] : (tensor<128xf32>) -> tensor<128x10xf32> loc("workloads.ts":67:1)
    %13 = stablehlo.compare EQ, %output, %12, FLOAT : (tensor<128x10xf32>, tensor<128x10xf32>) -> tensor<128x10xi1> loc("workloads.ts":67:1)
    %14 = stablehlo.compare NE, %output, %output, FLOAT : (tensor<128x10xf32>, tensor<128x10xf32>) -> tensor<128x10xi1> loc("workloads.ts":67:1)
    %15 = stablehlo.or %13, %14 : tensor<128x10xi1> loc("workloads.ts":67:1)
    %16 = stablehlo.iota dim = 1 : tensor<128x10xi32> loc("workloads.ts":67:1)
    %17 = stablehlo.constant dense<2147483647> : tensor<128x10xi32> loc("workloads.ts":67:1)
    %18 = stablehlo.select %15, %16, %17 : tensor<128x10xi1>, tensor<128x10xi32> loc("workloads.ts":67:1)
    %19 = stablehlo.constant dense<2147483647> : tensor<i32> loc("workloads.ts":67:1)
    %label = stablehlo.reduce(%18 init: %19) applies stablehlo.minimum across dimensions = [1] : (tensor<128x10xi32>, tensor<i32>) -> tensor<128xi32> loc("workloads.ts":67:1)
    return %label : tensor<128xi32>
  }
}
