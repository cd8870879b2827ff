import { describe, expect, it } from 'vitest';
import { compileModule, type OptionalPass } from '../../src/compile.ts';
import { parseStages, printStages } from '../../src/fuse/text.ts';
import { defineModule } from '../../src/graph/index.ts';
import { kernelOf } from '../../src/kernels/build/packed.ts';
import { printKernels } from '../../src/kernels/text.ts';
import { machines, machineWith } from '../../src/machine/index.ts';
import { batchNorm, conv2d } from '../../src/nn/index.ts';
import { disagreements } from '../compile/agreement.ts';
import { randomStatistics, slowMemory } from '../oracle/randomStatistics.ts';
import { inShort } from './levelText.ts';

/** Modules of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first = 0, last = 24] = (process.env.SINTER_SEEDS ?? '0-24').split('-').map(Number);

/** What has the rows of its reductions is joined with them, and has no parts: now and then nothing is joined. */
const passesOff = (seed: number): ReadonlySet<OptionalPass> => new Set(seed % 3 === 0 ? [] : ['partition']);

describe('statistics by channel of a convolution', () => {
  it('are reduced by its workgroups, and what norms the images adds up the parts', () => {
    const module = defineModule('test', (m) => {
      const x = m.input('x', { shape: [8, 32, 16, 16] });
      const { output, updates } = batchNorm(
        conv2d(x, 32, 3, { padding: 'same', bias: false, name: 'conv' }),
        {
          name: 'norm',
        },
      );
      m.entry('run', { y: output, updates });
    });
    const { trace } = compileModule(module, machines.webgpu);
    const text = trace.passes.find(({ pass }) => pass === 'splitReductions')?.text() ?? '';
    expect(inShort(text)).toMatchInlineSnapshot(`
      "group conv: conv  partial(norm.runningMean_parts, norm.runningVar_parts)
      group norm.runningMean..y: norm.runningMean → norm.runningVar → y  rows(i0: 32)  local(div_11, div_25)
      "
    `);
    const lines = text.split('\n').filter((line) => /partial |parts\b.*w, /.test(line) && line.includes('['));
    expect(lines.map((line) => line.trim()).join('\n')).toMatchInlineSnapshot(`
      "partial "norm.runningMean_parts"[i2] = sum(r0.0)
      partial "norm.runningVar_parts"[i2] = moments(r0.0)
      r0 = sum("norm.runningMean_parts"[w, i0])
      r0 = moments(parts("norm.runningVar_parts"[w, i0, 0], "norm.runningVar_parts"[w, i0, 1], "norm.runningVar_parts"[w, i0, 2], "norm.runningVar_parts"[w, i0, 3]))"
    `);
  });
});

describe('a partial result of the columns of a tile', () => {
  it('is a value a column, which invocations add up out of the sums of the tile', () => {
    const stages = parseStages(`tensor x: f32[16, 4] input
tensor w: f32[4, 8] state
tensor y: f32[16, 8] temp
tensor sums: f32[2, 8] temp
dispatch
  group
    schedule contract threads(4, 8) tile(2, 1) split(1) depth(4) workgroups(2)
    loop y(i: 16, j: 8) reduce(k: 4):
      r0 = sum(x[i, k] * w[k, j])
      y[i, j] = relu(r0.0)
      partial sums[j] = sum(relu(r0.0))
`);
    const machine = machineWith(machines.webgpu, { workgroup: 32 });
    const kernels = stages.map((stage) => kernelOf(stage, machine, 'y').kernel);
    expect(printKernels(kernels)).toMatchInlineSnapshot(`
      "kernel y: contract, 2 workgroups of 32
        workgroup staged: f32[72]
        workgroup parts: f32[32]
        # contract: y, 2 workgroups
        let top = @wg:i32 * 8
        let tx = @lid:i32 % 8
        let ty = @lid:i32 // 8
        var acc = 0.0
        var acc_2 = 0.0
        let k = @lid:i32 % 4
        let own = @lid:i32 // 4
        let at = @top:i32 + @own:i32
        staged[@k:i32 * 9 + @own:i32] = x[@"at":i32, @k:i32]
        let k_2 = @lid:i32 // 8
        let own_2 = @lid:i32 % 8
        staged[36 + (@k_2:i32 * 9 + @own_2:i32)] = w[@k_2:i32, @own_2:i32]
        barrier
        for k_3 in 0 .. 4:
          let a = staged[@k_3:i32 * 9 + @ty:i32]
          let a_2 = staged[@k_3:i32 * 9 + (@ty:i32 + 4)]
          let b = staged[36 + @k_3:i32 * 9 + @tx:i32]
          acc = @acc:f32 + @a:f32 * @b:f32
          acc_2 = @acc_2:f32 + @a_2:f32 * @b:f32
        barrier
        let slot = @ty:i32 * 8 + @tx:i32
        staged[@slot:i32] = @acc:f32
        let slot_2 = @ty:i32 * 8 + @tx:i32 + 32
        staged[@slot_2:i32] = @acc_2:f32
        barrier
        for turn in 0 .. 2:
          let e = @lid:i32 + @turn:i32 * 32
          let row = @e:i32 // 8
          let column = @e:i32 % 8
          let m = @top:i32 + @row:i32
          let sum = staged[@e:i32]
          let y_2 = relu(@sum:f32)
          y[@m:i32, @column:i32] = @y_2:f32
        var acc_3 = 0.0
        let own_3 = @lid:i32 % 8
        let lane = @lid:i32 // 8
        for turn_2 in 0 .. 2:
          let other = @lane:i32 + @turn_2:i32 * 4
          let m_2 = @top:i32 + @other:i32
          let sum_2 = staged[@other:i32 * 8 + @own_3:i32]
          acc_3 = @acc_3:f32 + relu(@sum_2:f32)
        parts[@lid:i32] = @acc_3:f32
        barrier
        if @lid:i32 < 8:
          if @lid:i32 < 8:
            var acc_4 = 0.0
            for q in 0 .. 4:
              let part = parts[@q:i32 * 8 + @lid:i32]
              acc_4 = @acc_4:f32 + @part:f32
            sums[@wg:i32, @lid:i32] = @acc_4:f32
      "
    `);
  });
});

describe('reductions by some axes of what a contraction makes', () => {
  it('have the values of the reference evaluator where its workgroups reduce their tiles', () => {
    const found: string[] = [];
    const kinds = new Set<string>();
    for (let seed = first; seed < last; seed++) {
      const [random, machine, off] = [randomStatistics(seed), slowMemory(seed), passesOff(seed)];
      found.push(...disagreements(random, machine, off));
      for (const { stages } of compileModule(random.module, machine, off).entries.values()) {
        const text = printStages(stages);
        expect(printStages(parseStages(text))).toBe(text);
        for (const { partials } of stages.flatMap(({ groups }) => groups))
          for (const { at, monoid } of partials) if (at.length > 0) kinds.add(monoid);
      }
    }
    expect(found).toEqual([]);
    expect([...kinds].sort()).toEqual(['logSumExp', 'max', 'moments', 'sum']);
  });
});
