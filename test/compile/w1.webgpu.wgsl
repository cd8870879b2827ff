// hidden: contract, 256 × 256
//   %2 = cast(x)  at workloads.ts:64
//   %5 = div(%2, %4)  at workloads.ts:64
//   %7 = contract(%5, hidden.weight)  at workloads.ts:43
//   %10 = add(%7, %9)  at workloads.ts:43
//   hidden = relu(%10)  at workloads.ts:43

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

var<workgroup> a_tile: array<f32, 576>;
var<workgroup> b_tile: array<f32, 576>;
var<workgroup> sums: array<f32, 64>;

// Byte i of the words that start at base.
fn data_u8(base: u32, i: i32) -> u32 {
  return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  // contract: hidden, 256 workgroups
  let top = wg / 16 * 8;
  let left = wg % 16 * 8;
  let tx = lid % 4;
  let ty = lid / 4 % 4;
  let part = lid / 16;
  var acc: f32 = 0.0;
  var acc_2: f32 = 0.0;
  var acc_3: f32 = 0.0;
  var acc_4: f32 = 0.0;
  for (var chunk: i32 = 0; chunk < 784; chunk += 64) {
    for (var s: i32 = lid; s < 512; s += 256) {
      let k = s % 64;
      let own = s / 64;
      let kAt = chunk + k;
      let at = top + own;
      let holds = kAt < 784;
      a_tile[k * 9 + own] = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(at)]) * 784 + kAt, holds))) / 255.0, holds);
    }
    for (var s_2: i32 = lid; s_2 < 512; s_2 += 256) {
      let k_2 = s_2 / 8;
      let own_2 = s_2 % 8;
      let kAt_2 = chunk + k_2;
      let at_2 = left + own_2;
      let holds_2 = kAt_2 < 784;
      b_tile[k_2 * 9 + own_2] = select(0.0, state[select(0, kAt_2 * 128 + at_2, holds_2)], holds_2);
    }
    workgroupBarrier();
    for (var k_3: i32 = part; k_3 < 64; k_3 += 16) {
      let a = a_tile[k_3 * 9 + ty];
      let a_2 = a_tile[k_3 * 9 + (ty + 4)];
      let b = b_tile[k_3 * 9 + tx];
      let b_2 = b_tile[k_3 * 9 + (tx + 4)];
      acc = acc + a * b;
      acc_2 = acc_2 + a * b_2;
      acc_3 = acc_3 + a_2 * b;
      acc_4 = acc_4 + a_2 * b_2;
    }
    workgroupBarrier();
  }
  if (part == 0) {
    let slot = ty * 8 + tx;
    sums[slot] = acc;
    let slot_2 = ty * 8 + (tx + 4);
    sums[slot_2] = acc_2;
    let slot_3 = (ty + 4) * 8 + tx;
    sums[slot_3] = acc_3;
    let slot_4 = ty * 8 + tx + 36;
    sums[slot_4] = acc_4;
  }
  workgroupBarrier();
  for (var share: i32 = 1; share < 16; share++) {
    if (part == share) {
      let slot_5 = ty * 8 + tx;
      sums[slot_5] = sums[slot_5] + acc;
      let slot_6 = ty * 8 + (tx + 4);
      sums[slot_6] = sums[slot_6] + acc_2;
      let slot_7 = (ty + 4) * 8 + tx;
      sums[slot_7] = sums[slot_7] + acc_3;
      let slot_8 = ty * 8 + tx + 36;
      sums[slot_8] = sums[slot_8] + acc_4;
    }
    workgroupBarrier();
  }
  if (lid < 64) {
    let row = lid / 8;
    let column = lid % 8;
    let m = top + row;
    let n = left + column;
    if (m < 128) {
      let sum = sums[lid];
      let t = sum + state[n + 100352];
      let hidden_2 = select(t, 0.0, t < 0.0);
      temps[m * 128 + n] = hidden_2;
    }
  }
}

// output_to_where_55: rows, 128 × 256
//   %13 = contract(hidden, output.weight)  at workloads.ts:64
//   output = add(%13, %15)  at workloads.ts:64
//   %17 = reduceMax(output)  at workloads.ts:65
//   %21 = sub(output, %20)  at workloads.ts:65
//   %23 = logSumExp(%21)  at workloads.ts:65
//   %26 = extent()  at workloads.ts:65
//   %27 = cast(%26)  at workloads.ts:65
//   %30 = div(%29, %27)  at workloads.ts:65
//   %32 = neg(%31)  at workloads.ts:65
//   %41 = iota()  at workloads.ts:65
//   %43 = eq(%41, %42)  at workloads.ts:65
//   %48 = where(%43, %45, %47)  at workloads.ts:65
//   %37 = sub(%21, %36)  at workloads.ts:65
//   %38 = exp(%37)  at workloads.ts:65
//   %39 = mul(%34, %38)  at workloads.ts:65
//   %49 = add(%39, %48)  at workloads.ts:65
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

var<workgroup> output: array<f32, 10>;
var<workgroup> reduceMax_17: array<f32, 1>;
var<workgroup> logSumExp_23: array<f32, 1>;
var<workgroup> parts: array<f32, 256>;
var<workgroup> parts_2: array<f32, 256>;

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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  // rows: output..where_55, 128 workgroups
  // output = add(%13, %15)  at workloads.ts:64
  let lane = lid % 16;
  let slot = lid / 16;
  let e = min(slot, 9);
  var acc: f32 = 0.0;
  for (var r: i32 = lane; r < 128; r += 16) {
    acc = acc + temps[wg * 128 + r] * state[r * 10 + e + 100480];
  }
  let first = lid - lane;
  parts[lid] = acc;
  workgroupBarrier();
  var acc_2: f32 = 0.0;
  for (var q: i32 = 0; q < 16; q++) {
    let part = parts[first + q];
    acc_2 = acc_2 + part;
  }
  if ((lane == 0) & (slot < 10)) {
    let output_2 = acc_2 + state[e + 101760];
    output[e] = output_2;
    temps[wg * 10 + e + 32768] = output_2;
  }
  workgroupBarrier();
  // %17 = reduceMax(output)  at workloads.ts:65
  let lane_2 = lid % 2;
  let slot_2 = lid / 2;
  var acc_3: f32 = -bitcast<f32>(infinity_bits);
  for (var r_2: i32 = lane_2; r_2 < 10; r_2 += 2) {
    acc_3 = max_nan(acc_3, output[r_2]);
  }
  let first_2 = lid - lane_2;
  parts[lid] = acc_3;
  workgroupBarrier();
  var acc_4: f32 = -bitcast<f32>(infinity_bits);
  for (var q_2: i32 = 0; q_2 < 2; q_2++) {
    let part_2 = parts[first_2 + q_2];
    acc_4 = max_nan(acc_4, part_2);
  }
  if ((lane_2 == 0) & (slot_2 < 1)) {
    reduceMax_17[0] = acc_4;
    temps[wg + 34048] = acc_4;
  }
  workgroupBarrier();
  // %23 = logSumExp(%21)  at workloads.ts:65
  let lane_3 = lid % 2;
  let slot_3 = lid / 2;
  let reduceMax_17_2 = reduceMax_17[0];
  var acc_5: f32 = -bitcast<f32>(infinity_bits);
  var acc_6: f32 = 0.0;
  for (var r_3: i32 = lane_3; r_3 < 10; r_3 += 2) {
    let value = output[r_3] - reduceMax_17_2;
    let part_3 = max_nan(acc_5, value);
    let t = select(exp_f32(-abs(acc_5 - value)), 1.0, acc_5 == value);
    let part_4 = select(acc_6 + t, acc_6 * t + 1.0, acc_5 < value);
    acc_5 = part_3;
    acc_6 = part_4;
  }
  let first_3 = lid - lane_3;
  parts[lid] = acc_5;
  parts_2[lid] = acc_6;
  workgroupBarrier();
  var acc_7: f32 = -bitcast<f32>(infinity_bits);
  var acc_8: f32 = 0.0;
  for (var q_3: i32 = 0; q_3 < 2; q_3++) {
    let part_5 = parts[first_3 + q_3];
    let part_6 = parts_2[first_3 + q_3];
    let part_7 = max_nan(acc_7, part_5);
    let t_2 = select(exp_f32(-abs(acc_7 - part_5)), 1.0, acc_7 == part_5);
    let part_8 = select(acc_8 + part_6 * t_2, acc_8 * t_2 + part_6, acc_7 < part_5);
    acc_7 = part_7;
    acc_8 = part_8;
  }
  if ((lane_3 == 0) & (slot_3 < 1)) {
    let logSumExp_23_2 = acc_7 + log_f32(acc_8);
    logSumExp_23[0] = logSumExp_23_2;
    temps[wg + 34176] = logSumExp_23_2;
  }
  workgroupBarrier();
  // %55 = where(%54, %51, %53)  at workloads.ts:43
  let lane_4 = lid % 2;
  let slot_4 = lid / 2;
  let reduceMax_17_3 = reduceMax_17[0];
  let logSumExp_23_3 = logSumExp_23[0];
  let y = i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(wg)]))]);
  var acc_9: f32 = 0.0;
  for (var r_4: i32 = lane_4; r_4 < 10; r_4 += 2) {
    let t_3 = 1.0 / f32(step.batch_live);
    let t_4 = t_3 * exp_f32(output[r_4] - reduceMax_17_3 - logSumExp_23_3) + select(0.0, -t_3, r_4 == y);
    acc_9 = acc_9 + t_4 * state[slot_4 * 10 + r_4 + 100480];
  }
  let first_4 = lid - lane_4;
  parts[lid] = acc_9;
  workgroupBarrier();
  var acc_10: f32 = 0.0;
  for (var q_4: i32 = 0; q_4 < 2; q_4++) {
    let part_9 = parts[first_4 + q_4];
    acc_10 = acc_10 + part_9;
  }
  if (lane_4 == 0) {
    let where_55 = select(0.0, acc_10, 0.0 < temps[wg * 128 + slot_4]);
    temps[wg * 128 + slot_4 + 16384] = where_55;
  }
}

// loss_to_d_hidden_weight: packed, 491 × 256
//   %21 = sub(output, %20)  at workloads.ts:65
//   %22 = pick(%21, y)  at workloads.ts:65
//   %24 = sub(%23, %22)  at workloads.ts:65
//   %25 = sum(%24)  at workloads.ts:65
//   %26 = extent()  at workloads.ts:65
//   %27 = cast(%26)  at workloads.ts:65
//   %28 = div(%25, %27)  at workloads.ts:65
//   output loss  at workloads.ts:65
//   %30 = div(%29, %27)  at workloads.ts:65
//   %32 = neg(%31)  at workloads.ts:65
//   %41 = iota()  at workloads.ts:65
//   %43 = eq(%41, %42)  at workloads.ts:65
//   %48 = where(%43, %45, %47)  at workloads.ts:65
//   %37 = sub(%21, %36)  at workloads.ts:65
//   %38 = exp(%37)  at workloads.ts:65
//   %39 = mul(%34, %38)  at workloads.ts:65
//   %49 = add(%39, %48)  at workloads.ts:65
//   d output.bias = sum(%49)  at workloads.ts:64
//   %69 = mul(d output.bias, %68)  at workloads.ts:66
//   %70 = sub(output.bias, %69)  at workloads.ts:66
//   update output.bias'  at workloads.ts:66
//   d output.weight = contract(hidden, %49)  at workloads.ts:64
//   %66 = mul(d output.weight, %65)  at workloads.ts:66
//   %67 = sub(output.weight, %66)  at workloads.ts:66
//   update output.weight'  at workloads.ts:66
//   d hidden.bias = sum(%55)  at workloads.ts:43
//   %63 = mul(d hidden.bias, %62)  at workloads.ts:66
//   %64 = sub(hidden.bias, %63)  at workloads.ts:66
//   update hidden.bias'  at workloads.ts:66
//   %2 = cast(x)  at workloads.ts:64
//   %5 = div(%2, %4)  at workloads.ts:64
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
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;
@group(0) @binding(5) var<storage, read_write> results: array<u32>;

var<workgroup> shared_f32: array<f32, 2432>;

// Byte i of the words that start at base.
fn data_u8(base: u32, i: i32) -> u32 {
  return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}

// By the bits: x != x may be taken for false.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
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

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
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
    let lane = lid % 32;
    let e = lid / 32;
    var acc: f32 = 0.0;
    for (var r: i32 = lane; r < step.batch_live; r += 32) {
      let t = temps[r * 10 + max(min(i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(r)]))]), 9), 0) + 32768] - temps[r + 34048];
      acc = acc + (temps[r + 34176] - t);
    }
    let first = lid - lane;
    shared_f32[lid] = acc;
    storageBarrier();
    workgroupBarrier();
    let run = first + min(lane, 1) * 16;
    var acc_2: f32 = 0.0;
    for (var q: i32 = 0; q < 16; q++) {
      let part = shared_f32[run + q];
      acc_2 = acc_2 + part;
    }
    storageBarrier();
    workgroupBarrier();
    if (lane < 2) {
      shared_f32[lid] = acc_2;
    }
    storageBarrier();
    workgroupBarrier();
    var acc_3: f32 = 0.0;
    for (var q_2: i32 = 0; q_2 < 2; q_2++) {
      let part_2 = shared_f32[first + q_2];
      acc_3 = acc_3 + part_2;
    }
    if ((lane == 0) & (e < 1)) {
      let loss = acc_3 / f32(step.batch_live);
      results[step.result] = bitcast<u32>(loss);
    }
  } else {
    if (wg < 3) {
      let wg_2 = wg - 1;
      // reduce: d output.bias, 2 workgroups
      // %26 = extent()  at workloads.ts:65
      // %27 = cast(%26)  at workloads.ts:65
      // %30 = div(%29, %27)  at workloads.ts:65
      // %32 = neg(%31)  at workloads.ts:65
      // %21 = sub(output, %20)  at workloads.ts:65
      // %41 = iota()  at workloads.ts:65
      // %43 = eq(%41, %42)  at workloads.ts:65
      // %48 = where(%43, %45, %47)  at workloads.ts:65
      // %37 = sub(%21, %36)  at workloads.ts:65
      // %38 = exp(%37)  at workloads.ts:65
      // %39 = mul(%34, %38)  at workloads.ts:65
      // %49 = add(%39, %48)  at workloads.ts:65
      // d output.bias = sum(%49)  at workloads.ts:64
      // %69 = mul(d output.bias, %68)  at workloads.ts:66
      // %70 = sub(output.bias, %69)  at workloads.ts:66
      // update output.bias'  at workloads.ts:66
      let lane_2 = lid % 32;
      let e_2 = wg_2 * 8 + lid / 32;
      let at = min(e_2, 9);
      var acc_4: f32 = 0.0;
      for (var r_2: i32 = lane_2; r_2 < step.batch_live; r_2 += 32) {
        let t_2 = 1.0 / f32(step.batch_live);
        let t_3 = t_2 * exp_f32(temps[r_2 * 10 + at + 32768] - temps[r_2 + 34048] - temps[r_2 + 34176]);
        acc_4 = acc_4 + (t_3 + select(0.0, -t_2, at == i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(r_2)]))])));
      }
      let first_2 = lid - lane_2;
      shared_f32[lid] = acc_4;
      storageBarrier();
      workgroupBarrier();
      let run_2 = first_2 + min(lane_2, 1) * 16;
      var acc_5: f32 = 0.0;
      for (var q_3: i32 = 0; q_3 < 16; q_3++) {
        let part_3 = shared_f32[run_2 + q_3];
        acc_5 = acc_5 + part_3;
      }
      storageBarrier();
      workgroupBarrier();
      if (lane_2 < 2) {
        shared_f32[lid] = acc_5;
      }
      storageBarrier();
      workgroupBarrier();
      var acc_6: f32 = 0.0;
      for (var q_4: i32 = 0; q_4 < 2; q_4++) {
        let part_4 = shared_f32[first_2 + q_4];
        acc_6 = acc_6 + part_4;
      }
      if ((lane_2 == 0) & (e_2 < 10)) {
        let output_bias = state[at + 101760] - acc_6 * step.lr;
        state[at + 101760] = output_bias;
      }
    } else {
      if (wg < 83) {
        let wg_3 = wg - 3;
        // contract: d output.weight, 80 workgroups
        // %26 = extent()  at workloads.ts:65
        // %27 = cast(%26)  at workloads.ts:65
        // %30 = div(%29, %27)  at workloads.ts:65
        // %32 = neg(%31)  at workloads.ts:65
        // %21 = sub(output, %20)  at workloads.ts:65
        // %41 = iota()  at workloads.ts:65
        // %43 = eq(%41, %42)  at workloads.ts:65
        // %48 = where(%43, %45, %47)  at workloads.ts:65
        // %37 = sub(%21, %36)  at workloads.ts:65
        // %38 = exp(%37)  at workloads.ts:65
        // %39 = mul(%34, %38)  at workloads.ts:65
        // %49 = add(%39, %48)  at workloads.ts:65
        // d output.weight = contract(hidden, %49)  at workloads.ts:64
        // %66 = mul(d output.weight, %65)  at workloads.ts:66
        // %67 = sub(output.weight, %66)  at workloads.ts:66
        // update output.weight'  at workloads.ts:66
        let top = wg_3 / 5 * 8;
        let left = wg_3 % 5 * 2;
        let tx = lid % 2;
        let ty = lid / 2 % 8;
        let part_5 = lid / 16;
        var acc_7: f32 = 0.0;
        for (var chunk: i32 = 0; chunk < step.batch_live; chunk += 64) {
          for (var s: i32 = lid; s < 512; s += 256) {
            let k = s / 8;
            let own = s % 8;
            let kAt = chunk + k;
            let at_2 = top + own;
            shared_f32[k * 9 + own] = select(0.0, temps[kAt * 128 + at_2], kAt < step.batch_live);
          }
          if (lid < 128) {
            let k_2 = lid / 2;
            let own_2 = lid % 2;
            let kAt_2 = chunk + k_2;
            let at_3 = left + own_2;
            let holds = kAt_2 < step.batch_live;
            let t_4 = 1.0 / f32(step.batch_live);
            let t_5 = t_4 * exp_f32(temps[kAt_2 * 10 + at_3 + 32768] - temps[kAt_2 + 34048] - temps[kAt_2 + 34176]);
            shared_f32[k_2 * 3 + own_2 + 576] = select(0.0, t_5 + select(0.0, -t_4, at_3 == i32(data[step.y_base + u32(select(0, i32(data[step.batch_rows + u32(kAt_2)]), holds))])), holds);
          }
          storageBarrier();
          workgroupBarrier();
          for (var k_3: i32 = part_5; k_3 < 64; k_3 += 16) {
            let a = shared_f32[k_3 * 9 + ty];
            let b = shared_f32[k_3 * 3 + tx + 576];
            acc_7 = acc_7 + a * b;
          }
          storageBarrier();
          workgroupBarrier();
        }
        if (part_5 == 0) {
          let slot = ty * 2 + tx;
          shared_f32[slot + 768] = acc_7;
        }
        storageBarrier();
        workgroupBarrier();
        for (var share: i32 = 1; share < 16; share++) {
          if (part_5 == share) {
            let slot_2 = ty * 2 + tx;
            shared_f32[slot_2 + 768] = shared_f32[slot_2 + 768] + acc_7;
          }
          storageBarrier();
          workgroupBarrier();
        }
        if (lid < 16) {
          let row = lid / 2;
          let column = lid % 2;
          let m = top + row;
          let n = left + column;
          if (m < 128) {
            let sum = shared_f32[lid + 768];
            let output_weight = state[m * 10 + n + 100480] - sum * step.lr;
            state[m * 10 + n + 100480] = output_weight;
          }
        }
      } else {
        if (wg < 99) {
          let wg_4 = wg - 83;
          // reduce: d hidden.bias, 16 workgroups
          // d hidden.bias = sum(%55)  at workloads.ts:43
          // %63 = mul(d hidden.bias, %62)  at workloads.ts:66
          // %64 = sub(hidden.bias, %63)  at workloads.ts:66
          // update hidden.bias'  at workloads.ts:66
          let lane_3 = lid % 32;
          let e_3 = wg_4 * 8 + lid / 32;
          var acc_8: f32 = 0.0;
          for (var r_3: i32 = lane_3; r_3 < step.batch_live; r_3 += 32) {
            acc_8 = acc_8 + temps[r_3 * 128 + e_3 + 16384];
          }
          let first_3 = lid - lane_3;
          shared_f32[lid] = acc_8;
          storageBarrier();
          workgroupBarrier();
          let run_3 = first_3 + min(lane_3, 1) * 16;
          var acc_9: f32 = 0.0;
          for (var q_5: i32 = 0; q_5 < 16; q_5++) {
            let part_6 = shared_f32[run_3 + q_5];
            acc_9 = acc_9 + part_6;
          }
          storageBarrier();
          workgroupBarrier();
          if (lane_3 < 2) {
            shared_f32[lid] = acc_9;
          }
          storageBarrier();
          workgroupBarrier();
          var acc_10: f32 = 0.0;
          for (var q_6: i32 = 0; q_6 < 2; q_6++) {
            let part_7 = shared_f32[first_3 + q_6];
            acc_10 = acc_10 + part_7;
          }
          if (lane_3 == 0) {
            let hidden_bias = state[e_3 + 100352] - acc_10 * step.lr;
            state[e_3 + 100352] = hidden_bias;
          }
        } else {
          let wg_5 = wg - 99;
          // contract: d hidden.weight, 392 workgroups
          // %2 = cast(x)  at workloads.ts:64
          // %5 = div(%2, %4)  at workloads.ts:64
          // d hidden.weight = contract(%5, %55)  at workloads.ts:43
          // %60 = mul(d hidden.weight, %59)  at workloads.ts:66
          // %61 = sub(hidden.weight, %60)  at workloads.ts:66
          // update hidden.weight'  at workloads.ts:66
          let top_2 = wg_5 / 8 * 16;
          let left_2 = wg_5 % 8 * 16;
          let tx_2 = lid % 8;
          let ty_2 = lid / 8 % 8;
          let part_8 = lid / 64;
          var acc_11: f32 = 0.0;
          var acc_12: f32 = 0.0;
          var acc_13: f32 = 0.0;
          var acc_14: f32 = 0.0;
          for (var chunk_2: i32 = 0; chunk_2 < step.batch_live; chunk_2 += 64) {
            for (var s_2: i32 = lid; s_2 < 1024; s_2 += 256) {
              let k_4 = s_2 / 16;
              let own_3 = s_2 % 16;
              let kAt_3 = chunk_2 + k_4;
              let at_4 = top_2 + own_3;
              let holds_2 = kAt_3 < step.batch_live;
              shared_f32[k_4 * 17 + own_3] = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(kAt_3)]) * 784 + at_4, holds_2))) / 255.0, holds_2);
            }
            for (var s_3: i32 = lid; s_3 < 1024; s_3 += 256) {
              let k_5 = s_3 / 16;
              let own_4 = s_3 % 16;
              let kAt_4 = chunk_2 + k_5;
              let at_5 = left_2 + own_4;
              shared_f32[k_5 * 17 + own_4 + 1088] = select(0.0, temps[kAt_4 * 128 + at_5 + 16384], kAt_4 < step.batch_live);
            }
            storageBarrier();
            workgroupBarrier();
            for (var k_6: i32 = part_8; k_6 < 64; k_6 += 4) {
              let a_2 = shared_f32[k_6 * 17 + ty_2];
              let a_3 = shared_f32[k_6 * 17 + (ty_2 + 8)];
              let b_2 = shared_f32[k_6 * 17 + tx_2 + 1088];
              let b_3 = shared_f32[k_6 * 17 + tx_2 + 1096];
              acc_11 = acc_11 + a_2 * b_2;
              acc_12 = acc_12 + a_2 * b_3;
              acc_13 = acc_13 + a_3 * b_2;
              acc_14 = acc_14 + a_3 * b_3;
            }
            storageBarrier();
            workgroupBarrier();
          }
          if (part_8 == 0) {
            let slot_3 = ty_2 * 16 + tx_2;
            shared_f32[slot_3 + 2176] = acc_11;
            let slot_4 = ty_2 * 16 + (tx_2 + 8);
            shared_f32[slot_4 + 2176] = acc_12;
            let slot_5 = (ty_2 + 8) * 16 + tx_2;
            shared_f32[slot_5 + 2176] = acc_13;
            let slot_6 = ty_2 * 16 + tx_2 + 136;
            shared_f32[slot_6 + 2176] = acc_14;
          }
          storageBarrier();
          workgroupBarrier();
          for (var share_2: i32 = 1; share_2 < 4; share_2++) {
            if (part_8 == share_2) {
              let slot_7 = ty_2 * 16 + tx_2;
              shared_f32[slot_7 + 2176] = shared_f32[slot_7 + 2176] + acc_11;
              let slot_8 = ty_2 * 16 + (tx_2 + 8);
              shared_f32[slot_8 + 2176] = shared_f32[slot_8 + 2176] + acc_12;
              let slot_9 = (ty_2 + 8) * 16 + tx_2;
              shared_f32[slot_9 + 2176] = shared_f32[slot_9 + 2176] + acc_13;
              let slot_10 = ty_2 * 16 + tx_2 + 136;
              shared_f32[slot_10 + 2176] = shared_f32[slot_10 + 2176] + acc_14;
            }
            storageBarrier();
            workgroupBarrier();
          }
          let row_2 = lid / 16;
          let column_2 = lid % 16;
          let m_2 = top_2 + row_2;
          let n_2 = left_2 + column_2;
          let sum_2 = shared_f32[lid + 2176];
          let hidden_weight = state[m_2 * 128 + n_2] - sum_2 * step.lr;
          state[m_2 * 128 + n_2] = hidden_weight;
        }
      }
    }
  }
}
