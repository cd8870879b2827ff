import type { KernelText, Program } from '../../src/runtime/index.ts';

/** Rows of a full batch. */
export const BATCH = 8;
/** Columns of `x`. */
export const COLUMNS = 3;

const header = `
struct Step { step: i32, result: u32, batch: i32, rows: u32, x: u32, y: u32, lr: f32 }
@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> data: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@group(0) @binding(3) var<storage, read_write> temps: array<f32>;
@group(0) @binding(4) var<storage, read_write> words: array<u32>;
@group(0) @binding(5) var<storage, read_write> results: array<u32>;

fn x(row: u32, column: u32) -> f32 {
  let k = row * ${COLUMNS}u + column;
  return f32((data[step.x + k / 4u] >> (8u * (k % 4u))) & 0xffu);
}
fn predicted(row: u32) -> f32 {
  return state[0] * x(row, 0u) + state[1] * x(row, 1u) + state[2] * x(row, 2u) + state[3];
}
`;

/** `temps[r] = w · x[row] + b - y[row]`. */
const errors = `${header}
@compute @workgroup_size(${BATCH})
fn main(@builtin(local_invocation_index) r: u32) {
  if (i32(r) >= step.batch) { return; }
  let row = data[step.rows + r];
  temps[r] = predicted(row) - f32(bitcast<i32>(data[step.y + row]));
}
`;

/** One invocation: the mean of the squares of the errors, their gradient, and the step downhill. */
const update = `${header}
@compute @workgroup_size(1)
fn main() {
  var loss = 0.0;
  var slope = vec4f();
  for (var r = 0u; i32(r) < step.batch; r++) {
    let row = data[step.rows + r];
    let e = temps[r];
    loss += e * e;
    slope += e * vec4f(x(row, 0u), x(row, 1u), x(row, 2u), 1.0);
  }
  let scale = step.lr * 2.0 / f32(step.batch);
  state[0] -= scale * slope.x;
  state[1] -= scale * slope.y;
  state[2] -= scale * slope.z;
  state[3] -= scale * slope.w;
  words[0] += 1u;
  results[step.result] = bitcast<u32>(loss / f32(step.batch));
  results[step.result + 1u] = u32(step.batch);
  results[step.result + 2u] = bitcast<u32>(f32(step.step));
}
`;

const predict = `${header}
@compute @workgroup_size(${BATCH})
fn main(@builtin(local_invocation_index) r: u32) {
  if (i32(r) >= step.batch) { return; }
  results[step.result + r] = bitcast<u32>(predicted(data[step.rows + r]));
}
`;

function kernel(name: string, code: string, workgroup: number): KernelText {
  return {
    name,
    kind: 'map',
    code,
    workgroup,
    nodes: [name],
    sharedBytes: 0,
    flops: 0,
    bytes: 0,
    bindings: ['step', 'data', 'state', 'temps', 'words', 'results'],
  };
}

const rowsLive = { size: 'batch', factor: 1 };

/**
 * A program written by hand: `y ≈ w · x + b`, by gradient descent on the mean of squares. `train` takes two
 * dispatches and gives `loss`, `seen` (rows, i32) and `at` (the step's number); `predict` gives `value`, a row each.
 */
export const linearModel: Program = {
  format: 1,
  target: 'webgpu',
  name: 'linear',
  kernels: [kernel('errors', errors, BATCH), kernel('update', update, 1), kernel('predict', predict, BATCH)],
  places: { words: [], most: 4 },
  entries: {
    train: {
      steps: [
        { kernel: 0, workgroups: 1 },
        { kernel: 1, workgroups: 1 },
      ],
      outputs: [
        { name: 'loss', dtype: 'f32', shape: [], live: [], offset: 0 },
        { name: 'seen', dtype: 'i32', shape: [], live: [], offset: 1 },
        { name: 'at', dtype: 'f32', shape: [], live: [], offset: 2 },
      ],
      inputs: ['x', 'y'],
      resultWords: 4,
    },
    predict: {
      steps: [{ kernel: 2, workgroups: 1 }],
      outputs: [{ name: 'value', dtype: 'f32', shape: [BATCH], live: [rowsLive], offset: 0 }],
      inputs: ['x'],
      resultWords: BATCH,
    },
  },
  buffers: { state: 16, temps: 32, words: 16, results: 32, peakBytes: 96, lowerBoundBytes: 96 },
  state: [
    {
      name: 'w',
      dtype: 'f32',
      shape: [COLUMNS],
      arena: 'state',
      offset: 0,
      init: { kind: 'uniform', low: -1, high: 1, stream: 0 },
    },
    {
      name: 'b',
      dtype: 'f32',
      shape: [],
      arena: 'state',
      offset: 3,
      init: { kind: 'normal', mean: 0, deviation: 0.5, stream: 1 },
    },
    {
      name: 'steps',
      dtype: 'u32',
      shape: [1],
      arena: 'words',
      offset: 0,
      init: { kind: 'constant', value: 0 },
    },
  ],
  inputs: [
    { name: 'x', dtype: 'u8', shape: [BATCH, COLUMNS], size: 'batch', base: 'x' },
    { name: 'y', dtype: 'i32', shape: [BATCH], size: 'batch', base: 'y', range: [-1000, 1000] },
  ],
  params: [{ name: 'lr', field: 'lr', dtype: 'f32', initial: 0.01 }],
  sizes: [{ name: 'batch', max: BATCH, live: 'batch', rows: 'batch_rows' }],
  stepFields: [
    { name: 'step', dtype: 'i32' },
    { name: 'result', dtype: 'u32' },
    { name: 'batch', dtype: 'i32' },
    { name: 'batch_rows', dtype: 'u32' },
    { name: 'x', dtype: 'u32' },
    { name: 'y', dtype: 'u32' },
    { name: 'lr', dtype: 'f32' },
  ],
  constants: [],
};

/** `count` rows of small whole numbers with `y = 2 x0 - x1 + 3 x2 + 5`. */
export function linearData(count: number): { x: Uint8Array; y: Int32Array } {
  const x = Uint8Array.from({ length: count * COLUMNS }, (_, k) => (k * 7 + (k >> 2) * 3) % 5);
  const at = (k: number): number => x[k] ?? 0;
  const y = Int32Array.from(
    { length: count },
    (_, r) => 2 * at(COLUMNS * r) - at(COLUMNS * r + 1) + 3 * at(COLUMNS * r + 2) + 5,
  );
  return { x, y };
}

/** The model's own steps in float64: the losses of its batches, and the state that they leave. */
export function linearReference(
  state: readonly number[],
  data: { x: Uint8Array; y: Int32Array },
  batches: readonly (readonly number[])[],
  lr: number,
): { losses: number[]; state: number[] } {
  let [w0 = 0, w1 = 0, w2 = 0, b = 0] = state;
  const losses = batches.map((rows) => {
    let loss = 0;
    const slope = [0, 0, 0, 0];
    for (const row of rows) {
      const [x0 = 0, x1 = 0, x2 = 0] = data.x.subarray(row * COLUMNS);
      const e = w0 * x0 + w1 * x1 + w2 * x2 + b - (data.y[row] ?? 0);
      loss += e * e;
      for (const [k, x] of [x0, x1, x2, 1].entries()) slope[k] = (slope[k] ?? 0) + e * x;
    }
    const scale = (lr * 2) / rows.length;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = slope;
    [w0, w1, w2, b] = [w0 - scale * s0, w1 - scale * s1, w2 - scale * s2, b - scale * s3];
    return loss / rows.length;
  });
  return { losses, state: [w0, w1, w2, b] };
}
