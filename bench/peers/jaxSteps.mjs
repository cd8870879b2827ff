/**
 * Training steps of jax-js on its WebAssembly backend: `node jaxSteps.mjs FOLDER THREADS`, with what
 * `task.ts` wrote. Each line of input is a count of steps; each line of output says what they took.
 *
 * It takes perceptrons. The whole step (loss, gradients, update) is one function in `jit`. Batches lie on the device as floats, labels
 * as one-hot rows: neither is decoded in a step.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebWorker } from './webWorker.mjs';

const [, , folder = '', threads = '1'] = process.argv;
if (Number(threads) > 1) {
  // It has threads where there are Web Workers, which it looks for when it is loaded.
  globalThis.Worker = WebWorker;
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: Number(threads) } });
}
const {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  nn,
  numpy: np,
  valueAndGrad,
} = await import('@jax-js/jax');
await init('wasm');
defaultDevice('wasm');

const task = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8'));
const { batch, batches, optimizer } = task;
const { lr } = optimizer.options;
// As PyTorch has them where it is not told otherwise.
const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];
const pixels = task.parameters.at(0).shape[0];
const classes = task.parameters.at(-1).shape[0];

function bytes(name) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

function floats(name, shape) {
  return np.array(new Float32Array(bytes(name)), { shape });
}

const xs = Array.from({ length: batches }, (_, k) => {
  const values = Float32Array.from(new Uint8Array(bytes(`x${k}.u8`)), (value) => value / 255);
  return np.array(values, { shape: [batch, pixels] });
});
const ys = Array.from({ length: batches }, (_, k) => {
  const rows = new Float32Array(batch * classes);
  new Int32Array(bytes(`y${k}.i32`)).forEach((label, row) => {
    rows[row * classes + label] = 1;
  });
  return np.array(rows, { shape: [batch, classes] });
});

/** Mean cross-entropy of softmax. An array is used up where it is passed on; `ref` keeps it. */
function loss(parameters, x, y) {
  const layers = parameters.length / 2;
  let h = x;
  for (let k = 0; k < layers; k++) {
    h = np.matmul(h, parameters[2 * k]).add(parameters[2 * k + 1]);
    if (k < layers - 1) h = nn.relu(h);
  }
  return nn
    .logSoftmax(h, -1)
    .mul(y)
    .sum()
    .mul(-1 / batch);
}

const updates = { sgd, adam };

function sgd({ parameters, slots }, gradients) {
  return { parameters: parameters.map((p, k) => p.sub(gradients[k].mul(lr))), slots };
}

/** Adam as in the paper, and as PyTorch and Sinter have it: bias corrections, epsilon beside the root. */
function adam({ parameters, slots }, gradients) {
  const t = slots.t.add(1);
  const correction1 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta1))));
  const correction2 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta2))));
  const next = parameters.map((p, k) => {
    const g = gradients[k];
    const m = slots.m[k].mul(beta1).add(g.ref.mul(1 - beta1));
    const v = slots.v[k].mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
    const root = np.sqrt(v.ref.div(correction2.ref)).add(eps);
    return { p: p.sub(m.ref.div(correction1.ref).div(root).mul(lr)), m, v };
  });
  correction1.dispose();
  correction2.dispose();
  return {
    parameters: next.map(({ p }) => p),
    slots: { t, m: next.map(({ m }) => m), v: next.map(({ v }) => v) },
  };
}

const step = jit((state, x, y) => {
  const parameters = state.parameters.map((p) => p.ref);
  const [value, gradients] = valueAndGrad(loss)(parameters, x, y);
  return { state: updates[optimizer.kind](state, gradients), value };
});

const shapes = task.parameters.map(({ shape }) => shape);
const zeros = () => shapes.map((shape) => np.zeros(shape));
let state = {
  parameters: task.parameters.map(({ file, shape }) => floats(file, shape)),
  slots: optimizer.kind === 'adam' ? { t: np.array(0), m: zeros(), v: zeros() } : {},
};

let taken = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  const losses = [];
  const begin = performance.now();
  for (let k = 0; k < count; k++, taken++) {
    const result = step(state, xs[taken % batches].ref, ys[taken % batches].ref);
    state = result.state;
    losses.push(result.value);
    // Otherwise all that is to come waits in arrays, and nothing runs.
    await blockUntilReady(state);
  }
  const milliseconds = performance.now() - begin;
  let sum = 0;
  for (const value of losses) sum += (await value.data())[0];
  process.stdout.write(`${JSON.stringify({ milliseconds, loss: sum / count })}\n`);
}
// Its threads would keep the process alive.
process.exit();
