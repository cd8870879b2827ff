import { describe, expect, it } from 'vitest';
import { splitAxis } from '../../src/loops/axes.ts';
import { elementCount, type Loop, loopLoads, type Tensor } from '../../src/loops/index.ts';
import { type InterpretOptions, interpretLoops } from '../../src/loops/interpret.ts';
import { simplifyLoop } from '../../src/loops/simplify.ts';
import { parseLoops, printLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';

/**
 * The exam of the loop form: what a training compiler must be able to say, said in loops. Every case prints
 * as it stands here, verifies, and gives the values of plain code, before and after simplification.
 */
type Arrays = Record<string, readonly number[]>;

function run(text: string, inputs: Arrays, options: InterpretOptions = {}): Arrays {
  const loops = parseLoops(text);
  expect(printLoops(loops)).toBe(text);
  verifyLoops(loops);
  const plain = interpret(loops, inputs, options);
  const simple = loops.map((loop) => simplifyLoop(loop));
  verifyLoops(simple);
  expect(interpret(simple, inputs, options)).toEqual(plain);
  return plain;
}

function interpret(loops: readonly Loop[], inputs: Arrays, options: InterpretOptions): Arrays {
  const memory = new Map<Tensor, Float64Array>();
  const written = new Set(loops.flatMap((loop) => loop.outs.map((out) => out.tensor)));
  for (const { tensor } of loops.flatMap(loopLoads)) {
    if (written.has(tensor)) continue;
    const values = inputs[tensor.name];
    if (values === undefined) throw new Error(`no values for ${tensor.name}`);
    if (tensor.role !== 'data') expect(values.length).toBe(elementCount(tensor.shape));
    memory.set(tensor, Float64Array.from(values));
  }
  interpretLoops(loops, memory, options);
  return Object.fromEntries([...written].map((tensor) => [tensor.name, [...(memory.get(tensor) ?? [])]]));
}

/** Numbers that look random, the same in every run. */
function numbers(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, n) => {
    const x = Math.sin(n * 12.9898 + seed * 78.233) * 43758.5453;
    return (x - Math.floor(x)) * 2 - 1;
  });
}

/** All points of a box, in row-major order, with their position. */
function* points(...extents: number[]): Generator<number[]> {
  const count = extents.reduce((a, b) => a * b, 1);
  for (let n = 0; n < count; n++) {
    const point: number[] = [];
    let rest = n;
    for (const extent of [...extents].reverse()) {
      point.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    yield point;
  }
}

/** An element of a row-major array; 0 outside of its shape. */
function element(array: readonly number[], shape: readonly number[], index: readonly number[]): number {
  if (index.some((n, d) => n < 0 || n >= (shape[d] ?? 0))) return 0;
  return array[index.reduce((offset, n, d) => offset * (shape[d] ?? 1) + n, 0)] ?? Number.NaN;
}

function expectClose(
  actual: readonly number[] | undefined,
  expected: readonly number[],
  tolerance = 1e-12,
): void {
  expect(actual?.length).toBe(expected.length);
  for (const [n, value] of expected.entries()) {
    expect(Math.abs((actual?.[n] ?? Number.NaN) - value), `element ${n}`).toBeLessThanOrEqual(tolerance);
  }
}

/** The gradient of `Σ weights · f(x)` by central differences. */
function differences(
  f: (x: readonly number[]) => readonly number[],
  x: readonly number[],
  weights: readonly number[],
): number[] {
  const value = (at: readonly number[]): number =>
    f(at).reduce((sum, y, n) => sum + y * (weights[n] ?? 0), 0);
  const h = 1e-5;
  return x.map((_, n) => {
    const moved = (by: number): number[] => x.map((v, m) => (m === n ? v + by : v));
    return (value(moved(h)) - value(moved(-h))) / (2 * h);
  });
}

describe('a convolution with strides, a dilation and padding', () => {
  // height: stride 2, dilation 3, padding 2; width: stride 2; 8 × 8 to 3 × 3
  const X = [2, 2, 8, 8];
  const K = [3, 2, 3, 3];
  const x = numbers(256, 1);
  const k = numbers(54, 2);
  const dy = numbers(54, 3);

  function naive(input: readonly number[], filter: readonly number[]): number[] {
    return [...points(2, 3, 3, 3)].map(([n = 0, o = 0, p = 0, q = 0]) => {
      let sum = 0;
      for (const [c = 0, u = 0, v = 0] of points(2, 3, 3)) {
        sum += element(input, X, [n, c, 2 * p + 3 * u - 2, 2 * q + v]) * element(filter, K, [o, c, u, v]);
      }
      return sum;
    });
  }

  it('is a reduction at affine indices under a guard', () => {
    const { y } = run(
      `tensor x: f32[2, 2, 8, 8] input
tensor k: f32[3, 2, 3, 3] state
tensor y: f32[2, 3, 3, 3] temp
loop y(n: 2, o: 3, p: 3, q: 3) reduce(c: 2, u: 3, v: 3):
  r0 = sum(select(2 <= p * 2 + u * 3 && p * 2 + u * 3 < 10, x[n, c, p * 2 + u * 3 - 2, q * 2 + v], 0.0) * k[o, c, u, v])
  y[n, o, p, q] = r0.0
`,
      { x, k },
    );
    expectClose(y, naive(x, k));
  });

  it('has a filter gradient of the same kind', () => {
    const { dk } = run(
      `tensor dy: f32[2, 3, 3, 3] input
tensor x: f32[2, 2, 8, 8] input
tensor dk: f32[3, 2, 3, 3] temp
loop dk(o: 3, c: 2, u: 3, v: 3) reduce(n: 2, p: 3, q: 3):
  r0 = sum(dy[n, o, p, q] * select(2 <= p * 2 + u * 3 && p * 2 + u * 3 < 10, x[n, c, p * 2 + u * 3 - 2, q * 2 + v], 0.0))
  dk[o, c, u, v] = r0.0
`,
      { x, dy },
    );
    expectClose(
      dk,
      differences((filter) => naive(x, filter), k, dy),
      1e-8,
    );
  });

  const GUARDED = `tensor dy: f32[2, 3, 3, 3] input
tensor k: f32[3, 2, 3, 3] state
tensor dx: f32[2, 2, 8, 8] temp
loop dx(n: 2, c: 2, h: 8, w: 8) reduce(o: 3, u: 3, v: 3):
  r0 = sum(select((h + 2 - u * 3) % 2 == 0 && (w - v) % 2 == 0, select(0 <= (h + 2 - u * 3) // 2 && (h + 2 - u * 3) // 2 < 3 && 0 <= (w - v) // 2 && (w - v) // 2 < 3, dy[n, o, (h + 2 - u * 3) // 2, (w - v) // 2] * k[o, c, u, v], 0.0), 0.0))
  dx[n, c, h, w] = r0.0
`;

  it('has an input gradient under a guard of divisibility', () => {
    const { dx } = run(GUARDED, { k, dy });
    expectClose(
      dx,
      differences((input) => naive(input, k), x, dy),
      1e-8,
    );
  });

  it('has an input gradient that is affine in four phases', () => {
    // h = 2a + e and w = 2b + f; only the taps u = 2s + e and v = 2t + f reach them: no tap is wasted
    const { dx } = run(
      `tensor dy: f32[2, 3, 3, 3] input
tensor k: f32[3, 2, 3, 3] state
tensor dx: f32[2, 2, 4, 2, 4, 2] temp
loop dx(n: 2, c: 2, a: 4, e: 2, b: 4, f: 2) reduce(o: 3, s: 2, t: 2):
  r0 = sum(select(s * 2 + e < 3 && t * 2 + f < 3 && 0 <= a + 1 - e - s * 3 && a + 1 - e - s * 3 < 3 && 0 <= b - t && b - t < 3, dy[n, o, a + 1 - e - s * 3, b - t] * k[o, c, s * 2 + e, t * 2 + f], 0.0))
  dx[n, c, a, e, b, f] = r0.0
`,
      { k, dy },
    );
    expectClose(
      dx,
      differences((input) => naive(input, k), x, dy),
      1e-8,
    );
  });

  it('comes to its phases by splitting axes: quotients of the long axes vanish', () => {
    const [loop] = parseLoops(GUARDED);
    const [, , h, w] = loop?.axes ?? [];
    if (loop === undefined || h === undefined || w === undefined) throw new Error('no loop');
    const phases = splitAxis(splitAxis(loop, h, 2).loop, w, 2).loop;
    verifyLoops([phases]);
    expect(printLoops([phases])).toMatchInlineSnapshot(`
      "tensor dy: f32[2, 3, 3, 3] input
      tensor k: f32[3, 2, 3, 3] state
      tensor dx: f32[2, 2, 4, 2, 4, 2] temp
      loop dx(n: 2, c: 2, h_outer: 4, h_inner: 2, w_outer: 4, w_inner: 2) reduce(o: 3, u: 3, v: 3):
        r0 = sum(select((h_inner - u * 3) % 2 == 0 && (w_inner - v) % 2 == 0, select(-1 <= h_outer + (h_inner - u * 3) // 2 && h_outer + (h_inner - u * 3) // 2 < 2 && v <= w_outer * 2 + w_inner && w_outer * 2 + w_inner - v < 6, dy[n, o, h_outer + 1 + (h_inner - u * 3) // 2, w_outer + (w_inner - v) // 2] * k[o, c, u, v], 0.0), 0.0))
        dx[n, c, h_outer, h_inner, w_outer, w_inner] = r0.0
      "
    `);
    expectClose(
      interpret([phases], { k, dy }, {}).dx,
      differences((input) => naive(input, k), x, dy),
      1e-8,
    );
  });
});

describe('max-pooling over windows that overlap', () => {
  const X = [2, 7, 7];
  // few different values, so that ties are many
  const x = numbers(98, 4).map((v) => Math.round(v * 2));
  const dy = numbers(18, 5);

  const POOL = `tensor x: f32[2, 7, 7] input
tensor y: f32[2, 3, 3] temp
tensor place: i32[2, 3, 3] temp
tensor dy: f32[2, 3, 3] input
tensor dx: f32[2, 7, 7] temp
loop pool(c: 2, p: 3, q: 3) reduce(u: 3, v: 3):
  r0 = argmax(x[c, p * 2 + u, q * 2 + v])
  y[c, p, q] = r0.0
  place[c, p, q] = r0.1
loop dx(c: 2, h: 7, w: 7) reduce(s: 2, t: 2):
  r0 = sum(select(h % 2 + s * 2 < 3 && w % 2 + t * 2 < 3 && s <= h // 2 && h // 2 - s < 3 && t <= w // 2 && w // 2 - t < 3, select(place[c, h // 2 - s, w // 2 - t] == (h % 2 + s * 2) * 3 + (w % 2 + t * 2), dy[c, h // 2 - s, w // 2 - t], 0.0), 0.0))
  dx[c, h, w] = r0.0
`;

  it('is a reduction, and its gradient goes to the first maximum of each window without atomics', () => {
    const value: number[] = [];
    const gradient = new Array<number>(98).fill(0);
    for (const [c = 0, p = 0, q = 0] of points(2, 3, 3)) {
      let best = -Infinity;
      let owner = 0;
      for (const [u = 0, v = 0] of points(3, 3)) {
        const candidate = element(x, X, [c, 2 * p + u, 2 * q + v]);
        if (candidate > best) [best, owner] = [candidate, (c * 7 + 2 * p + u) * 7 + 2 * q + v];
      }
      value.push(best);
      gradient[owner] = (gradient[owner] ?? 0) + element(dy, [2, 3, 3], [c, p, q]);
    }
    const { y, dx } = run(POOL, { x, dy });
    expectClose(y, value);
    expectClose(dx, gradient);
  });
});

describe('layer norm', () => {
  const x = numbers(20, 6);
  const g = numbers(5, 7);
  const b = numbers(5, 8);
  const dy = numbers(20, 9);

  function naive(input: readonly number[], gain: readonly number[], bias: readonly number[]): number[] {
    return [...points(4, 5)].map(([i = 0, j = 0]) => {
      const row = input.slice(i * 5, i * 5 + 5);
      const mean = row.reduce((s, v) => s + v, 0) / 5;
      const variance = row.reduce((s, v) => s + (v - mean) ** 2, 0) / 5;
      return (((row[j] ?? 0) - mean) / Math.sqrt(variance + 1e-5)) * (gain[j] ?? 0) + (bias[j] ?? 0);
    });
  }

  it('is one reduction of statistics and a pointwise loop; its gradients are two loops of two sums each', () => {
    const { y, dx, dg, db } = run(
      `tensor x: f32[4, 5] input
tensor mean: f32[4] temp
tensor scale: f32[4] temp
tensor g: f32[5] state
tensor b: f32[5] state
tensor y: f32[4, 5] temp
tensor dy: f32[4, 5] input
tensor m1: f32[4] temp
tensor m2: f32[4] temp
tensor dx: f32[4, 5] temp
tensor dg: f32[5] temp
tensor db: f32[5] temp
loop statistics(i: 4) reduce(k: 5):
  r0 = moments(x[i, k])
  mean[i] = (r0.1 + r0.2) * 2.0
  scale[i] = 1.0 / sqrt(r0.3 * 4.0 + 0.00001)
loop y(i: 4, j: 5):
  y[i, j] = (x[i, j] - mean[i]) * scale[i] * g[j] + b[j]
loop means(i: 4) reduce(k: 5):
  r0 = sum(dy[i, k] * g[k])
  r1 = sum(dy[i, k] * g[k] * ((x[i, k] - mean[i]) * scale[i]))
  m1[i] = r0.0 / 5.0
  m2[i] = r1.0 / 5.0
loop dx(i: 4, j: 5):
  dx[i, j] = scale[i] * (dy[i, j] * g[j] - m1[i] - (x[i, j] - mean[i]) * scale[i] * m2[i])
loop parameters(j: 5) reduce(i: 4):
  r0 = sum(dy[i, j] * ((x[i, j] - mean[i]) * scale[i]))
  r1 = sum(dy[i, j])
  dg[j] = r0.0
  db[j] = r1.0
`,
      { x, g, b, dy },
    );
    expectClose(y, naive(x, g, b));
    expectClose(
      dx,
      differences((v) => naive(v, g, b), x, dy),
      1e-8,
    );
    expectClose(
      dg,
      differences((v) => naive(x, v, b), g, dy),
      1e-8,
    );
    expectClose(
      db,
      differences((v) => naive(x, g, v), b, dy),
      1e-8,
    );
  });
});

describe('attention', () => {
  const q = numbers(12, 10);
  const k = numbers(15, 11);
  const v = numbers(10, 12);
  const dO = numbers(8, 13);

  /** softmax(q · kᵀ / √3) · v, with 4 queries, 5 keys of 3 and values of 2. */
  function naive(queries: readonly number[], keys: readonly number[], values: readonly number[]): number[] {
    return [...points(4, 2)].map(([i = 0, e = 0]) => {
      const weights = [0, 1, 2, 3, 4].map((j) => {
        let score = 0;
        for (let d = 0; d < 3; d++) score += element(queries, [4, 3], [i, d]) * element(keys, [5, 3], [j, d]);
        return Math.exp(score / Math.sqrt(3));
      });
      const total = weights.reduce((s, w) => s + w, 0);
      return weights.reduce((s, w, j) => s + (w / total) * element(values, [5, 2], [j, e]), 0);
    });
  }

  it('is three reductions with the row as their common axis, and so are its gradients', () => {
    const { o, dq, dk, dv } = run(
      `tensor q: f32[4, 3] input
tensor k: f32[5, 3] input
tensor s: f32[4, 5] temp
tensor lse: f32[4] temp
tensor v: f32[5, 2] input
tensor o: f32[4, 2] temp
tensor dO: f32[4, 2] input
tensor delta: f32[4] temp
tensor ds: f32[4, 5] temp
tensor dq: f32[4, 3] temp
tensor dk: f32[5, 3] temp
tensor dv: f32[5, 2] temp
loop scores(i: 4, j: 5) reduce(d: 3):
  r0 = sum(q[i, d] * k[j, d])
  s[i, j] = r0.0 / 1.7320508075688772
loop normaliser(i: 4) reduce(j: 5):
  r0 = logSumExp(s[i, j])
  lse[i] = r0.0 + log(r0.1)
loop output(i: 4, e: 2) reduce(j: 5):
  r0 = sum(exp(s[i, j] - lse[i]) * v[j, e])
  o[i, e] = r0.0
loop delta(i: 4) reduce(e: 2):
  r0 = sum(dO[i, e] * o[i, e])
  delta[i] = r0.0
loop dscores(i: 4, j: 5) reduce(e: 2):
  r0 = sum(dO[i, e] * v[j, e])
  ds[i, j] = exp(s[i, j] - lse[i]) * (r0.0 - delta[i]) / 1.7320508075688772
loop dq(i: 4, d: 3) reduce(j: 5):
  r0 = sum(ds[i, j] * k[j, d])
  dq[i, d] = r0.0
loop dk(j: 5, d: 3) reduce(i: 4):
  r0 = sum(ds[i, j] * q[i, d])
  dk[j, d] = r0.0
loop dv(j: 5, e: 2) reduce(i: 4):
  r0 = sum(exp(s[i, j] - lse[i]) * dO[i, e])
  dv[j, e] = r0.0
`,
      { q, k, v, dO },
    );
    expectClose(o, naive(q, k, v), 1e-7);
    expectClose(
      dq,
      differences((w) => naive(w, k, v), q, dO),
      1e-7,
    );
    expectClose(
      dk,
      differences((w) => naive(q, w, v), k, dO),
      1e-7,
    );
    expectClose(
      dv,
      differences((w) => naive(q, k, w), v, dO),
      1e-7,
    );
  });
});

it('A cumulative sum is a sum of what is not behind, and its gradient one of what is not before', () => {
  const x = numbers(18, 14);
  const dy = numbers(18, 15);
  const naive = (input: readonly number[]): number[] =>
    [...points(3, 6)].map(([i = 0, k = 0]) => input.slice(i * 6, i * 6 + k + 1).reduce((s, v) => s + v, 0));
  const { y, dx } = run(
    `tensor x: f32[3, 6] input
tensor y: f32[3, 6] temp
tensor dy: f32[3, 6] input
tensor dx: f32[3, 6] temp
loop y(i: 3, j: 6) reduce(k: 6):
  r0 = sum(select(k <= j, x[i, k], 0.0))
  y[i, j] = r0.0
loop dx(i: 3, j: 6) reduce(k: 6):
  r0 = sum(select(j <= k, dy[i, k], 0.0))
  dx[i, j] = r0.0
`,
    { x, dy },
  );
  expectClose(y, naive(x));
  expectClose(dx, differences(naive, x, dy), 1e-8);
});

it('The gradient of an embedding has one owner for each row of the table', () => {
  const ids = [3, 0, 3, 6, 3, 0];
  const dy = numbers(24, 16);
  const { y, dtable } = run(
    `tensor ids: i32[6] input
tensor table: f32[7, 4] state
tensor y: f32[6, 4] temp
tensor dy: f32[6, 4] input
tensor dtable: f32[7, 4] temp
loop y(i: 6, d: 4):
  y[i, d] = table[ids[i], d]
loop dtable(r: 7, d: 4) reduce(i: 6):
  r0 = sum(select(ids[i] == r, dy[i, d], 0.0))
  dtable[r, d] = r0.0
`,
    { table: numbers(28, 17), ids, dy },
  );
  const expected = new Array<number>(28).fill(0);
  for (const [i = 0, d = 0] of points(6, 4)) {
    const at = (ids[i] ?? 0) * 4 + d;
    expected[at] = (expected[at] ?? 0) + element(dy, [6, 4], [i, d]);
  }
  expectClose(dtable, expected);
  expectClose(
    y,
    ids.flatMap((id) => numbers(28, 17).slice(id * 4, id * 4 + 4)),
  );
});

describe('a batch that is not full', () => {
  const pixels = Array.from({ length: 30 }, (_, n) => (n * 37) % 256);
  const rows = [7, 2, 9, 4, 0, 1];

  const TEXT = `tensor batch_rows: i32[batch<=6] rows
tensor pixels: u8[batch<=6, 3] data
tensor w: f32[3] state
tensor y: f32[batch<=6] temp
tensor loss: f32[] result
tensor mean: f32[] result
tensor variance: f32[] result
tensor best: i32[] result
tensor dw: f32[3] temp
tensor "w'": f32[3] next over w
param lr: f32 = 0.5
loop y(i: batch<=6) reduce(k: 3):
  r0 = sum(f32(pixels[batch_rows[i], k]) / 255.0 * w[k])
  y[i] = r0.0
loop statistics() reduce(i: batch<=6):
  r0 = sum(y[i] * y[i])
  r1 = moments(y[i])
  r2 = argmax(y[i])
  loss[] = r0.0 / f32(live(batch<=6))
  mean[] = (r1.1 + r1.2) * 2.0
  variance[] = r1.3 * 4.0
  best[] = r2.1
loop dw(k: 3) reduce(i: batch<=6):
  r0 = sum(2.0 * y[i] * (f32(pixels[batch_rows[i], k]) / 255.0))
  dw[k] = r0.0 / f32(live(batch<=6))
loop update(k: 3):
  "w'"[k] = w[k] - $lr * dw[k]
`;

  for (const live of [1, 4, 6]) {
    it(`counts its ${live} live rows once each, in the mean, its gradient and the statistics`, () => {
      const w = numbers(3, 18);
      const image = (row: number): number[] => pixels.slice(row * 3, row * 3 + 3).map((p) => p / 255);
      const outputs = (weights: readonly number[]): number[] =>
        rows.slice(0, live).map((row) => image(row).reduce((s, p, k) => s + p * (weights[k] ?? 0), 0));
      const loss = (weights: readonly number[]): number[] => [
        outputs(weights).reduce((s, y) => s + y * y, 0) / live,
      ];
      const y = outputs(w);
      const mean = y.reduce((s, v) => s + v, 0) / live;
      const result = run(TEXT, { pixels, batch_rows: rows, w }, { live: { batch: live } });
      expectClose(result.loss, loss(w));
      expectClose(result.mean, [mean]);
      expectClose(result.variance, [y.reduce((s, v) => s + (v - mean) ** 2, 0) / live]);
      expectClose(result.best, [y.indexOf(Math.max(...y))]);
      const gradient = differences(loss, w, [1]);
      expectClose(result.dw, gradient, 1e-8);
      expectClose(
        result["w'"],
        w.map((v, k) => v - 0.5 * (gradient[k] ?? 0)),
        1e-8,
      );
      expect(result.y?.slice(live).every(Number.isNaN)).toBe(true);
    });
  }
});
