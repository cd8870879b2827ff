// div_5: map, 98 × 64
//   %2 = cast(x)  at workloads.ts:64
//   %5 = div(%2, %4)  at workloads.ts:64

struct Step {
  step: i32,
  result: u32,
  batch_live: i32,
  batch_rows: u32,
  x_base: u32,
  y_base: u32,
  lr: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;

// Byte i of the words that start at base.
fn data_u8(base: u32, i: i32) -> u32 {
  return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  // map: div_5, 98 workgroups
  for (var n: i32 = 0; n < 16; n++) {
    let e = wg * 1024 + lid + n * 64;
    let i0 = e / 784;
    let i1 = e % 784;
    let div_5_2 = f32(data_u8(step.x_base, i32(data[step.batch_rows + u32(i0)]) * 784 + i1)) / 255.0;
    temps[i0 * 784 + i1] = div_5_2;
  }
}

// hidden: contract, 8 × 64
//   %7 = contract(%5, hidden.weight)  at workloads.ts:43
//   %10 = add(%7, %9)  at workloads.ts:43
//   hidden = relu(%10)  at workloads.ts:43

@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  var tile_sums: array<f32, 32>;
  // contract: hidden, 8 workgroups
  let tile = wg * 64 + lid;
  let top = tile / 16 * 4;
  let left = tile % 16;
  let m = top + 1;
  let m_2 = top + 2;
  let m_3 = top + 3;
  let n = left + 16;
  let n_2 = left + 32;
  let n_3 = left + 48;
  let n_4 = left + 64;
  let n_5 = left + 80;
  let n_6 = left + 96;
  let n_7 = left + 112;
  var acc: f32 = 0.0;
  var acc_2: f32 = 0.0;
  var acc_3: f32 = 0.0;
  var acc_4: f32 = 0.0;
  var acc_5: f32 = 0.0;
  var acc_6: f32 = 0.0;
  var acc_7: f32 = 0.0;
  var acc_8: f32 = 0.0;
  var acc_9: f32 = 0.0;
  var acc_10: f32 = 0.0;
  var acc_11: f32 = 0.0;
  var acc_12: f32 = 0.0;
  var acc_13: f32 = 0.0;
  var acc_14: f32 = 0.0;
  var acc_15: f32 = 0.0;
  var acc_16: f32 = 0.0;
  var acc_17: f32 = 0.0;
  var acc_18: f32 = 0.0;
  var acc_19: f32 = 0.0;
  var acc_20: f32 = 0.0;
  var acc_21: f32 = 0.0;
  var acc_22: f32 = 0.0;
  var acc_23: f32 = 0.0;
  var acc_24: f32 = 0.0;
  var acc_25: f32 = 0.0;
  var acc_26: f32 = 0.0;
  var acc_27: f32 = 0.0;
  var acc_28: f32 = 0.0;
  var acc_29: f32 = 0.0;
  var acc_30: f32 = 0.0;
  var acc_31: f32 = 0.0;
  var acc_32: f32 = 0.0;
  for (var turn: i32 = 0; turn < 25; turn++) {
    let run = turn * 32;
    var acc_33: f32 = 0.0;
    var acc_34: f32 = 0.0;
    var acc_35: f32 = 0.0;
    var acc_36: f32 = 0.0;
    var acc_37: f32 = 0.0;
    var acc_38: f32 = 0.0;
    var acc_39: f32 = 0.0;
    var acc_40: f32 = 0.0;
    var acc_41: f32 = 0.0;
    var acc_42: f32 = 0.0;
    var acc_43: f32 = 0.0;
    var acc_44: f32 = 0.0;
    var acc_45: f32 = 0.0;
    var acc_46: f32 = 0.0;
    var acc_47: f32 = 0.0;
    var acc_48: f32 = 0.0;
    var acc_49: f32 = 0.0;
    var acc_50: f32 = 0.0;
    var acc_51: f32 = 0.0;
    var acc_52: f32 = 0.0;
    var acc_53: f32 = 0.0;
    var acc_54: f32 = 0.0;
    var acc_55: f32 = 0.0;
    var acc_56: f32 = 0.0;
    var acc_57: f32 = 0.0;
    var acc_58: f32 = 0.0;
    var acc_59: f32 = 0.0;
    var acc_60: f32 = 0.0;
    var acc_61: f32 = 0.0;
    var acc_62: f32 = 0.0;
    var acc_63: f32 = 0.0;
    var acc_64: f32 = 0.0;
    for (var turn_2: i32 = 0; turn_2 < 32; turn_2++) {
      let k0 = run + turn_2;
      if (784 <= k0) { break; }
      let a = temps[top * 784 + k0];
      let a_2 = temps[m * 784 + k0];
      let a_3 = temps[m_2 * 784 + k0];
      let a_4 = temps[m_3 * 784 + k0];
      let b = state[k0 * 128 + left];
      let b_2 = state[k0 * 128 + n];
      let b_3 = state[k0 * 128 + n_2];
      let b_4 = state[k0 * 128 + n_3];
      let b_5 = state[k0 * 128 + n_4];
      let b_6 = state[k0 * 128 + n_5];
      let b_7 = state[k0 * 128 + n_6];
      let b_8 = state[k0 * 128 + n_7];
      acc_33 = acc_33 + a * b;
      acc_34 = acc_34 + a * b_2;
      acc_35 = acc_35 + a * b_3;
      acc_36 = acc_36 + a * b_4;
      acc_37 = acc_37 + a * b_5;
      acc_38 = acc_38 + a * b_6;
      acc_39 = acc_39 + a * b_7;
      acc_40 = acc_40 + a * b_8;
      acc_41 = acc_41 + a_2 * b;
      acc_42 = acc_42 + a_2 * b_2;
      acc_43 = acc_43 + a_2 * b_3;
      acc_44 = acc_44 + a_2 * b_4;
      acc_45 = acc_45 + a_2 * b_5;
      acc_46 = acc_46 + a_2 * b_6;
      acc_47 = acc_47 + a_2 * b_7;
      acc_48 = acc_48 + a_2 * b_8;
      acc_49 = acc_49 + a_3 * b;
      acc_50 = acc_50 + a_3 * b_2;
      acc_51 = acc_51 + a_3 * b_3;
      acc_52 = acc_52 + a_3 * b_4;
      acc_53 = acc_53 + a_3 * b_5;
      acc_54 = acc_54 + a_3 * b_6;
      acc_55 = acc_55 + a_3 * b_7;
      acc_56 = acc_56 + a_3 * b_8;
      acc_57 = acc_57 + a_4 * b;
      acc_58 = acc_58 + a_4 * b_2;
      acc_59 = acc_59 + a_4 * b_3;
      acc_60 = acc_60 + a_4 * b_4;
      acc_61 = acc_61 + a_4 * b_5;
      acc_62 = acc_62 + a_4 * b_6;
      acc_63 = acc_63 + a_4 * b_7;
      acc_64 = acc_64 + a_4 * b_8;
    }
    acc = acc + acc_33;
    acc_2 = acc_2 + acc_34;
    acc_3 = acc_3 + acc_35;
    acc_4 = acc_4 + acc_36;
    acc_5 = acc_5 + acc_37;
    acc_6 = acc_6 + acc_38;
    acc_7 = acc_7 + acc_39;
    acc_8 = acc_8 + acc_40;
    acc_9 = acc_9 + acc_41;
    acc_10 = acc_10 + acc_42;
    acc_11 = acc_11 + acc_43;
    acc_12 = acc_12 + acc_44;
    acc_13 = acc_13 + acc_45;
    acc_14 = acc_14 + acc_46;
    acc_15 = acc_15 + acc_47;
    acc_16 = acc_16 + acc_48;
    acc_17 = acc_17 + acc_49;
    acc_18 = acc_18 + acc_50;
    acc_19 = acc_19 + acc_51;
    acc_20 = acc_20 + acc_52;
    acc_21 = acc_21 + acc_53;
    acc_22 = acc_22 + acc_54;
    acc_23 = acc_23 + acc_55;
    acc_24 = acc_24 + acc_56;
    acc_25 = acc_25 + acc_57;
    acc_26 = acc_26 + acc_58;
    acc_27 = acc_27 + acc_59;
    acc_28 = acc_28 + acc_60;
    acc_29 = acc_29 + acc_61;
    acc_30 = acc_30 + acc_62;
    acc_31 = acc_31 + acc_63;
    acc_32 = acc_32 + acc_64;
  }
  tile_sums[0] = acc;
  tile_sums[1] = acc_2;
  tile_sums[2] = acc_3;
  tile_sums[3] = acc_4;
  tile_sums[4] = acc_5;
  tile_sums[5] = acc_6;
  tile_sums[6] = acc_7;
  tile_sums[7] = acc_8;
  tile_sums[8] = acc_9;
  tile_sums[9] = acc_10;
  tile_sums[10] = acc_11;
  tile_sums[11] = acc_12;
  tile_sums[12] = acc_13;
  tile_sums[13] = acc_14;
  tile_sums[14] = acc_15;
  tile_sums[15] = acc_16;
  tile_sums[16] = acc_17;
  tile_sums[17] = acc_18;
  tile_sums[18] = acc_19;
  tile_sums[19] = acc_20;
  tile_sums[20] = acc_21;
  tile_sums[21] = acc_22;
  tile_sums[22] = acc_23;
  tile_sums[23] = acc_24;
  tile_sums[24] = acc_25;
  tile_sums[25] = acc_26;
  tile_sums[26] = acc_27;
  tile_sums[27] = acc_28;
  tile_sums[28] = acc_29;
  tile_sums[29] = acc_30;
  tile_sums[30] = acc_31;
  tile_sums[31] = acc_32;
  for (var e: i32 = 0; e < 32; e++) {
    let m_4 = top + e / 8;
    let n_8 = left + e % 8 * 16;
    let sum = tile_sums[e];
    let t = sum + state[n_8 + 100352];
    let hidden_2 = select(t, 0.0, t < 0.0);
    temps[m_4 * 128 + n_8 + 100352] = hidden_2;
  }
}

// output: contract, 2 × 64
//   %13 = contract(hidden, output.weight)  at workloads.ts:64
//   output = add(%13, %15)  at workloads.ts:64

@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  var tile_sums: array<f32, 16>;
  // contract: output, 2 workgroups
  let tile = wg * 64 + lid;
  if (tile < 96) {
    let batch = tile / 96;
    let top = tile / 3 % 32 * 4;
    let left = tile % 3;
    let m = top + 1;
    let m_2 = top + 2;
    let m_3 = top + 3;
    let n = left + 3;
    let n_2 = left + 6;
    var acc: f32 = 0.0;
    var acc_2: f32 = 0.0;
    var acc_3: f32 = 0.0;
    var acc_4: f32 = 0.0;
    var acc_5: f32 = 0.0;
    var acc_6: f32 = 0.0;
    var acc_7: f32 = 0.0;
    var acc_8: f32 = 0.0;
    var acc_9: f32 = 0.0;
    var acc_10: f32 = 0.0;
    var acc_11: f32 = 0.0;
    var acc_12: f32 = 0.0;
    var acc_13: f32 = 0.0;
    var acc_14: f32 = 0.0;
    var acc_15: f32 = 0.0;
    var acc_16: f32 = 0.0;
    for (var turn: i32 = 0; turn < 4; turn++) {
      let run = turn * 32;
      var acc_17: f32 = 0.0;
      var acc_18: f32 = 0.0;
      var acc_19: f32 = 0.0;
      var acc_20: f32 = 0.0;
      var acc_21: f32 = 0.0;
      var acc_22: f32 = 0.0;
      var acc_23: f32 = 0.0;
      var acc_24: f32 = 0.0;
      var acc_25: f32 = 0.0;
      var acc_26: f32 = 0.0;
      var acc_27: f32 = 0.0;
      var acc_28: f32 = 0.0;
      var acc_29: f32 = 0.0;
      var acc_30: f32 = 0.0;
      var acc_31: f32 = 0.0;
      var acc_32: f32 = 0.0;
      for (var turn_2: i32 = 0; turn_2 < 32; turn_2++) {
        let k0 = run + turn_2;
        let a = temps[top * 128 + k0 + 100352];
        let a_2 = temps[m * 128 + k0 + 100352];
        let a_3 = temps[m_2 * 128 + k0 + 100352];
        let a_4 = temps[m_3 * 128 + k0 + 100352];
        let b = state[k0 * 10 + left + 100480];
        let b_2 = state[k0 * 10 + n + 100480];
        let b_3 = state[k0 * 10 + n_2 + 100480];
        let b_4 = state[k0 * 10 + 100489];
        acc_17 = acc_17 + a * b;
        acc_18 = acc_18 + a * b_2;
        acc_19 = acc_19 + a * b_3;
        acc_20 = acc_20 + a * b_4;
        acc_21 = acc_21 + a_2 * b;
        acc_22 = acc_22 + a_2 * b_2;
        acc_23 = acc_23 + a_2 * b_3;
        acc_24 = acc_24 + a_2 * b_4;
        acc_25 = acc_25 + a_3 * b;
        acc_26 = acc_26 + a_3 * b_2;
        acc_27 = acc_27 + a_3 * b_3;
        acc_28 = acc_28 + a_3 * b_4;
        acc_29 = acc_29 + a_4 * b;
        acc_30 = acc_30 + a_4 * b_2;
        acc_31 = acc_31 + a_4 * b_3;
        acc_32 = acc_32 + a_4 * b_4;
      }
      acc = acc + acc_17;
      acc_2 = acc_2 + acc_18;
      acc_3 = acc_3 + acc_19;
      acc_4 = acc_4 + acc_20;
      acc_5 = acc_5 + acc_21;
      acc_6 = acc_6 + acc_22;
      acc_7 = acc_7 + acc_23;
      acc_8 = acc_8 + acc_24;
      acc_9 = acc_9 + acc_25;
      acc_10 = acc_10 + acc_26;
      acc_11 = acc_11 + acc_27;
      acc_12 = acc_12 + acc_28;
      acc_13 = acc_13 + acc_29;
      acc_14 = acc_14 + acc_30;
      acc_15 = acc_15 + acc_31;
      acc_16 = acc_16 + acc_32;
    }
    tile_sums[0] = acc;
    tile_sums[1] = acc_2;
    tile_sums[2] = acc_3;
    tile_sums[3] = acc_4;
    tile_sums[4] = acc_5;
    tile_sums[5] = acc_6;
    tile_sums[6] = acc_7;
    tile_sums[7] = acc_8;
    tile_sums[8] = acc_9;
    tile_sums[9] = acc_10;
    tile_sums[10] = acc_11;
    tile_sums[11] = acc_12;
    tile_sums[12] = acc_13;
    tile_sums[13] = acc_14;
    tile_sums[14] = acc_15;
    tile_sums[15] = acc_16;
    for (var e: i32 = 0; e < 16; e++) {
      let m_4 = top + e / 4;
      let n_3 = left + e % 4 * 3;
      if (n_3 < 10) {
        let sum = tile_sums[e];
        let output_2 = sum + state[n_3 + 101760];
        temps[m_4 * 10 + n_3 + 133120] = output_2;
      }
    }
  }
}

// reduceMax_17_to_add_49: rows, 2 × 64
//   %17 = reduceMax(output)  at workloads.ts:65
//   %21 = sub(output, %20)  at workloads.ts:65
//   %23 = logSumExp(%21)  at workloads.ts:65
//   %26 = extent()  at workloads.ts:65
//   %27 = cast(%26)  at workloads.ts:65
//   %30 = div(%29, %27)  at workloads.ts:65
//   %32 = neg(%31)  at workloads.ts:65
//   %37 = sub(%21, %36)  at workloads.ts:65
//   %38 = exp(%37)  at workloads.ts:65
//   %39 = mul(%34, %38)  at workloads.ts:65
//   %41 = iota()  at workloads.ts:65
//   %43 = eq(%41, %42)  at workloads.ts:65
//   %48 = where(%43, %45, %47)  at workloads.ts:65
//   %49 = add(%39, %48)  at workloads.ts:65

struct Step {
  step: i32,
  result: u32,
  batch_live: i32,
  batch_rows: u32,
  x_base: u32,
  y_base: u32,
  lr: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;

var<private> infinity_bits: u32 = 0x7f800000u;

var<private> nan_bits: u32 = 0x7fc00000u;

// By the bits: x != x may be taken for false.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// The larger; NaN if either is.
fn max_nan(a: f32, b: f32) -> f32 {
  return select(select(b, a, b < a), select(b, a, is_nan(a)), is_nan(a) || is_nan(b));
}

// e^x = 2^n e^r with |r| <= ln(2) / 2, e^r by the polynomial of Cephes' expf; at most 1 ulp.
fn exp_f32(x: f32) -> f32 {
  let c = clamp(x, -104.0, 89.0);
  let n = floor(c * 1.44269504 + 0.5);
  let r = c - n * 0.693359375 + n * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  let y = p * (r * r) + r + 1.0;
  // Two steps: 2^n itself may lie outside of f32.
  let k = i32(n);
  let h = k >> 1u;
  let scaled = y * bitcast<f32>((h + 127) << 23u) * bitcast<f32>((k - h + 127) << 23u);
  return select(scaled, x, is_nan(x));
}

// ln x = k ln 2 + ln(1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), as fdlibm's logf; at most 1 ulp.
fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || bits == 0x7f800000u) { return x; }
  if ((bits & 0x7fffffffu) == 0u) { return -bitcast<f32>(infinity_bits); }
  if (bits > 0x7fffffffu) { return bitcast<f32>(nan_bits); }
  // A subnormal is its bits times 2^-149.
  let small = bits < 0x00800000u;
  let b = select(bits, bitcast<u32>(f32(bits)), small) + 0x004afb0du;
  let k = f32(i32(b >> 23u) - select(127, 276, small));
  let f = bitcast<f32>((b & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = w * (0.40000972152 + w * 0.24279078841) + z * (0.66666662693 + w * 0.28498786688);
  let h = 0.5 * f * f;
  return s * (h + r) + k * 9.0580006145e-6 - h + f + k * 6.9313812256e-1;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  // rows: reduceMax_17..add_49, 2 workgroups
  let row = wg * 64 + lid;
  // %17 = reduceMax(output)  at workloads.ts:65
  var acc: f32 = -bitcast<f32>(infinity_bits);
  for (var k0: i32 = 0; k0 < 10; k0++) {
    acc = max_nan(acc, temps[row * 10 + k0 + 133120]);
  }
  temps[row + 135680] = acc;
  // %23 = logSumExp(%21)  at workloads.ts:65
  let reduceMax_17 = temps[row + 135680];
  var acc_2: f32 = -bitcast<f32>(infinity_bits);
  var acc_3: f32 = 0.0;
  for (var k0_2: i32 = 0; k0_2 < 10; k0_2++) {
    let value = temps[row * 10 + k0_2 + 133120] - reduceMax_17;
    let part = max_nan(acc_2, value);
    let t = select(exp_f32(-abs(acc_2 - value)), 1.0, acc_2 == value);
    let part_2 = select(acc_3 + t, acc_3 * t + 1.0, acc_2 < value);
    acc_2 = part;
    acc_3 = part_2;
  }
  let logSumExp_23 = acc_2 + log_f32(acc_3);
  temps[row + 135808] = logSumExp_23;
  // %49 = add(%39, %48)  at workloads.ts:65
  let scalar = 1.0 / f32(step.batch_live);
  let scalar_2 = -(1.0 / f32(step.batch_live));
  for (var e: i32 = 0; e < 10; e++) {
    let t_2 = scalar * exp_f32(temps[row * 10 + e + 133120] - temps[row + 135680] - temps[row + 135808]);
    let add_49 = t_2 + select(0.0, scalar_2, e == i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(row)]))]));
    temps[row * 10 + e + 134400] = add_49;
  }
}

// loss_to_where_55: packed, 10 × 64
//   %21 = sub(output, %20)  at workloads.ts:65
//   %22 = pick(%21, y)  at workloads.ts:65
//   %24 = sub(%23, %22)  at workloads.ts:65
//   %25 = sum(%24)  at workloads.ts:65
//   %26 = extent()  at workloads.ts:65
//   %27 = cast(%26)  at workloads.ts:65
//   %28 = div(%25, %27)  at workloads.ts:65
//   output loss  at workloads.ts:65
//   d output.bias = sum(%49)  at workloads.ts:64
//   %69 = mul(d output.bias, %68)  at workloads.ts:66
//   %70 = sub(output.bias, %69)  at workloads.ts:66
//   update output.bias'  at workloads.ts:66
//   %51 = contract(%49, output.weight)  at workloads.ts:64
//   %54 = lt(%53, hidden)  at workloads.ts:43
//   %55 = where(%54, %51, %53)  at workloads.ts:43

struct Step {
  step: i32,
  result: u32,
  batch_live: i32,
  batch_rows: u32,
  x_base: u32,
  y_base: u32,
  lr: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;
@group(0) @binding(5) var<storage, read_write> results: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  var tile_sums: array<f32, 32>;
  if (wg < 1) {
    // reduce: loss, 1 workgroups
    // %21 = sub(output, %20)  at workloads.ts:65
    // %22 = pick(%21, y)  at workloads.ts:65
    // %24 = sub(%23, %22)  at workloads.ts:65
    // %25 = sum(%24)  at workloads.ts:65
    // %26 = extent()  at workloads.ts:65
    // %27 = cast(%26)  at workloads.ts:65
    // %28 = div(%25, %27)  at workloads.ts:65
    // output loss  at workloads.ts:65
    if (lid < 1) {
      var acc: f32 = 0.0;
      for (var turn: i32 = 0; turn < 4; turn++) {
        let run = turn * 32;
        if (step.batch_live <= run) { break; }
        var acc_2: f32 = 0.0;
        for (var turn_2: i32 = 0; turn_2 < 32; turn_2++) {
          let k0 = run + turn_2;
          if (step.batch_live <= k0) { break; }
          let t = temps[k0 * 10 + max(min(i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(k0)]))]), 9), 0) + 133120] - temps[k0 + 135680];
          acc_2 = acc_2 + (temps[k0 + 135808] - t);
        }
        acc = acc + acc_2;
      }
      let loss = acc / f32(step.batch_live);
      results[step.result] = bitcast<u32>(loss);
    }
  } else {
    if (wg < 2) {
      let wg_2 = wg - 1;
      // reduce: d output.bias, 1 workgroups
      // d output.bias = sum(%49)  at workloads.ts:64
      // %69 = mul(d output.bias, %68)  at workloads.ts:66
      // %70 = sub(output.bias, %69)  at workloads.ts:66
      // update output.bias'  at workloads.ts:66
      if (lid < 10) {
        var acc_3: f32 = 0.0;
        for (var turn_3: i32 = 0; turn_3 < 4; turn_3++) {
          let run_2 = turn_3 * 32;
          if (step.batch_live <= run_2) { break; }
          var acc_4: f32 = 0.0;
          for (var turn_4: i32 = 0; turn_4 < 32; turn_4++) {
            let k0_2 = run_2 + turn_4;
            if (step.batch_live <= k0_2) { break; }
            acc_4 = acc_4 + temps[k0_2 * 10 + lid + 134400];
          }
          acc_3 = acc_3 + acc_4;
        }
        let output_bias = state[lid + 101760] - acc_3 * step.lr;
        state[lid + 101760] = output_bias;
      }
    } else {
      let wg_3 = wg - 2;
      // contract: where_55, 8 workgroups
      // %51 = contract(%49, output.weight)  at workloads.ts:64
      // %54 = lt(%53, hidden)  at workloads.ts:43
      // %55 = where(%54, %51, %53)  at workloads.ts:43
      let tile = wg_3 * 64 + lid;
      let top = tile / 16 * 4;
      let left = tile % 16;
      let m = top + 1;
      let m_2 = top + 2;
      let m_3 = top + 3;
      let n = left + 16;
      let n_2 = left + 32;
      let n_3 = left + 48;
      let n_4 = left + 64;
      let n_5 = left + 80;
      let n_6 = left + 96;
      let n_7 = left + 112;
      var acc_5: f32 = 0.0;
      var acc_6: f32 = 0.0;
      var acc_7: f32 = 0.0;
      var acc_8: f32 = 0.0;
      var acc_9: f32 = 0.0;
      var acc_10: f32 = 0.0;
      var acc_11: f32 = 0.0;
      var acc_12: f32 = 0.0;
      var acc_13: f32 = 0.0;
      var acc_14: f32 = 0.0;
      var acc_15: f32 = 0.0;
      var acc_16: f32 = 0.0;
      var acc_17: f32 = 0.0;
      var acc_18: f32 = 0.0;
      var acc_19: f32 = 0.0;
      var acc_20: f32 = 0.0;
      var acc_21: f32 = 0.0;
      var acc_22: f32 = 0.0;
      var acc_23: f32 = 0.0;
      var acc_24: f32 = 0.0;
      var acc_25: f32 = 0.0;
      var acc_26: f32 = 0.0;
      var acc_27: f32 = 0.0;
      var acc_28: f32 = 0.0;
      var acc_29: f32 = 0.0;
      var acc_30: f32 = 0.0;
      var acc_31: f32 = 0.0;
      var acc_32: f32 = 0.0;
      var acc_33: f32 = 0.0;
      var acc_34: f32 = 0.0;
      var acc_35: f32 = 0.0;
      var acc_36: f32 = 0.0;
      for (var k0_3: i32 = 0; k0_3 < 10; k0_3++) {
        let a = temps[top * 10 + k0_3 + 134400];
        let a_2 = temps[m * 10 + k0_3 + 134400];
        let a_3 = temps[m_2 * 10 + k0_3 + 134400];
        let a_4 = temps[m_3 * 10 + k0_3 + 134400];
        let b = state[left * 10 + k0_3 + 100480];
        let b_2 = state[n * 10 + k0_3 + 100480];
        let b_3 = state[n_2 * 10 + k0_3 + 100480];
        let b_4 = state[n_3 * 10 + k0_3 + 100480];
        let b_5 = state[n_4 * 10 + k0_3 + 100480];
        let b_6 = state[n_5 * 10 + k0_3 + 100480];
        let b_7 = state[n_6 * 10 + k0_3 + 100480];
        let b_8 = state[n_7 * 10 + k0_3 + 100480];
        acc_5 = acc_5 + a * b;
        acc_6 = acc_6 + a * b_2;
        acc_7 = acc_7 + a * b_3;
        acc_8 = acc_8 + a * b_4;
        acc_9 = acc_9 + a * b_5;
        acc_10 = acc_10 + a * b_6;
        acc_11 = acc_11 + a * b_7;
        acc_12 = acc_12 + a * b_8;
        acc_13 = acc_13 + a_2 * b;
        acc_14 = acc_14 + a_2 * b_2;
        acc_15 = acc_15 + a_2 * b_3;
        acc_16 = acc_16 + a_2 * b_4;
        acc_17 = acc_17 + a_2 * b_5;
        acc_18 = acc_18 + a_2 * b_6;
        acc_19 = acc_19 + a_2 * b_7;
        acc_20 = acc_20 + a_2 * b_8;
        acc_21 = acc_21 + a_3 * b;
        acc_22 = acc_22 + a_3 * b_2;
        acc_23 = acc_23 + a_3 * b_3;
        acc_24 = acc_24 + a_3 * b_4;
        acc_25 = acc_25 + a_3 * b_5;
        acc_26 = acc_26 + a_3 * b_6;
        acc_27 = acc_27 + a_3 * b_7;
        acc_28 = acc_28 + a_3 * b_8;
        acc_29 = acc_29 + a_4 * b;
        acc_30 = acc_30 + a_4 * b_2;
        acc_31 = acc_31 + a_4 * b_3;
        acc_32 = acc_32 + a_4 * b_4;
        acc_33 = acc_33 + a_4 * b_5;
        acc_34 = acc_34 + a_4 * b_6;
        acc_35 = acc_35 + a_4 * b_7;
        acc_36 = acc_36 + a_4 * b_8;
      }
      tile_sums[0] = acc_5;
      tile_sums[1] = acc_6;
      tile_sums[2] = acc_7;
      tile_sums[3] = acc_8;
      tile_sums[4] = acc_9;
      tile_sums[5] = acc_10;
      tile_sums[6] = acc_11;
      tile_sums[7] = acc_12;
      tile_sums[8] = acc_13;
      tile_sums[9] = acc_14;
      tile_sums[10] = acc_15;
      tile_sums[11] = acc_16;
      tile_sums[12] = acc_17;
      tile_sums[13] = acc_18;
      tile_sums[14] = acc_19;
      tile_sums[15] = acc_20;
      tile_sums[16] = acc_21;
      tile_sums[17] = acc_22;
      tile_sums[18] = acc_23;
      tile_sums[19] = acc_24;
      tile_sums[20] = acc_25;
      tile_sums[21] = acc_26;
      tile_sums[22] = acc_27;
      tile_sums[23] = acc_28;
      tile_sums[24] = acc_29;
      tile_sums[25] = acc_30;
      tile_sums[26] = acc_31;
      tile_sums[27] = acc_32;
      tile_sums[28] = acc_33;
      tile_sums[29] = acc_34;
      tile_sums[30] = acc_35;
      tile_sums[31] = acc_36;
      for (var e: i32 = 0; e < 32; e++) {
        let m_4 = top + e / 8;
        let n_8 = left + e % 8 * 16;
        let sum = tile_sums[e];
        let where_55 = select(0.0, sum, 0.0 < temps[m_4 * 128 + n_8 + 100352]);
        temps[m_4 * 128 + n_8 + 116736] = where_55;
      }
    }
  }
}

// d_output_weight_to_d_hidden_weight: packed, 53 × 64
//   d output.weight = contract(hidden, %49)  at workloads.ts:64
//   %66 = mul(d output.weight, %65)  at workloads.ts:66
//   %67 = sub(output.weight, %66)  at workloads.ts:66
//   update output.weight'  at workloads.ts:66
//   d hidden.bias = sum(%55)  at workloads.ts:43
//   %63 = mul(d hidden.bias, %62)  at workloads.ts:66
//   %64 = sub(hidden.bias, %63)  at workloads.ts:66
//   update hidden.bias'  at workloads.ts:66
//   d hidden.weight = contract(%5, %55)  at workloads.ts:43
//   %60 = mul(d hidden.weight, %59)  at workloads.ts:66
//   %61 = sub(hidden.weight, %60)  at workloads.ts:66
//   update hidden.weight'  at workloads.ts:66

struct Step {
  step: i32,
  result: u32,
  batch_live: i32,
  batch_rows: u32,
  x_base: u32,
  y_base: u32,
  lr: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  var tile_sums: array<f32, 16>;
  var tile_sums_2: array<f32, 32>;
  if (wg < 2) {
    // contract: d output.weight, 2 workgroups
    // d output.weight = contract(hidden, %49)  at workloads.ts:64
    // %66 = mul(d output.weight, %65)  at workloads.ts:66
    // %67 = sub(output.weight, %66)  at workloads.ts:66
    // update output.weight'  at workloads.ts:66
    let tile = wg * 64 + lid;
    if (tile < 96) {
      let batch = tile / 96;
      let top = tile / 3 % 32 * 4;
      let left = tile % 3;
      let m = top + 1;
      let m_2 = top + 2;
      let m_3 = top + 3;
      let n = left + 3;
      let n_2 = left + 6;
      var acc: f32 = 0.0;
      var acc_2: f32 = 0.0;
      var acc_3: f32 = 0.0;
      var acc_4: f32 = 0.0;
      var acc_5: f32 = 0.0;
      var acc_6: f32 = 0.0;
      var acc_7: f32 = 0.0;
      var acc_8: f32 = 0.0;
      var acc_9: f32 = 0.0;
      var acc_10: f32 = 0.0;
      var acc_11: f32 = 0.0;
      var acc_12: f32 = 0.0;
      var acc_13: f32 = 0.0;
      var acc_14: f32 = 0.0;
      var acc_15: f32 = 0.0;
      var acc_16: f32 = 0.0;
      for (var turn: i32 = 0; turn < 4; turn++) {
        let run = turn * 32;
        if (step.batch_live <= run) { break; }
        var acc_17: f32 = 0.0;
        var acc_18: f32 = 0.0;
        var acc_19: f32 = 0.0;
        var acc_20: f32 = 0.0;
        var acc_21: f32 = 0.0;
        var acc_22: f32 = 0.0;
        var acc_23: f32 = 0.0;
        var acc_24: f32 = 0.0;
        var acc_25: f32 = 0.0;
        var acc_26: f32 = 0.0;
        var acc_27: f32 = 0.0;
        var acc_28: f32 = 0.0;
        var acc_29: f32 = 0.0;
        var acc_30: f32 = 0.0;
        var acc_31: f32 = 0.0;
        var acc_32: f32 = 0.0;
        for (var turn_2: i32 = 0; turn_2 < 32; turn_2++) {
          let k0 = run + turn_2;
          if (step.batch_live <= k0) { break; }
          let a = temps[k0 * 128 + top + 100352];
          let a_2 = temps[k0 * 128 + m + 100352];
          let a_3 = temps[k0 * 128 + m_2 + 100352];
          let a_4 = temps[k0 * 128 + m_3 + 100352];
          let b = temps[k0 * 10 + left + 134400];
          let b_2 = temps[k0 * 10 + n + 134400];
          let b_3 = temps[k0 * 10 + n_2 + 134400];
          let b_4 = temps[k0 * 10 + 134409];
          acc_17 = acc_17 + a * b;
          acc_18 = acc_18 + a * b_2;
          acc_19 = acc_19 + a * b_3;
          acc_20 = acc_20 + a * b_4;
          acc_21 = acc_21 + a_2 * b;
          acc_22 = acc_22 + a_2 * b_2;
          acc_23 = acc_23 + a_2 * b_3;
          acc_24 = acc_24 + a_2 * b_4;
          acc_25 = acc_25 + a_3 * b;
          acc_26 = acc_26 + a_3 * b_2;
          acc_27 = acc_27 + a_3 * b_3;
          acc_28 = acc_28 + a_3 * b_4;
          acc_29 = acc_29 + a_4 * b;
          acc_30 = acc_30 + a_4 * b_2;
          acc_31 = acc_31 + a_4 * b_3;
          acc_32 = acc_32 + a_4 * b_4;
        }
        acc = acc + acc_17;
        acc_2 = acc_2 + acc_18;
        acc_3 = acc_3 + acc_19;
        acc_4 = acc_4 + acc_20;
        acc_5 = acc_5 + acc_21;
        acc_6 = acc_6 + acc_22;
        acc_7 = acc_7 + acc_23;
        acc_8 = acc_8 + acc_24;
        acc_9 = acc_9 + acc_25;
        acc_10 = acc_10 + acc_26;
        acc_11 = acc_11 + acc_27;
        acc_12 = acc_12 + acc_28;
        acc_13 = acc_13 + acc_29;
        acc_14 = acc_14 + acc_30;
        acc_15 = acc_15 + acc_31;
        acc_16 = acc_16 + acc_32;
      }
      tile_sums[0] = acc;
      tile_sums[1] = acc_2;
      tile_sums[2] = acc_3;
      tile_sums[3] = acc_4;
      tile_sums[4] = acc_5;
      tile_sums[5] = acc_6;
      tile_sums[6] = acc_7;
      tile_sums[7] = acc_8;
      tile_sums[8] = acc_9;
      tile_sums[9] = acc_10;
      tile_sums[10] = acc_11;
      tile_sums[11] = acc_12;
      tile_sums[12] = acc_13;
      tile_sums[13] = acc_14;
      tile_sums[14] = acc_15;
      tile_sums[15] = acc_16;
      for (var e: i32 = 0; e < 16; e++) {
        let m_4 = top + e / 4;
        let n_3 = left + e % 4 * 3;
        if (n_3 < 10) {
          let sum = tile_sums[e];
          let output_weight = state[m_4 * 10 + n_3 + 100480] - sum * step.lr;
          state[m_4 * 10 + n_3 + 100480] = output_weight;
        }
      }
    }
  } else {
    if (wg < 4) {
      let wg_2 = wg - 2;
      // reduce: d hidden.bias, 2 workgroups
      // d hidden.bias = sum(%55)  at workloads.ts:43
      // %63 = mul(d hidden.bias, %62)  at workloads.ts:66
      // %64 = sub(hidden.bias, %63)  at workloads.ts:66
      // update hidden.bias'  at workloads.ts:66
      let e_2 = wg_2 * 64 + lid;
      var acc_33: f32 = 0.0;
      for (var turn_3: i32 = 0; turn_3 < 4; turn_3++) {
        let run_2 = turn_3 * 32;
        if (step.batch_live <= run_2) { break; }
        var acc_34: f32 = 0.0;
        for (var turn_4: i32 = 0; turn_4 < 32; turn_4++) {
          let k0_2 = run_2 + turn_4;
          if (step.batch_live <= k0_2) { break; }
          acc_34 = acc_34 + temps[k0_2 * 128 + e_2 + 116736];
        }
        acc_33 = acc_33 + acc_34;
      }
      let hidden_bias = state[e_2 + 100352] - acc_33 * step.lr;
      state[e_2 + 100352] = hidden_bias;
    } else {
      let wg_3 = wg - 4;
      // contract: d hidden.weight, 49 workgroups
      // d hidden.weight = contract(%5, %55)  at workloads.ts:43
      // %60 = mul(d hidden.weight, %59)  at workloads.ts:66
      // %61 = sub(hidden.weight, %60)  at workloads.ts:66
      // update hidden.weight'  at workloads.ts:66
      let tile_2 = wg_3 * 64 + lid;
      let top_2 = tile_2 / 16 * 4;
      let left_2 = tile_2 % 16;
      let m_5 = top_2 + 1;
      let m_6 = top_2 + 2;
      let m_7 = top_2 + 3;
      let n_4 = left_2 + 16;
      let n_5 = left_2 + 32;
      let n_6 = left_2 + 48;
      let n_7 = left_2 + 64;
      let n_8 = left_2 + 80;
      let n_9 = left_2 + 96;
      let n_10 = left_2 + 112;
      var acc_35: f32 = 0.0;
      var acc_36: f32 = 0.0;
      var acc_37: f32 = 0.0;
      var acc_38: f32 = 0.0;
      var acc_39: f32 = 0.0;
      var acc_40: f32 = 0.0;
      var acc_41: f32 = 0.0;
      var acc_42: f32 = 0.0;
      var acc_43: f32 = 0.0;
      var acc_44: f32 = 0.0;
      var acc_45: f32 = 0.0;
      var acc_46: f32 = 0.0;
      var acc_47: f32 = 0.0;
      var acc_48: f32 = 0.0;
      var acc_49: f32 = 0.0;
      var acc_50: f32 = 0.0;
      var acc_51: f32 = 0.0;
      var acc_52: f32 = 0.0;
      var acc_53: f32 = 0.0;
      var acc_54: f32 = 0.0;
      var acc_55: f32 = 0.0;
      var acc_56: f32 = 0.0;
      var acc_57: f32 = 0.0;
      var acc_58: f32 = 0.0;
      var acc_59: f32 = 0.0;
      var acc_60: f32 = 0.0;
      var acc_61: f32 = 0.0;
      var acc_62: f32 = 0.0;
      var acc_63: f32 = 0.0;
      var acc_64: f32 = 0.0;
      var acc_65: f32 = 0.0;
      var acc_66: f32 = 0.0;
      for (var turn_5: i32 = 0; turn_5 < 4; turn_5++) {
        let run_3 = turn_5 * 32;
        if (step.batch_live <= run_3) { break; }
        var acc_67: f32 = 0.0;
        var acc_68: f32 = 0.0;
        var acc_69: f32 = 0.0;
        var acc_70: f32 = 0.0;
        var acc_71: f32 = 0.0;
        var acc_72: f32 = 0.0;
        var acc_73: f32 = 0.0;
        var acc_74: f32 = 0.0;
        var acc_75: f32 = 0.0;
        var acc_76: f32 = 0.0;
        var acc_77: f32 = 0.0;
        var acc_78: f32 = 0.0;
        var acc_79: f32 = 0.0;
        var acc_80: f32 = 0.0;
        var acc_81: f32 = 0.0;
        var acc_82: f32 = 0.0;
        var acc_83: f32 = 0.0;
        var acc_84: f32 = 0.0;
        var acc_85: f32 = 0.0;
        var acc_86: f32 = 0.0;
        var acc_87: f32 = 0.0;
        var acc_88: f32 = 0.0;
        var acc_89: f32 = 0.0;
        var acc_90: f32 = 0.0;
        var acc_91: f32 = 0.0;
        var acc_92: f32 = 0.0;
        var acc_93: f32 = 0.0;
        var acc_94: f32 = 0.0;
        var acc_95: f32 = 0.0;
        var acc_96: f32 = 0.0;
        var acc_97: f32 = 0.0;
        var acc_98: f32 = 0.0;
        for (var turn_6: i32 = 0; turn_6 < 32; turn_6++) {
          let k0_3 = run_3 + turn_6;
          if (step.batch_live <= k0_3) { break; }
          let a_5 = temps[k0_3 * 784 + top_2];
          let a_6 = temps[k0_3 * 784 + m_5];
          let a_7 = temps[k0_3 * 784 + m_6];
          let a_8 = temps[k0_3 * 784 + m_7];
          let b_5 = temps[k0_3 * 128 + left_2 + 116736];
          let b_6 = temps[k0_3 * 128 + n_4 + 116736];
          let b_7 = temps[k0_3 * 128 + n_5 + 116736];
          let b_8 = temps[k0_3 * 128 + n_6 + 116736];
          let b_9 = temps[k0_3 * 128 + n_7 + 116736];
          let b_10 = temps[k0_3 * 128 + n_8 + 116736];
          let b_11 = temps[k0_3 * 128 + n_9 + 116736];
          let b_12 = temps[k0_3 * 128 + n_10 + 116736];
          acc_67 = acc_67 + a_5 * b_5;
          acc_68 = acc_68 + a_5 * b_6;
          acc_69 = acc_69 + a_5 * b_7;
          acc_70 = acc_70 + a_5 * b_8;
          acc_71 = acc_71 + a_5 * b_9;
          acc_72 = acc_72 + a_5 * b_10;
          acc_73 = acc_73 + a_5 * b_11;
          acc_74 = acc_74 + a_5 * b_12;
          acc_75 = acc_75 + a_6 * b_5;
          acc_76 = acc_76 + a_6 * b_6;
          acc_77 = acc_77 + a_6 * b_7;
          acc_78 = acc_78 + a_6 * b_8;
          acc_79 = acc_79 + a_6 * b_9;
          acc_80 = acc_80 + a_6 * b_10;
          acc_81 = acc_81 + a_6 * b_11;
          acc_82 = acc_82 + a_6 * b_12;
          acc_83 = acc_83 + a_7 * b_5;
          acc_84 = acc_84 + a_7 * b_6;
          acc_85 = acc_85 + a_7 * b_7;
          acc_86 = acc_86 + a_7 * b_8;
          acc_87 = acc_87 + a_7 * b_9;
          acc_88 = acc_88 + a_7 * b_10;
          acc_89 = acc_89 + a_7 * b_11;
          acc_90 = acc_90 + a_7 * b_12;
          acc_91 = acc_91 + a_8 * b_5;
          acc_92 = acc_92 + a_8 * b_6;
          acc_93 = acc_93 + a_8 * b_7;
          acc_94 = acc_94 + a_8 * b_8;
          acc_95 = acc_95 + a_8 * b_9;
          acc_96 = acc_96 + a_8 * b_10;
          acc_97 = acc_97 + a_8 * b_11;
          acc_98 = acc_98 + a_8 * b_12;
        }
        acc_35 = acc_35 + acc_67;
        acc_36 = acc_36 + acc_68;
        acc_37 = acc_37 + acc_69;
        acc_38 = acc_38 + acc_70;
        acc_39 = acc_39 + acc_71;
        acc_40 = acc_40 + acc_72;
        acc_41 = acc_41 + acc_73;
        acc_42 = acc_42 + acc_74;
        acc_43 = acc_43 + acc_75;
        acc_44 = acc_44 + acc_76;
        acc_45 = acc_45 + acc_77;
        acc_46 = acc_46 + acc_78;
        acc_47 = acc_47 + acc_79;
        acc_48 = acc_48 + acc_80;
        acc_49 = acc_49 + acc_81;
        acc_50 = acc_50 + acc_82;
        acc_51 = acc_51 + acc_83;
        acc_52 = acc_52 + acc_84;
        acc_53 = acc_53 + acc_85;
        acc_54 = acc_54 + acc_86;
        acc_55 = acc_55 + acc_87;
        acc_56 = acc_56 + acc_88;
        acc_57 = acc_57 + acc_89;
        acc_58 = acc_58 + acc_90;
        acc_59 = acc_59 + acc_91;
        acc_60 = acc_60 + acc_92;
        acc_61 = acc_61 + acc_93;
        acc_62 = acc_62 + acc_94;
        acc_63 = acc_63 + acc_95;
        acc_64 = acc_64 + acc_96;
        acc_65 = acc_65 + acc_97;
        acc_66 = acc_66 + acc_98;
      }
      tile_sums_2[0] = acc_35;
      tile_sums_2[1] = acc_36;
      tile_sums_2[2] = acc_37;
      tile_sums_2[3] = acc_38;
      tile_sums_2[4] = acc_39;
      tile_sums_2[5] = acc_40;
      tile_sums_2[6] = acc_41;
      tile_sums_2[7] = acc_42;
      tile_sums_2[8] = acc_43;
      tile_sums_2[9] = acc_44;
      tile_sums_2[10] = acc_45;
      tile_sums_2[11] = acc_46;
      tile_sums_2[12] = acc_47;
      tile_sums_2[13] = acc_48;
      tile_sums_2[14] = acc_49;
      tile_sums_2[15] = acc_50;
      tile_sums_2[16] = acc_51;
      tile_sums_2[17] = acc_52;
      tile_sums_2[18] = acc_53;
      tile_sums_2[19] = acc_54;
      tile_sums_2[20] = acc_55;
      tile_sums_2[21] = acc_56;
      tile_sums_2[22] = acc_57;
      tile_sums_2[23] = acc_58;
      tile_sums_2[24] = acc_59;
      tile_sums_2[25] = acc_60;
      tile_sums_2[26] = acc_61;
      tile_sums_2[27] = acc_62;
      tile_sums_2[28] = acc_63;
      tile_sums_2[29] = acc_64;
      tile_sums_2[30] = acc_65;
      tile_sums_2[31] = acc_66;
      for (var e_3: i32 = 0; e_3 < 32; e_3++) {
        let m_8 = top_2 + e_3 / 8;
        let n_11 = left_2 + e_3 % 8 * 16;
        let sum_2 = tile_sums_2[e_3];
        let hidden_weight = state[m_8 * 128 + n_11] - sum_2 * step.lr;
        state[m_8 * 128 + n_11] = hidden_weight;
      }
    }
  }
}
