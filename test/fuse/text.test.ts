import { describe, expect, it } from 'vitest';
import { compileModule, type OptionalPass, optionalPasses } from '../../src/compile.ts';
import { parseGroups, parseStages, printGroups, printStages } from '../../src/fuse/text.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { kernelOf } from '../../src/kernels/build/packed.ts';
import { printKernels } from '../../src/kernels/text.ts';
import { LoopTextError } from '../../src/loops/text.ts';
import { machines } from '../../src/machine/index.ts';
import { crossEntropy, dense } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Group, Stage } from '../../src/schedule/group.ts';
import { numberedModule } from '../compile/agreement.ts';
import { Structure } from '../loops/structure.ts';
import { randomContraction } from '../oracle/randomContraction.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { randomWide } from '../oracle/randomWide.ts';

const profile = machines.webgpu;

/** Groups as plain data: what is shared between them has one number. */
function structureOf(groups: readonly Group[]): unknown {
  const structure = new Structure();
  const plain = groups.map(({ loops, rows, locals, prologue, partials }) => ({
    prologue: prologue.map((loop) => structure.loop(loop)),
    loops: loops.map((loop) => structure.loop(loop)),
    rows: rows.map((axes) => axes.map((axis) => structure.axis(axis))),
    locals: locals.map((tensor) => structure.tensor(tensor)),
    partials: partials.map((p) => [
      structure.tensor(p.tensor),
      p.at.map((axis) => structure.axis(axis)),
      p.monoid,
      structure.expr(p.body),
    ]),
  }));
  return [plain, structure.known()];
}

function kernelsOf(stages: readonly Stage[]): string {
  return printKernels(stages.map((stage, k) => kernelOf(stage, profile, `stage${k}`).kernel));
}

function stagesOf(module: Module, without: readonly OptionalPass[] = []): Stage[] {
  const { entries } = compileModule(module, profile, new Set(without));
  return [...entries.values()].flatMap(({ stages }) => stages);
}

/** A step with a row program, a prologue, a partial result, states written over and a bounded size. */
const clipped = defineModule('test', (m) => {
  const batch = m.size('batch', { max: 128 });
  const [x, y] = [m.input('x', { shape: [batch, 64] }), m.input('y', { shape: [batch], dtype: 'i32' })];
  const loss = crossEntropy(dense(x, 64, { name: 'out', bias: false }), y);
  m.entry('run', { loss, updates: sgd({ lr: 0.1 }).minimize(loss, { clipGlobalNorm: 1 }) });
});

const text = printStages(stagesOf(clipped));

describe('the text of stages', () => {
  it('says first which groups each dispatch runs, and then all of them', () => {
    expect(text.replaceAll(/^ *from .*\n/gm, '')).toMatchInlineSnapshot(`
      "# dispatch 0
      #   group out..logSumExp_10: out → reduceMax_4 → logSumExp_10  rows(i0: 128)
      # dispatch 1
      #   group loss: loss
      #   group d out.weight: d out.weight  partial(min_45_parts)
      # dispatch 2
      #   group out.weight: out.weight  prologue(min_45)

      tensor batch_rows: i32[batch<=128] rows
      tensor x: f32[batch<=128, 64] data
      tensor "out.weight": f32[64, 64] state
      tensor out: f32[batch<=128, 64] temp
      tensor reduceMax_4: f32[batch<=128] temp
      tensor logSumExp_10: f32[batch<=128] temp
      tensor y: i32[batch<=128] data
      tensor loss: f32[] result
      tensor "d out.weight": f32[64, 64] temp
      tensor min_45_parts: f32[64] temp
      tensor min_45: f32[] temp
      tensor "out.weight'": f32[64, 64] next over "out.weight"
      param lr: f32 = 0.1

      dispatch
        group
          schedule rows block(4) lanes(256) phases(staged threads(2, 32) tile(2, 2) split(4) depth(32), split(16), split(16)) workgroups(32)
          loop out(i0: batch<=128, i1: 64) reduce(k0: 64) rows(i0):
            r0 = sum(x[batch_rows[i0], k0] * "out.weight"[k0, i1])
            out[i0, i1] = r0.0
          loop reduceMax_4(i0: batch<=128) reduce(k0: 64) rows(i0):
            r0 = max(out[i0, k0])
            reduceMax_4[i0] = r0.0
          loop logSumExp_10(i0: batch<=128) reduce(k0: 64) rows(i0):
            r0 = logSumExp(out[i0, k0] - reduceMax_4[i0])
            logSumExp_10[i0] = r0.0 + log(r0.1)

      dispatch
        group
          schedule reduce split(32) workgroups(1)
          loop loss() reduce(k0: batch<=128):
            r0 = sum(logSumExp_10[k0] - (out[k0, max(min(y[batch_rows[k0]], 63), 0)] - reduceMax_4[k0]))
            loss[] = r0.0 / f32(live(batch<=128))
        group
          schedule contract threads(16, 4) tile(1, 1) split(4) depth(64) workgroups(64)
          loop "d out.weight"(i0: 64, i1: 64) reduce(k0: batch<=128):
            r0 = sum(x[batch_rows[k0], i0] * (1.0 / f32(live(batch<=128)) * exp(out[k0, i1] - reduceMax_4[k0] - logSumExp_10[k0]) + select(i1 == y[batch_rows[k0]], -(1.0 / f32(live(batch<=128))), 0.0)))
            "d out.weight"[i0, i1] = r0.0
            partial min_45_parts = sum(r0.0 * r0.0)

      dispatch
        group
          schedule map each(1) workgroups(16)
          prologue loop min_45() reduce(w: 64):
            r0 = sum(min_45_parts[w])
            min_45[] = min(1.0 / (sqrt(r0.0) + 0.000001), 1.0)
          loop "out.weight"(i0: 64, i1: 64):
            "out.weight'"[i0, i1] = "out.weight"[i0, i1] - "d out.weight"[i0, i1] * min_45[] * $lr
      "
    `);
  });

  it('of random graphs parses back to an equal structure, of which the same kernels are made', () => {
    const modules = Array.from({ length: 4 }, (_, k) => [
      [numberedModule(2 * k).module, []] as const,
      [numberedModule(2 * k + 1).module, [optionalPasses[k % optionalPasses.length] ?? 'partition']] as const,
      [[randomContraction, randomRows, randomWide][k % 3]?.(k).module ?? clipped, []] as const,
    ]).flat();
    for (const [module, without] of [...modules, [clipped, []] as const]) {
      const { entries } = compileModule(module, profile, new Set(without));
      for (const { stages } of entries.values()) {
        const printed = printStages(stages);
        const parsed = parseStages(printed);
        const groups = stages.flatMap((stage) => stage.groups);
        expect(parsed.map((stage) => stage.groups.length)).toEqual(stages.map((s) => s.groups.length));
        expect(structureOf(parsed.flatMap((stage) => stage.groups))).toEqual(structureOf(groups));
        expect(printStages(parsed)).toBe(printed);
        expect(kernelsOf(parsed)).toBe(kernelsOf(stages));
        expect(structureOf(parseGroups(printGroups(groups)))).toEqual(structureOf(groups));
      }
    }
  });
});

describe('a text that is not one of groups', () => {
  const declared = 'tensor x: f32[4] input\ntensor y: f32[4] temp\n';
  const loop = 'loop y(i: 4):\n    y[i] = x[i]\n';
  const partial = '    partial y = sum(x[i])\n';
  it.each([
    ['a loop outside', `${declared}${loop}`, '3:1: expected tensor, axis, param or group, found "loop"'],
    ['an empty group', `${declared}group\n`, '4:1: expected a loop, found "end of text"'],
    ['a local that is not declared', `${declared}group\n  locals(z)\n`, '4:10: no tensor z is declared'],
    [
      'a row that is not an axis',
      `${declared}group\n  loop y(i: 4) rows(j):\n`,
      '4:21: no axis j is declared',
    ],
    [
      'a prologue with rows',
      `${declared}group\n  prologue loop y(i: 4) rows(i):\n    y[i] = x[i]\n`,
      '4:12: a prologue has no rows and no partial results',
    ],
    [
      'partial results in a second loop',
      `${declared}group\n  ${loop}  ${loop}${partial}`,
      '6:3: partial results stand in the first loop of a group',
    ],
    ['an axis without extent', `${declared}group\n  loop y(i):\n`, '4:11: expected :, found ")"'],
  ])('%s is told by line and column', (_, wrong, message) => {
    expect(() => parseGroups(wrong)).toThrow(LoopTextError);
    expect(() => parseGroups(wrong)).toThrow(message);
  });

  it('is told of stages too', () => {
    expect(() => parseStages(`${declared}group\n  ${loop}`)).toThrow(
      '3:1: expected tensor, axis, param or dispatch, found "group"',
    );
  });
});
