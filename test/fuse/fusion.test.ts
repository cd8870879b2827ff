import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { reasonText } from '../../src/fuse/index.ts';
import { defineModule, type Module, type ModuleBuilder } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { crossEntropy, dense } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import { inShort, withoutDeclarations } from './levelText.ts';

/** What a pass made of the only entry of a module, as text. */
function tracedText(pass: string, build: (m: ModuleBuilder) => void): string {
  const module: Module = defineModule('test', build);
  const { trace } = compileModule(module, machines.webgpu);
  const traced = trace.passes.find((p) => p.pass === pass);
  if (traced === undefined)
    throw new Error(`no pass ${pass}; there are ${trace.passes.map((p) => p.pass).join(', ')}`);
  return traced.text();
}

/** The same without origins and declarations. */
function textAfter(pass: string, build: (m: ModuleBuilder) => void): string {
  return `\n${withoutDeclarations(tracedText(pass, build))}\n`;
}

/** The dispatches and their groups alone. */
function stagesOf(build: (m: ModuleBuilder) => void): string {
  return `\n${inShort(tracedText('assignStages', build))}`;
}

describe('lower', () => {
  it('makes one loop of each operation that computes, and indices of movements', () => {
    expect(
      textAfter('lower', (m) => {
        const x = m.input('x', { shape: [3, 4] });
        m.entry('run', { y: x.exp().transpose().slice([1], [3]).pad([0, 1], [0, 0]) });
      }),
    ).toMatchInlineSnapshot(`
      "
      loop exp_1(i0: 3, i1: 4):
        exp_1[i0, i1] = exp(x[i0, i1])
      loop y(i0: 2, i1: 4):
        y[i0, i1] = select(1 <= i1, exp_1[i1 - 1, i0 + 1], 0.0)
      "
    `);
  });

  it('reads a row input through row numbers, and reduces over live rows', () => {
    expect(
      textAfter('lower', (m) => {
        const batch = m.size('batch', { max: 8 });
        const x = m.input('x', { shape: [batch, 2], dtype: 'u8' });
        m.entry('run', { mean: x.cast('f32').mean(0) });
      }),
    ).toMatchInlineSnapshot(`
      "
      loop cast_1(i0: batch<=8, i1: 2):
        cast_1[i0, i1] = f32(x[batch_rows[i0], i1])
      loop sum_2(i0: 2) reduce(k0: batch<=8):
        r0 = sum(cast_1[k0, i0])
        sum_2[i0] = r0.0
      loop extent_3():
        extent_3[] = live(batch<=8)
      loop cast_4():
        cast_4[] = f32(extent_3[])
      loop div_6(i0: 2):
        div_6[i0] = sum_2[i0] / cast_4[]
      loop mean(i0: 2):
        mean[i0] = div_6[i0]
      "
    `);
  });
});

describe('fusePointwise', () => {
  it('collapses chains, and makes them the epilogue of the reduction that they follow', () => {
    expect(
      textAfter('fusePointwise', (m) => {
        const x = m.input('x', { shape: [3, 4] });
        m.entry('run', { h: dense(x.div(255), 5, { activation: 'relu', name: 'h' }) });
      }),
    ).toMatchInlineSnapshot(`
      "
      loop h(i0: 3, i1: 5) reduce(k0: 4):
        r0 = sum(x[i0, k0] / 255.0 * "h.weight"[k0, i1])
        h[i0, i1] = relu(r0.0 + "h.bias"[i1])
      "
    `);
  });

  it('stores what is expensive to compute and read many times', () => {
    expect(
      textAfter('fusePointwise', (m) => {
        const [a, b] = [m.input('a', { shape: [256, 512] }), m.input('b', { shape: [512, 1024] })];
        m.entry('run', { c: a.sum(1, { keepDims: true }).add(a).exp().matmul(b) });
      }),
    ).toMatchInlineSnapshot(`
      "
      loop sum_2(i0: 256) reduce(k0: 512):
        r0 = sum(a[i0, k0])
        sum_2[i0] = r0.0
      loop exp_6(i0: 256, i1: 512):
        exp_6[i0, i1] = exp(sum_2[i0] + a[i0, i1])
      loop c(i0: 256, i1: 1024) reduce(k0: 512):
        r0 = sum(exp_6[i0, k0] * b[k0, i1])
        c[i0, i1] = r0.0
      "
    `);
  });
});

describe('partition: siblings', () => {
  it('reduces a tensor once for several results', () => {
    expect(
      textAfter('partition', (m) => {
        const x = m.input('x', { shape: [4096, 512] });
        m.entry('run', { sum: x.sum(1), largest: x.max(1), at: x.argmax(1) });
      }),
    ).toMatchInlineSnapshot(`
      "
      group sum: sum

      group
        loop sum(i0: 4096) reduce(k0: 512):
          r0 = sum(x[i0, k0])
          r1 = max(x[i0, k0])
          r2 = argmax(x[i0, k0])
          sum[i0] = r0.0
          largest[i0] = r1.0
          "at"[i0] = r2.1
      "
    `);
  });

  it("takes a bias gradient along in its weight gradient's tiles", () => {
    expect(
      textAfter('partition', (m) => {
        const [x, g] = [m.input('x', { shape: [512, 4096] }), m.input('g', { shape: [512, 4096] })];
        m.entry('run', { weight: x.transpose().matmul(g), bias: g.sum(0) });
      }),
    ).toMatchInlineSnapshot(`
      "
      group weight: weight
      group bias: bias

      group
        loop weight(i0: 4096, i1: 4096) reduce(k0: 512):
          r0 = sum(x[k0, i0] * g[k0, i1])
          weight[i0, i1] = r0.0

      group
        loop bias(i0: 4096) reduce(k0: 512):
          r0 = sum(g[k0, i0])
          bias[i0] = r0.0
      "
    `);
  });
});

describe('partition', () => {
  it('runs a softmax after its product, and keeps the row inside', () => {
    expect(
      textAfter('partition', (m) => {
        const [x, w] = [m.input('x', { shape: [512, 40] }), m.input('w', { shape: [40, 30] })];
        m.entry('run', { p: x.matmul(w).softmax() });
      }),
    ).toMatchInlineSnapshot(`
      "
      group contract_2..p: contract_2 → reduceMax_3 → logSumExp_8 → p  rows(i0: 512)  local(contract_2, reduceMax_3, logSumExp_8)

      group
        locals(contract_2, reduceMax_3, logSumExp_8)
        loop contract_2(i0: 512, i1: 30) reduce(k0: 40) rows(i0):
          r0 = sum(x[i0, k0] * w[k0, i1])
          contract_2[i0, i1] = r0.0
        loop reduceMax_3(i0: 512) reduce(k0: 30) rows(i0):
          r0 = max(contract_2[i0, k0])
          reduceMax_3[i0] = r0.0
        loop logSumExp_8(i0: 512) reduce(k0: 30) rows(i0):
          r0 = logSumExp(contract_2[i0, k0] - reduceMax_3[i0])
          logSumExp_8[i0] = r0.0 + log(r0.1)
        loop p(i0: 512, i1: 30) rows(i0):
          p[i0, i1] = exp(contract_2[i0, i1] - reduceMax_3[i0] - logSumExp_8[i0])
      "
    `);
  });

  it('leaves a product to all of the machine where few rows would compute it', () => {
    const softmax = (rows: number): string[] => {
      const module = defineModule('test', (m) => {
        const x = m.input('x', { shape: [rows, 2048] });
        m.entry('run', { y: x.matmul(m.input('w', { shape: [2048, 2048] })).softmax(1) });
      });
      const { decisions, stages } = compileModule(module, machines.webgpu).entries.get('run') ?? {};
      const refused = decisions?.all.filter((d) => d.move === 'rows' && !d.taken) ?? [];
      return [`${stages?.length} dispatches`, ...new Set(refused.map((d) => reasonText(d.reason)))];
    };
    expect(softmax(2)).toMatchInlineSnapshot(`
      [
        "2 dispatches",
        "together 234 µs (cache), apart 6.77 µs (arithmetic) + 3.33 µs (latency): it costs 222 µs of the step",
        "reduceMax_3 lies between them",
        "logSumExp_8 lies between them",
        "together 234 µs (cache), apart 6.77 µs (arithmetic) + 0.745 µs (latency) + 0.951 µs (latency) + 0.199 µs (latency): it costs 223 µs of the step",
      ]
    `);
  });

  it('leaves two products apart whose weights every row block would stream', () => {
    expect(
      textAfter('partition', (m) => {
        const x = m.input('x', { shape: [128, 784] });
        m.entry('run', { y: dense(dense(x, 512, { name: 'a' }), 512, { name: 'b' }) });
      }),
    ).toMatchInlineSnapshot(`
      "
      group a: a
      group y: y

      group
        loop a(i0: 128, i1: 512) reduce(k0: 784):
          r0 = sum(x[i0, k0] * "a.weight"[k0, i1])
          a[i0, i1] = r0.0 + "a.bias"[i1]

      group
        loop y(i0: 128, i1: 512) reduce(k0: 512):
          r0 = sum(a[i0, k0] * "b.weight"[k0, i1])
          y[i0, i1] = r0.0 + "b.bias"[i1]
      "
    `);
  });
});

describe('splitReductions', () => {
  it('lets the producer of a gradient add up its square, and every reader the parts', () => {
    expect(
      textAfter('splitReductions', (m) => {
        const [x, y] = [m.input('x', { shape: [128, 100] }), m.input('y', { shape: [128], dtype: 'i32' })];
        const loss = crossEntropy(dense(x, 64, { name: 'out', bias: false }), y);
        m.entry('run', { loss, updates: sgd({ lr: 0.1 }).minimize(loss, { clipGlobalNorm: 1 }) });
      }),
    ).toMatchInlineSnapshot(`
      "
      group out..logSumExp_10: out → reduceMax_4 → logSumExp_10  rows(i0: 128)
      group loss: loss
      group d out.weight: d out.weight  partial(min_44_parts)
      group out.weight: out.weight  prologue(min_44)

      group
        loop out(i0: 128, i1: 64) reduce(k0: 100) rows(i0):
          r0 = sum(x[i0, k0] * "out.weight"[k0, i1])
          out[i0, i1] = r0.0
        loop reduceMax_4(i0: 128) reduce(k0: 64) rows(i0):
          r0 = max(out[i0, k0])
          reduceMax_4[i0] = r0.0
        loop logSumExp_10(i0: 128) reduce(k0: 64) rows(i0):
          r0 = logSumExp(out[i0, k0] - reduceMax_4[i0])
          logSumExp_10[i0] = r0.0 + log(r0.1)

      group
        loop loss() reduce(k0: 128):
          r0 = sum(logSumExp_10[k0] - (out[k0, max(min(y[k0], 63), 0)] - reduceMax_4[k0]))
          loss[] = r0.0 * 0.0078125

      group
        loop "d out.weight"(i0: 100, i1: 64) reduce(k0: 128):
          r0 = sum(x[k0, i0] * (0.0078125 * exp(out[k0, i1] - reduceMax_4[k0] - logSumExp_10[k0]) + select(i1 == y[k0], -0.0078125, 0.0)))
          "d out.weight"[i0, i1] = r0.0
          partial min_44_parts = sum(r0.0 * r0.0)

      group
        prologue loop min_44() reduce(w: 112):
          r0 = sum(min_44_parts[w])
          min_44[] = min(1.0 / (sqrt(r0.0) + 0.000001), 1.0)
        loop "out.weight"(i0: 100, i1: 64):
          "out.weight'"[i0, i1] = "out.weight"[i0, i1] - "d out.weight"[i0, i1] * min_44[] * $lr
      "
    `);
  });
});

describe('assignStages', () => {
  it('packs what does not depend on one another, and updates after the last read of the old value', () => {
    expect(
      stagesOf((m) => {
        const batch = m.size('batch', { max: 128 });
        const [x, y] = [
          m.input('x', { shape: [batch, 784], dtype: 'u8' }),
          m.input('y', { shape: [batch], dtype: 'i32' }),
        ];
        const hidden = dense(x.cast('f32').div(255), 128, { activation: 'relu', name: 'hidden' });
        const loss = crossEntropy(dense(hidden, 10, { name: 'output' }), y);
        m.entry('run', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
      }),
    ).toMatchInlineSnapshot(`
      "
      dispatch 0
        group hidden: hidden
      dispatch 1
        group output..where_55: output → reduceMax_17 → logSumExp_23 → where_55  rows(i0: 128)
      dispatch 2
        group loss: loss
        group d output.bias: d output.bias
        group d output.weight: d output.weight
        group d hidden.bias: d hidden.bias
        group d hidden.weight: d hidden.weight
      "
    `);
  });

  it('swaps two states through temporaries, in two dispatches', () => {
    expect(
      stagesOf((m) => {
        const [a, b] = [m.state('a', { shape: [4] }), m.state('b', { shape: [4] })];
        m.entry('run', {
          updates: [
            { state: a, next: b },
            { state: b, next: a },
          ],
        });
      }),
    ).toMatchInlineSnapshot(`
      "
      dispatch 0
        group a': a'
        group b': b'
      dispatch 1
        group copy_a': copy_a'
        group copy_b': copy_b'
      "
    `);
  });
});
