import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import type { PhaseSchedule } from '../../src/schedule/schedule.ts';

/** Classes of 64 rows, by weights. */
function classify(m: ModuleBuilder, classes: number): Record<string, Tensor> {
  const h = m.input('x', { shape: [64, 128] }).matmul(m.input('w', { shape: [128, classes] }));
  return { y: h.softmax() };
}

/** The phases of each row program of a module. */
function phasesOf(profile: Machine, build: (m: ModuleBuilder) => Record<string, Tensor>): PhaseSchedule[][] {
  const { entries } = compileModule(
    defineModule('rows', (m) => m.entry('run', build(m))),
    profile,
  );
  return [...entries.values()]
    .flatMap(({ scheduled }) => scheduled.flat())
    .flatMap(({ schedule }) => ('phases' in schedule ? [[...schedule.phases]] : []));
}

describe('a contraction in a row program', () => {
  it('has a tile of sums in each invocation, with a load for each row and column of it', () => {
    const build = (m: ModuleBuilder): void => {
      const [x, w] = [m.input('x', { shape: [8, 3] }), m.input('w', { shape: [3, 2] })];
      const h = x.matmul(w);
      m.entry('run', { h: h.div(h.sum(1, { keepDims: true })) });
    };
    const module = defineModule('tiles', (m) => m.graph.withSource('model.ts:7', () => build(m)));
    const { trace } = compileModule(module, machines['webgpu-software']);
    expect(trace.passes.find(({ pass }) => pass === 'schedule')?.text()).toMatchInlineSnapshot(`
      "kernel contract_2_to_h: rows, 2 workgroups of 64
        private contract_2: f32[2]
        private sum_3: f32[1]
        private tile_sums: f32[2]
        # rows: contract_2..h, 2 workgroups
        let row = @wg:i32 * 4 + @lid:i32
        if @lid:i32 < 4 && @row:i32 < 8:
          # %2 = contract(x, w)  at model.ts:7
          var acc = 0.0
          var acc_2 = 0.0
          for k0 in 0 .. 3:
            let a = x[@row:i32, @k0:i32]
            let b = w[@k0:i32, 0]
            let b_2 = w[@k0:i32, 1]
            acc = @acc:f32 + @a:f32 * @b:f32
            acc_2 = @acc_2:f32 + @a:f32 * @b_2:f32
          tile_sums[0] = @acc:f32
          tile_sums[1] = @acc_2:f32
          for e in 0 .. 2:
            let sum = tile_sums[@e:i32]
            contract_2[@e:i32] = @sum:f32
          # %3 = sum(%2)  at model.ts:7
          var acc_3 = 0.0
          for k0_2 in 0 .. 2:
            acc_3 = @acc_3:f32 + contract_2[@k0_2:i32]
          sum_3[0] = @acc_3:f32
          # output h  at model.ts:7
          for e_2 in 0 .. 2:
            let h = contract_2[@e_2:i32] / sum_3[0]
            h[@row:i32, @e_2:i32] = @h:f32
      "
    `);
  });

  it('has none where invocations would stand idle: they share its sums', () => {
    const [phases] = phasesOf(machines.webgpu, (m) => classify(m, 10));
    expect(phases?.[0]).toEqual({ kind: 'elements', split: 16 });
  });

  it('has none where it is no contraction', () => {
    const [phases] = phasesOf(machines['webgpu-software'], (m) => ({
      y: m.input('x', { shape: [64, 128] }).softmax(),
    }));
    expect(phases?.map(({ kind }) => kind)).toEqual(['elements', 'elements', 'elements']);
  });
});
