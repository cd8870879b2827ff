// hidden: contract, 128 × 256
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

var<workgroup> staged: array<f32, 1664>;

// Byte i of the words that start at base.
fn data_u8(base: u32, i: i32) -> u32 {
  return (data[base + (u32(i) >> 2u)] >> ((u32(i) & 3u) << 3u)) & 255u;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let wg = i32(group.x);
  let lid = i32(local);
  // contract: hidden, 128 workgroups
  let top = wg / 8 * 8;
  let left = wg % 8 * 16;
  let tx = lid % 8;
  let ty = lid / 8 % 2;
  let part = lid / 16;
  let k = lid % 64;
  let own = lid / 64;
  let at = top + own;
  var next: f32 = f32(data_u8(step.x_base, i32(data[step.batch_rows + u32(at)]) * 784 + k)) / 255.0;
  let s = lid + 256;
  let k_2 = s % 64;
  let own_2 = s / 64;
  let at_2 = top + own_2;
  var next_2: f32 = f32(data_u8(step.x_base, i32(data[step.batch_rows + u32(at_2)]) * 784 + k_2)) / 255.0;
  let k_3 = lid / 16;
  let own_3 = lid % 16;
  let at_3 = left + own_3;
  var next_3: f32 = state[k_3 * 128 + at_3];
  let s_2 = lid + 256;
  let k_4 = s_2 / 16;
  let own_4 = s_2 % 16;
  let at_4 = left + own_4;
  var next_4: f32 = state[k_4 * 128 + at_4];
  let s_3 = lid + 512;
  let k_5 = s_3 / 16;
  let own_5 = s_3 % 16;
  let at_5 = left + own_5;
  var next_5: f32 = state[k_5 * 128 + at_5];
  let s_4 = lid + 768;
  let k_6 = s_4 / 16;
  let own_6 = s_4 % 16;
  let at_6 = left + own_6;
  var next_6: f32 = state[k_6 * 128 + at_6];
  var acc: f32 = 0.0;
  var acc_2: f32 = 0.0;
  var acc_3: f32 = 0.0;
  var acc_4: f32 = 0.0;
  var acc_5: f32 = 0.0;
  var acc_6: f32 = 0.0;
  var acc_7: f32 = 0.0;
  var acc_8: f32 = 0.0;
  for (var turn: i32 = 0; turn < 13; turn++) {
    let chunk = turn * 64;
    staged[k * 9 + own] = next;
    staged[k_2 * 9 + own_2] = next_2;
    staged[576 + (k_3 * 17 + own_3)] = next_3;
    staged[576 + (k_4 * 17 + own_4)] = next_4;
    staged[576 + (k_5 * 17 + own_5)] = next_5;
    staged[576 + (k_6 * 17 + own_6)] = next_6;
    workgroupBarrier();
    let next_chunk = chunk + 64;
    let kAt = next_chunk + k;
    let holds = kAt < 784;
    next = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(at)]) * 784 + kAt, holds))) / 255.0, holds);
    let kAt_2 = next_chunk + k_2;
    let holds_2 = kAt_2 < 784;
    next_2 = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(at_2)]) * 784 + kAt_2, holds_2))) / 255.0, holds_2);
    let kAt_3 = next_chunk + k_3;
    let holds_3 = kAt_3 < 784;
    next_3 = select(0.0, state[select(0, kAt_3 * 128 + at_3, holds_3)], holds_3);
    let kAt_4 = next_chunk + k_4;
    let holds_4 = kAt_4 < 784;
    next_4 = select(0.0, state[select(0, kAt_4 * 128 + at_4, holds_4)], holds_4);
    let kAt_5 = next_chunk + k_5;
    let holds_5 = kAt_5 < 784;
    next_5 = select(0.0, state[select(0, kAt_5 * 128 + at_5, holds_5)], holds_5);
    let kAt_6 = next_chunk + k_6;
    let holds_6 = kAt_6 < 784;
    next_6 = select(0.0, state[select(0, kAt_6 * 128 + at_6, holds_6)], holds_6);
    for (var turn_2: i32 = 0; turn_2 < 4; turn_2++) {
      let k_7 = part + turn_2 * 16;
      let a = staged[k_7 * 9 + ty];
      let a_2 = staged[k_7 * 9 + (ty + 2)];
      let a_3 = staged[k_7 * 9 + (ty + 4)];
      let a_4 = staged[k_7 * 9 + (ty + 6)];
      let b = staged[576 + k_7 * 17 + tx];
      let b_2 = staged[k_7 * 17 + tx + 584];
      acc = acc + a * b;
      acc_2 = acc_2 + a * b_2;
      acc_3 = acc_3 + a_2 * b;
      acc_4 = acc_4 + a_2 * b_2;
      acc_5 = acc_5 + a_3 * b;
      acc_6 = acc_6 + a_3 * b_2;
      acc_7 = acc_7 + a_4 * b;
      acc_8 = acc_8 + a_4 * b_2;
    }
    workgroupBarrier();
  }
  if (part == 0) {
    let slot = ty * 16 + tx;
    staged[slot] = acc;
    let slot_2 = ty * 16 + tx + 8;
    staged[slot_2] = acc_2;
    let slot_3 = ty * 16 + tx + 32;
    staged[slot_3] = acc_3;
    let slot_4 = ty * 16 + tx + 40;
    staged[slot_4] = acc_4;
    let slot_5 = ty * 16 + tx + 64;
    staged[slot_5] = acc_5;
    let slot_6 = ty * 16 + tx + 72;
    staged[slot_6] = acc_6;
    let slot_7 = ty * 16 + tx + 96;
    staged[slot_7] = acc_7;
    let slot_8 = ty * 16 + tx + 104;
    staged[slot_8] = acc_8;
  }
  workgroupBarrier();
  for (var share: i32 = 1; share < 16; share++) {
    if (part == share) {
      let slot_9 = ty * 16 + tx;
      staged[slot_9] = staged[slot_9] + acc;
      let slot_10 = ty * 16 + tx + 8;
      staged[slot_10] = staged[slot_10] + acc_2;
      let slot_11 = ty * 16 + tx + 32;
      staged[slot_11] = staged[slot_11] + acc_3;
      let slot_12 = ty * 16 + tx + 40;
      staged[slot_12] = staged[slot_12] + acc_4;
      let slot_13 = ty * 16 + tx + 64;
      staged[slot_13] = staged[slot_13] + acc_5;
      let slot_14 = ty * 16 + tx + 72;
      staged[slot_14] = staged[slot_14] + acc_6;
      let slot_15 = ty * 16 + tx + 96;
      staged[slot_15] = staged[slot_15] + acc_7;
      let slot_16 = ty * 16 + tx + 104;
      staged[slot_16] = staged[slot_16] + acc_8;
    }
    workgroupBarrier();
  }
  if (lid < 128) {
    let row = lid / 16;
    let column = lid % 16;
    let m = top + row;
    let n = left + column;
    if (m < 128) {
      let sum = staged[lid];
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
//   %37 = sub(%21, %36)  at workloads.ts:65
//   %38 = exp(%37)  at workloads.ts:65
//   %39 = mul(%34, %38)  at workloads.ts:65
//   %41 = iota()  at workloads.ts:65
//   %43 = eq(%41, %42)  at workloads.ts:65
//   %48 = where(%43, %45, %47)  at workloads.ts:65
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
  for (var turn: i32 = 0; turn < 8; turn++) {
    let r = lane + turn * 16;
    acc = acc + temps[wg * 128 + r] * state[r * 10 + e + 100480];
  }
  let first = lid / 16 * 16;
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
  for (var turn_2: i32 = 0; turn_2 < 5; turn_2++) {
    let r_2 = lane_2 + turn_2 * 2;
    acc_3 = max_nan(acc_3, output[r_2]);
  }
  let first_2 = lid / 2 * 2;
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
  for (var turn_3: i32 = 0; turn_3 < 5; turn_3++) {
    let r_3 = lane_3 + turn_3 * 2;
    let value = output[r_3] - reduceMax_17_2;
    let part_3 = max_nan(acc_5, value);
    let t = select(exp_f32(-abs(acc_5 - value)), 1.0, acc_5 == value);
    let part_4 = select(acc_6 + t, acc_6 * t + 1.0, acc_5 < value);
    acc_5 = part_3;
    acc_6 = part_4;
  }
  let first_3 = lid / 2 * 2;
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
  let scalar = 1.0 / f32(step.batch_live);
  let scalar_2 = -(1.0 / f32(step.batch_live));
  for (var turn_4: i32 = 0; turn_4 < 5; turn_4++) {
    let r_4 = lane_4 + turn_4 * 2;
    let t_3 = scalar * exp_f32(output[r_4] - reduceMax_17_3 - logSumExp_23_3) + select(0.0, scalar_2, r_4 == y);
    acc_9 = acc_9 + t_3 * state[slot_4 * 10 + r_4 + 100480];
  }
  let first_4 = lid / 2 * 2;
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

// loss_to_d_hidden_weight: packed, 141 × 256
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
//   %37 = sub(%21, %36)  at workloads.ts:65
//   %38 = exp(%37)  at workloads.ts:65
//   %39 = mul(%34, %38)  at workloads.ts:65
//   %41 = iota()  at workloads.ts:65
//   %43 = eq(%41, %42)  at workloads.ts:65
//   %48 = where(%43, %45, %47)  at workloads.ts:65
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

var<workgroup> shared_f32: array<f32, 2624>;

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
  if (wg < 3) {
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
      for (var turn: i32 = 0; turn < 4; turn++) {
        let r = lane + turn * 32;
        if (step.batch_live <= r) { break; }
        let t = temps[r * 10 + max(min(i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(r)]))]), 9), 0) + 32768] - temps[r + 34048];
        acc = acc + (temps[r + 34176] - t);
      }
      let first = lid / 32 * 32;
      shared_f32[lid] = acc;
      workgroupBarrier();
      let run = first + lane % 2 * 16;
      var acc_2: f32 = 0.0;
      for (var q: i32 = 0; q < 16; q++) {
        let part = shared_f32[run + q];
        acc_2 = acc_2 + part;
      }
      workgroupBarrier();
      if (lane < 2) {
        shared_f32[lid] = acc_2;
      }
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
      let wg_2 = wg - 1;
      // reduce: d output.bias, 2 workgroups
      // %21 = sub(output, %20)  at workloads.ts:65
      // %26 = extent()  at workloads.ts:65
      // %27 = cast(%26)  at workloads.ts:65
      // %30 = div(%29, %27)  at workloads.ts:65
      // %32 = neg(%31)  at workloads.ts:65
      // %37 = sub(%21, %36)  at workloads.ts:65
      // %38 = exp(%37)  at workloads.ts:65
      // %39 = mul(%34, %38)  at workloads.ts:65
      // %41 = iota()  at workloads.ts:65
      // %43 = eq(%41, %42)  at workloads.ts:65
      // %48 = where(%43, %45, %47)  at workloads.ts:65
      // %49 = add(%39, %48)  at workloads.ts:65
      // d output.bias = sum(%49)  at workloads.ts:64
      // %69 = mul(d output.bias, %68)  at workloads.ts:66
      // %70 = sub(output.bias, %69)  at workloads.ts:66
      // update output.bias'  at workloads.ts:66
      let lane_2 = lid % 32;
      let e_2 = wg_2 * 8 + lid / 32;
      let at = min(e_2, 9);
      var acc_4: f32 = 0.0;
      let scalar = 1.0 / f32(step.batch_live);
      let scalar_2 = -(1.0 / f32(step.batch_live));
      for (var turn_2: i32 = 0; turn_2 < 4; turn_2++) {
        let r_2 = lane_2 + turn_2 * 32;
        if (step.batch_live <= r_2) { break; }
        let t_2 = scalar * exp_f32(temps[r_2 * 10 + at + 32768] - temps[r_2 + 34048] - temps[r_2 + 34176]);
        acc_4 = acc_4 + (t_2 + select(0.0, scalar_2, at == i32(data[step.y_base + u32(i32(data[step.batch_rows + u32(r_2)]))])));
      }
      let first_2 = lid / 32 * 32;
      shared_f32[lid] = acc_4;
      workgroupBarrier();
      let run_2 = first_2 + lane_2 % 2 * 16;
      var acc_5: f32 = 0.0;
      for (var q_3: i32 = 0; q_3 < 16; q_3++) {
        let part_3 = shared_f32[run_2 + q_3];
        acc_5 = acc_5 + part_3;
      }
      workgroupBarrier();
      if (lane_2 < 2) {
        shared_f32[lid] = acc_5;
      }
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
    }
  } else {
    if (wg < 27) {
      let wg_3 = wg - 3;
      // contract: d output.weight, 24 workgroups
      // %21 = sub(output, %20)  at workloads.ts:65
      // %26 = extent()  at workloads.ts:65
      // %27 = cast(%26)  at workloads.ts:65
      // %30 = div(%29, %27)  at workloads.ts:65
      // %32 = neg(%31)  at workloads.ts:65
      // %37 = sub(%21, %36)  at workloads.ts:65
      // %38 = exp(%37)  at workloads.ts:65
      // %39 = mul(%34, %38)  at workloads.ts:65
      // %41 = iota()  at workloads.ts:65
      // %43 = eq(%41, %42)  at workloads.ts:65
      // %48 = where(%43, %45, %47)  at workloads.ts:65
      // %49 = add(%39, %48)  at workloads.ts:65
      // d output.weight = contract(hidden, %49)  at workloads.ts:64
      // %66 = mul(d output.weight, %65)  at workloads.ts:66
      // %67 = sub(output.weight, %66)  at workloads.ts:66
      // update output.weight'  at workloads.ts:66
      let top = wg_3 / 3 * 16;
      let left = wg_3 % 3 * 4;
      let tx = lid % 4;
      let ty = lid / 4 % 16;
      let part_5 = lid / 64;
      let k = lid / 16;
      let own = lid % 16;
      let at_2 = top + own;
      var next: f32 = select(0.0, temps[k * 128 + at_2], k < step.batch_live);
      let s = lid + 256;
      let k_2 = s / 16;
      let own_2 = s % 16;
      let at_3 = top + own_2;
      var next_2: f32 = select(0.0, temps[k_2 * 128 + at_3], k_2 < step.batch_live);
      let s_2 = lid + 512;
      let k_3 = s_2 / 16;
      let own_3 = s_2 % 16;
      let at_4 = top + own_3;
      var next_3: f32 = select(0.0, temps[k_3 * 128 + at_4], k_3 < step.batch_live);
      let s_3 = lid + 768;
      let k_4 = s_3 / 16;
      let own_4 = s_3 % 16;
      let at_5 = top + own_4;
      var next_4: f32 = select(0.0, temps[k_4 * 128 + at_5], k_4 < step.batch_live);
      let k_5 = lid / 4;
      let own_5 = lid % 4;
      let at_6 = left + own_5;
      let holds = (at_6 < 10) & (k_5 < step.batch_live);
      let t_3 = 1.0 / f32(step.batch_live);
      let t_4 = t_3 * exp_f32(temps[k_5 * 10 + at_6 + 32768] - temps[k_5 + 34048] - temps[k_5 + 34176]);
      var next_5: f32 = select(0.0, t_4 + select(0.0, -t_3, at_6 == i32(data[step.y_base + u32(select(0, i32(data[step.batch_rows + u32(k_5)]), holds))])), holds);
      var acc_7: f32 = 0.0;
      let scalar_3 = 1.0 / f32(step.batch_live);
      let scalar_4 = -(1.0 / f32(step.batch_live));
      for (var turn_3: i32 = 0; turn_3 < 2; turn_3++) {
        let chunk = turn_3 * 64;
        if (step.batch_live <= chunk) { break; }
        shared_f32[k * 17 + own] = next;
        shared_f32[k_2 * 17 + own_2] = next_2;
        shared_f32[k_3 * 17 + own_3] = next_3;
        shared_f32[k_4 * 17 + own_4] = next_4;
        shared_f32[1088 + (k_5 * 5 + own_5)] = next_5;
        workgroupBarrier();
        let next_chunk = chunk + 64;
        let kAt = next_chunk + k;
        let holds_2 = kAt < step.batch_live;
        next = select(0.0, temps[select(0, kAt * 128 + at_2, holds_2)], holds_2);
        let kAt_2 = next_chunk + k_2;
        let holds_3 = kAt_2 < step.batch_live;
        next_2 = select(0.0, temps[select(0, kAt_2 * 128 + at_3, holds_3)], holds_3);
        let kAt_3 = next_chunk + k_3;
        let holds_4 = kAt_3 < step.batch_live;
        next_3 = select(0.0, temps[select(0, kAt_3 * 128 + at_4, holds_4)], holds_4);
        let kAt_4 = next_chunk + k_4;
        let holds_5 = kAt_4 < step.batch_live;
        next_4 = select(0.0, temps[select(0, kAt_4 * 128 + at_5, holds_5)], holds_5);
        let kAt_5 = next_chunk + k_5;
        let holds_6 = (at_6 < 10) & (kAt_5 < step.batch_live);
        let i = select(0, kAt_5, holds_6);
        let t_5 = exp_f32(temps[select(0, kAt_5 * 10 + at_6, holds_6) + 32768] - temps[i + 34048] - temps[i + 34176]);
        next_5 = select(0.0, scalar_3 * t_5 + select(0.0, scalar_4, at_6 == i32(data[step.y_base + u32(select(0, i32(data[step.batch_rows + u32(i)]), holds_6))])), holds_6);
        for (var turn_4: i32 = 0; turn_4 < 16; turn_4++) {
          let k_6 = part_5 + turn_4 * 4;
          let a = shared_f32[k_6 * 17 + ty];
          let b = shared_f32[1088 + k_6 * 5 + tx];
          acc_7 = acc_7 + a * b;
        }
        workgroupBarrier();
      }
      if (part_5 == 0) {
        let slot = ty * 4 + tx;
        shared_f32[slot] = acc_7;
      }
      workgroupBarrier();
      for (var share: i32 = 1; share < 4; share++) {
        if (part_5 == share) {
          let slot_2 = ty * 4 + tx;
          shared_f32[slot_2] = shared_f32[slot_2] + acc_7;
        }
        workgroupBarrier();
      }
      if (lid < 64) {
        let row = lid / 4;
        let column = lid % 4;
        let m = top + row;
        let n = left + column;
        if ((m < 128) & (n < 10)) {
          let sum = shared_f32[lid];
          let output_weight = state[m * 10 + n + 100480] - sum * step.lr;
          state[m * 10 + n + 100480] = output_weight;
        }
      }
    } else {
      if (wg < 43) {
        let wg_4 = wg - 27;
        // reduce: d hidden.bias, 16 workgroups
        // d hidden.bias = sum(%55)  at workloads.ts:43
        // %63 = mul(d hidden.bias, %62)  at workloads.ts:66
        // %64 = sub(hidden.bias, %63)  at workloads.ts:66
        // update hidden.bias'  at workloads.ts:66
        let lane_3 = lid % 32;
        let e_3 = wg_4 * 8 + lid / 32;
        var acc_8: f32 = 0.0;
        for (var turn_5: i32 = 0; turn_5 < 4; turn_5++) {
          let r_3 = lane_3 + turn_5 * 32;
          if (step.batch_live <= r_3) { break; }
          acc_8 = acc_8 + temps[r_3 * 128 + e_3 + 16384];
        }
        let first_3 = lid / 32 * 32;
        shared_f32[lid] = acc_8;
        workgroupBarrier();
        let run_3 = first_3 + lane_3 % 2 * 16;
        var acc_9: f32 = 0.0;
        for (var q_5: i32 = 0; q_5 < 16; q_5++) {
          let part_6 = shared_f32[run_3 + q_5];
          acc_9 = acc_9 + part_6;
        }
        workgroupBarrier();
        if (lane_3 < 2) {
          shared_f32[lid] = acc_9;
        }
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
        let wg_5 = wg - 43;
        // contract: d hidden.weight, 98 workgroups
        // %2 = cast(x)  at workloads.ts:64
        // %5 = div(%2, %4)  at workloads.ts:64
        // d hidden.weight = contract(%5, %55)  at workloads.ts:43
        // %60 = mul(d hidden.weight, %59)  at workloads.ts:66
        // %61 = sub(hidden.weight, %60)  at workloads.ts:66
        // update hidden.weight'  at workloads.ts:66
        let top_2 = wg_5 / 2 * 16;
        let left_2 = wg_5 % 2 * 64;
        let tx_2 = lid % 16;
        let ty_2 = lid / 16 % 4;
        let part_8 = lid / 64;
        let k_7 = lid / 16;
        let own_6 = lid % 16;
        let at_7 = top_2 + own_6;
        let holds_7 = k_7 < step.batch_live;
        var next_6: f32 = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(k_7)]) * 784 + at_7, holds_7))) / 255.0, holds_7);
        let s_4 = lid + 256;
        let k_8 = s_4 / 16;
        let own_7 = s_4 % 16;
        let at_8 = top_2 + own_7;
        let holds_8 = k_8 < step.batch_live;
        var next_7: f32 = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(k_8)]) * 784 + at_8, holds_8))) / 255.0, holds_8);
        let k_9 = lid / 64;
        let own_8 = lid % 64;
        let at_9 = left_2 + own_8;
        var next_8: f32 = select(0.0, temps[k_9 * 128 + at_9 + 16384], k_9 < step.batch_live);
        let s_5 = lid + 256;
        let k_10 = s_5 / 64;
        let own_9 = s_5 % 64;
        let at_10 = left_2 + own_9;
        var next_9: f32 = select(0.0, temps[k_10 * 128 + at_10 + 16384], k_10 < step.batch_live);
        let s_6 = lid + 512;
        let k_11 = s_6 / 64;
        let own_10 = s_6 % 64;
        let at_11 = left_2 + own_10;
        var next_10: f32 = select(0.0, temps[k_11 * 128 + at_11 + 16384], k_11 < step.batch_live);
        let s_7 = lid + 768;
        let k_12 = s_7 / 64;
        let own_11 = s_7 % 64;
        let at_12 = left_2 + own_11;
        var next_11: f32 = select(0.0, temps[k_12 * 128 + at_12 + 16384], k_12 < step.batch_live);
        let s_8 = lid + 1024;
        let k_13 = s_8 / 64;
        let own_12 = s_8 % 64;
        let at_13 = left_2 + own_12;
        var next_12: f32 = select(0.0, temps[k_13 * 128 + at_13 + 16384], k_13 < step.batch_live);
        let s_9 = lid + 1280;
        let k_14 = s_9 / 64;
        let own_13 = s_9 % 64;
        let at_14 = left_2 + own_13;
        var next_13: f32 = select(0.0, temps[k_14 * 128 + at_14 + 16384], k_14 < step.batch_live);
        let s_10 = lid + 1536;
        let k_15 = s_10 / 64;
        let own_14 = s_10 % 64;
        let at_15 = left_2 + own_14;
        var next_14: f32 = select(0.0, temps[k_15 * 128 + at_15 + 16384], k_15 < step.batch_live);
        let s_11 = lid + 1792;
        let k_16 = s_11 / 64;
        let own_15 = s_11 % 64;
        let at_16 = left_2 + own_15;
        var next_15: f32 = select(0.0, temps[k_16 * 128 + at_16 + 16384], k_16 < step.batch_live);
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
        for (var turn_6: i32 = 0; turn_6 < 4; turn_6++) {
          let chunk_2 = turn_6 * 32;
          if (step.batch_live <= chunk_2) { break; }
          shared_f32[k_7 * 17 + own_6] = next_6;
          shared_f32[k_8 * 17 + own_7] = next_7;
          shared_f32[544 + (k_9 * 65 + own_8)] = next_8;
          shared_f32[544 + (k_10 * 65 + own_9)] = next_9;
          shared_f32[544 + (k_11 * 65 + own_10)] = next_10;
          shared_f32[544 + (k_12 * 65 + own_11)] = next_11;
          shared_f32[544 + (k_13 * 65 + own_12)] = next_12;
          shared_f32[544 + (k_14 * 65 + own_13)] = next_13;
          shared_f32[544 + (k_15 * 65 + own_14)] = next_14;
          shared_f32[544 + (k_16 * 65 + own_15)] = next_15;
          workgroupBarrier();
          let next_chunk_2 = chunk_2 + 32;
          let kAt_6 = next_chunk_2 + k_7;
          let holds_9 = kAt_6 < step.batch_live;
          next_6 = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(select(0, kAt_6, holds_9))]) * 784 + at_7, holds_9))) / 255.0, holds_9);
          let kAt_7 = next_chunk_2 + k_8;
          let holds_10 = kAt_7 < step.batch_live;
          next_7 = select(0.0, f32(data_u8(step.x_base, select(0, i32(data[step.batch_rows + u32(select(0, kAt_7, holds_10))]) * 784 + at_8, holds_10))) / 255.0, holds_10);
          let kAt_8 = next_chunk_2 + k_9;
          let holds_11 = kAt_8 < step.batch_live;
          next_8 = select(0.0, temps[select(0, kAt_8 * 128 + at_9, holds_11) + 16384], holds_11);
          let kAt_9 = next_chunk_2 + k_10;
          let holds_12 = kAt_9 < step.batch_live;
          next_9 = select(0.0, temps[select(0, kAt_9 * 128 + at_10, holds_12) + 16384], holds_12);
          let kAt_10 = next_chunk_2 + k_11;
          let holds_13 = kAt_10 < step.batch_live;
          next_10 = select(0.0, temps[select(0, kAt_10 * 128 + at_11, holds_13) + 16384], holds_13);
          let kAt_11 = next_chunk_2 + k_12;
          let holds_14 = kAt_11 < step.batch_live;
          next_11 = select(0.0, temps[select(0, kAt_11 * 128 + at_12, holds_14) + 16384], holds_14);
          let kAt_12 = next_chunk_2 + k_13;
          let holds_15 = kAt_12 < step.batch_live;
          next_12 = select(0.0, temps[select(0, kAt_12 * 128 + at_13, holds_15) + 16384], holds_15);
          let kAt_13 = next_chunk_2 + k_14;
          let holds_16 = kAt_13 < step.batch_live;
          next_13 = select(0.0, temps[select(0, kAt_13 * 128 + at_14, holds_16) + 16384], holds_16);
          let kAt_14 = next_chunk_2 + k_15;
          let holds_17 = kAt_14 < step.batch_live;
          next_14 = select(0.0, temps[select(0, kAt_14 * 128 + at_15, holds_17) + 16384], holds_17);
          let kAt_15 = next_chunk_2 + k_16;
          let holds_18 = kAt_15 < step.batch_live;
          next_15 = select(0.0, temps[select(0, kAt_15 * 128 + at_16, holds_18) + 16384], holds_18);
          for (var turn_7: i32 = 0; turn_7 < 8; turn_7++) {
            let k_17 = part_8 + turn_7 * 4;
            let a_2 = shared_f32[k_17 * 17 + ty_2];
            let a_3 = shared_f32[k_17 * 17 + (ty_2 + 4)];
            let a_4 = shared_f32[k_17 * 17 + (ty_2 + 8)];
            let a_5 = shared_f32[k_17 * 17 + (ty_2 + 12)];
            let b_2 = shared_f32[544 + k_17 * 65 + tx_2];
            let b_3 = shared_f32[k_17 * 65 + tx_2 + 560];
            let b_4 = shared_f32[k_17 * 65 + tx_2 + 576];
            let b_5 = shared_f32[k_17 * 65 + tx_2 + 592];
            acc_11 = acc_11 + a_2 * b_2;
            acc_12 = acc_12 + a_2 * b_3;
            acc_13 = acc_13 + a_2 * b_4;
            acc_14 = acc_14 + a_2 * b_5;
            acc_15 = acc_15 + a_3 * b_2;
            acc_16 = acc_16 + a_3 * b_3;
            acc_17 = acc_17 + a_3 * b_4;
            acc_18 = acc_18 + a_3 * b_5;
            acc_19 = acc_19 + a_4 * b_2;
            acc_20 = acc_20 + a_4 * b_3;
            acc_21 = acc_21 + a_4 * b_4;
            acc_22 = acc_22 + a_4 * b_5;
            acc_23 = acc_23 + a_5 * b_2;
            acc_24 = acc_24 + a_5 * b_3;
            acc_25 = acc_25 + a_5 * b_4;
            acc_26 = acc_26 + a_5 * b_5;
          }
          workgroupBarrier();
        }
        if (part_8 == 0) {
          let slot_3 = ty_2 * 64 + tx_2;
          shared_f32[slot_3] = acc_11;
          let slot_4 = ty_2 * 64 + tx_2 + 16;
          shared_f32[slot_4] = acc_12;
          let slot_5 = ty_2 * 64 + tx_2 + 32;
          shared_f32[slot_5] = acc_13;
          let slot_6 = ty_2 * 64 + tx_2 + 48;
          shared_f32[slot_6] = acc_14;
          let slot_7 = ty_2 * 64 + tx_2 + 256;
          shared_f32[slot_7] = acc_15;
          let slot_8 = ty_2 * 64 + tx_2 + 272;
          shared_f32[slot_8] = acc_16;
          let slot_9 = ty_2 * 64 + tx_2 + 288;
          shared_f32[slot_9] = acc_17;
          let slot_10 = ty_2 * 64 + tx_2 + 304;
          shared_f32[slot_10] = acc_18;
          let slot_11 = ty_2 * 64 + tx_2 + 512;
          shared_f32[slot_11] = acc_19;
          let slot_12 = ty_2 * 64 + tx_2 + 528;
          shared_f32[slot_12] = acc_20;
          let slot_13 = ty_2 * 64 + tx_2 + 544;
          shared_f32[slot_13] = acc_21;
          let slot_14 = ty_2 * 64 + tx_2 + 560;
          shared_f32[slot_14] = acc_22;
          let slot_15 = ty_2 * 64 + tx_2 + 768;
          shared_f32[slot_15] = acc_23;
          let slot_16 = ty_2 * 64 + tx_2 + 784;
          shared_f32[slot_16] = acc_24;
          let slot_17 = ty_2 * 64 + tx_2 + 800;
          shared_f32[slot_17] = acc_25;
          let slot_18 = ty_2 * 64 + tx_2 + 816;
          shared_f32[slot_18] = acc_26;
        }
        workgroupBarrier();
        for (var share_2: i32 = 1; share_2 < 4; share_2++) {
          if (part_8 == share_2) {
            let slot_19 = ty_2 * 64 + tx_2;
            shared_f32[slot_19] = shared_f32[slot_19] + acc_11;
            let slot_20 = ty_2 * 64 + tx_2 + 16;
            shared_f32[slot_20] = shared_f32[slot_20] + acc_12;
            let slot_21 = ty_2 * 64 + tx_2 + 32;
            shared_f32[slot_21] = shared_f32[slot_21] + acc_13;
            let slot_22 = ty_2 * 64 + tx_2 + 48;
            shared_f32[slot_22] = shared_f32[slot_22] + acc_14;
            let slot_23 = ty_2 * 64 + tx_2 + 256;
            shared_f32[slot_23] = shared_f32[slot_23] + acc_15;
            let slot_24 = ty_2 * 64 + tx_2 + 272;
            shared_f32[slot_24] = shared_f32[slot_24] + acc_16;
            let slot_25 = ty_2 * 64 + tx_2 + 288;
            shared_f32[slot_25] = shared_f32[slot_25] + acc_17;
            let slot_26 = ty_2 * 64 + tx_2 + 304;
            shared_f32[slot_26] = shared_f32[slot_26] + acc_18;
            let slot_27 = ty_2 * 64 + tx_2 + 512;
            shared_f32[slot_27] = shared_f32[slot_27] + acc_19;
            let slot_28 = ty_2 * 64 + tx_2 + 528;
            shared_f32[slot_28] = shared_f32[slot_28] + acc_20;
            let slot_29 = ty_2 * 64 + tx_2 + 544;
            shared_f32[slot_29] = shared_f32[slot_29] + acc_21;
            let slot_30 = ty_2 * 64 + tx_2 + 560;
            shared_f32[slot_30] = shared_f32[slot_30] + acc_22;
            let slot_31 = ty_2 * 64 + tx_2 + 768;
            shared_f32[slot_31] = shared_f32[slot_31] + acc_23;
            let slot_32 = ty_2 * 64 + tx_2 + 784;
            shared_f32[slot_32] = shared_f32[slot_32] + acc_24;
            let slot_33 = ty_2 * 64 + tx_2 + 800;
            shared_f32[slot_33] = shared_f32[slot_33] + acc_25;
            let slot_34 = ty_2 * 64 + tx_2 + 816;
            shared_f32[slot_34] = shared_f32[slot_34] + acc_26;
          }
          workgroupBarrier();
        }
        for (var turn_8: i32 = 0; turn_8 < 4; turn_8++) {
          let e_4 = lid + turn_8 * 256;
          let row_2 = e_4 / 64;
          let column_2 = e_4 % 64;
          let m_2 = top_2 + row_2;
          let n_2 = left_2 + column_2;
          let sum_2 = shared_f32[e_4];
          let hidden_weight = state[m_2 * 128 + n_2] - sum_2 * step.lr;
          state[m_2 * 128 + n_2] = hidden_weight;
        }
      }
    }
  }
}
