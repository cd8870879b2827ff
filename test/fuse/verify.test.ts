import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { assignStages, Decisions, reasonText } from '../../src/fuse/index.ts';
import { parseGroups, parseStages, printStages } from '../../src/fuse/text.ts';
import { verifyGroups, verifyStages } from '../../src/fuse/verify.ts';
import { LoopError } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { GroupError } from '../../src/schedule/groupError.ts';
import { numberedModule } from '../compile/agreement.ts';

const declarations = `tensor x: f32[4, 8] input
tensor W: f32[4, 8] state
tensor b: f32[8] state
tensor h: f32[4, 8] temp
tensor g: f32[4, 8] temp
tensor s: f32[4] temp
tensor n: f32[] temp
tensor n_parts: f32[1] temp
tensor y: f32[4, 8] result
tensor z: f32[] result
tensor "W'": f32[4, 8] next over W
tensor "W'2": f32[4, 8] next over W
tensor "b'": f32[8] next over b
`;

/** What a verifier says, as `rule, tensor: message`; undefined where it says nothing. */
function errorOf(verify: () => void): string | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (error instanceof GroupError) return `${error.rule}, ${error.tensor}: ${error.message}`;
    if (error instanceof LoopError) return error.message;
    throw error;
  }
}

const ofGroups = (text: string): string | undefined =>
  errorOf(() => verifyGroups(parseGroups(declarations + text)));
const ofStages = (text: string): string | undefined =>
  errorOf(() => verifyStages(parseStages(declarations + text)));

const loops = {
  h: 'loop h(i: 4, j: 8) rows(i):\n h[i, j] = x[i, j]\n',
  s: 'loop s(i: 4) reduce(k: 8) rows(i):\n r0 = sum(h[i, k])\n s[i] = r0.0\n',
  y: 'loop y(i: 4, j: 8) rows(i):\n y[i, j] = h[i, j] * s[i]\n',
  reader: 'loop g(i: 4, j: 8):\n g[i, j] = W[i, j]\n',
  update: `loop "W'"(i: 4, j: 8):\n "W'"[i, j] = W[i, j] - x[i, j]\n`,
  set: `loop "W'"(i: 4, j: 8):\n "W'"[i, j] = x[i, j]\n`,
  n: 'prologue loop n() reduce(k: 8):\n r0 = sum(x[0, k])\n n[] = r0.0\n',
  scaled: 'loop y(i: 4, j: 8):\n y[i, j] = x[i, j] * n[]\n',
};

describe('groups', () => {
  it.each([
    ['a row program whose intermediates stay inside', `group\nlocals(h, s)\n${loops.h}${loops.s}${loops.y}`],
    [
      'loops in one workgroup, which read each other anywhere',
      `group\n${loops.h}${loops.s}${loops.y}`.replaceAll(' rows(i)', ''),
    ],
    [
      'a prologue that several groups compute',
      `group\n${loops.n}${loops.scaled}group\n${loops.n}loop z():\n z[] = n[]\n`,
    ],
    [
      'a partial result, which a reader adds up',
      'group\nloop y(i: 4, j: 8):\n y[i, j] = x[i, j]\n partial n_parts = sum(x[i, j] * x[i, j])\n' +
        'group\nloop z() reduce(w: 1):\n r0 = sum(n_parts[w])\n z[] = r0.0\n',
    ],
  ])('that are %s are well-formed', (_, text) => {
    expect(ofGroups(text)).toBeUndefined();
  });

  it.each([
    [
      'a loop without rows in a row program',
      `group\n${loops.h}${loops.s.replace(' rows(i)', '')}`,
      'rows, undefined: group h+s: s has rows of none, the first loop of 4 (rows)',
    ],
    [
      'rows of other extents',
      `group\n${loops.h}loop g(i: 4, j: 8) rows(j):\n g[i, j] = x[i, j]\n`,
      'rows, undefined: group h+g: g has rows of 8, the first loop of 4 (rows)',
    ],
    [
      'a row that the loop reduces',
      `group\n${loops.h}loop s(i: 4) reduce(k: 4) rows(k):\n r0 = sum(x[k, 0])\n s[i] = r0.0\n`,
      'rows, undefined: group h+s: k is not a parallel axis of s, or its row twice (rows)',
    ],
    [
      'a read at another row',
      `group\n${loops.h}loop g(i: 4, j: 8) rows(i):\n g[i, j] = h[3 - i, j]\n`,
      'rows, h: group h+g: g reads h at other rows of i than its own (rows)',
    ],
    [
      'a reduction over rows',
      `group\n${loops.h}loop g(i: 4, j: 8) reduce(k: 4) rows(i):\n r0 = sum(h[k, j])\n g[i, j] = r0.0\n`,
      'rows, h: group h+g: g reads h at other rows of i than its own (rows)',
    ],
    [
      'a read of what a workgroup makes for all rows',
      'group\nloop h(i: 4, j: 8) rows(i):\n h[i, j] = x[i, j]\n n[] = 1.0\n' +
        'loop y(i: 4, j: 8) rows(i):\n y[i, j] = n[]\n',
      'rows, n: group h+y: y reads n at other rows of i than its own (rows)',
    ],
    [
      'a local that another group reads',
      `group\nlocals(h)\n${loops.h}group\n${loops.s.replace(' rows(i)', '')}`,
      'locals, h: group h: h is read by s (locals)',
    ],
    [
      'a local that another prologue reads',
      `group\nlocals(h)\n${loops.h}group\n${loops.n.replace('x[0', 'h[0')}${loops.scaled}`,
      'locals, h: group h: h is read by y (locals)',
    ],
    [
      'a local that outlives the step',
      `group\nlocals(y)\nloop y(i: 4, j: 8):\n y[i, j] = x[i, j]\n`,
      'locals, y: group y: y is a result, which needs a buffer (locals)',
    ],
    [
      'a local of another group',
      `group\n${loops.h}group\nlocals(h)\n${loops.scaled.replace(' * n[]', '')}`,
      'locals, h: group y: h is not an output of its loops (locals)',
    ],
    [
      'a prologue of many elements',
      `group\nprologue ${loops.reader}loop y(i: 4, j: 8):\n y[i, j] = g[i, j]\n`,
      'prologue, g: group y: its prologue g has 32 elements, and not one (prologue)',
    ],
    [
      'a prologue that writes a result',
      `group\nprologue loop z():\n z[] = 1.0\n${loops.reader}`,
      'prologue, z: group g: its prologue z writes z, a result: every workgroup would (prologue)',
    ],
    [
      'a read of what only other prologues compute',
      `group\n${loops.n}${loops.scaled}group\nloop z():\n z[] = n[]\n`,
      'prologue, n: group z: reads n from memory, where only prologues of other groups compute it (prologue)',
    ],
    [
      'a partial result of two loops',
      `group\n${loops.h} partial n_parts = sum(x[i, j])\n${loops.s}`,
      'partials, n_parts: group h+s: n_parts is a partial result of a group of several loops (partials)',
    ],
    [
      'a partial result without a dimension for the parts of its kind',
      'group\nloop h(i: 4, j: 8):\n h[i, j] = x[i, j]\n partial n_parts = moments(x[i, j])\n',
      'partials, n_parts: group h: n_parts is [1]; after the parts come [4] (partials)',
    ],
    [
      'a partial result of more dimensions than it has axes',
      'group\nloop g(i: 4, j: 8):\n g[i, j] = x[i, j]\n partial h = sum(x[i, j])\n',
      'partials, h: group g: h is [4, 8]; after the parts come [] (partials)',
    ],
    [
      'a partial result of other extents than its axes',
      'group\nloop g(i: 4, j: 8):\n g[i, j] = x[i, j]\n partial h[i] = sum(x[i, j])\n',
      'partials, h: group g: h is [4, 8]; after the parts come [4] (partials)',
    ],
    [
      'a partial result along an axis twice',
      'group\nloop g(i: 4, j: 8):\n g[i, j] = x[i, j]\n partial h[j, j] = sum(x[i, j])\n',
      'partials, h: group g: h lies at j, not an axis of its loop, or twice (partials)',
    ],
    [
      'a partial result over what the loop reduces',
      'group\nloop s(i: 4) reduce(k: 8):\n r0 = sum(x[i, k])\n s[i] = r0.0\n partial n_parts = sum(x[i, k])\n',
      'partials, n_parts: group s: its partial result loop s: output n_parts uses axis k; it may use i (axes) (partials)',
    ],
    [
      'a partial result that outlives the step',
      `group\nloop h(i: 4, j: 8):\n h[i, j] = x[i, j]\n partial "b'" = sum(x[i, j])\n`,
      "partials, b': group h: b' is a partial result, and a next (partials)",
    ],
    [
      'two writers of a tensor',
      `group\n${loops.h}group\n${loops.h}`,
      'outputs, h: group h: writes h, which h writes too (outputs)',
    ],
    [
      'a loop that breaks a rule of its own',
      'group\nloop h(i: 4, j: 8):\n h[i, j] = x[i, j + 1]\n',
      'loop h: x[i, j + 1]: index 1 is 8 at j = 7, not in 0..7 (bounds)',
    ],
  ])('with %s are refused', (_, text, message) => {
    expect(ofGroups(text)).toBe(message);
  });
});

describe('stages', () => {
  const stage = (...groups: string[]): string => `dispatch\n${groups.map((g) => `group\n${g}`).join('')}`;
  const apart = (text: string): string => text.replaceAll(' rows(i)', '');

  it.each([
    [
      'each group reads what an earlier stage wrote',
      stage(apart(loops.h)) + stage(apart(loops.s)) + stage(apart(loops.y)),
    ],
    ['a state is written over after it was read', stage(loops.reader) + stage(loops.update)],
    ['a state is written over where it is read', stage(loops.update)],
    [
      'an update reads the old value at the only element of an axis',
      `tensor v: f32[1] state\ntensor "v'": f32[1] next over v\n${stage(`loop v(i: 1):\n "v'"[i] = v[0] + 1.0\n`)}`,
    ],
  ])('in which %s are well-formed', (_, text) => {
    expect(ofStages(text)).toBeUndefined();
  });

  it.each([
    [
      'a group that reads what another of its stage writes',
      stage(apart(loops.h), apart(loops.s)),
      'order, h: group s: reads h, which h of the same dispatch writes (order)',
    ],
    [
      'a group that reads what a later stage writes',
      stage(apart(loops.s)) + stage(apart(loops.h)),
      'order, h: group s: reads h, which h of a later dispatch writes (order)',
    ],
    [
      'a prologue that reads what another group of its stage writes',
      stage(apart(loops.h), loops.n.replace('x[0', 'h[0') + loops.scaled),
      'order, h: group y: reads h, which h of the same dispatch writes (order)',
    ],
    [
      'a tensor that two stages write',
      stage(apart(loops.h)) + stage(apart(loops.h)),
      'outputs, h: group h: writes h, which h writes too (outputs)',
    ],
    [
      'two writers of one state',
      stage(loops.set) + stage(loops.set.replaceAll("W'", "W'2")),
      "in place, W: group W'2: writes over W, which W' does too (in place)",
    ],
    [
      'another reader of the old value in the same stage',
      stage(loops.reader, loops.update),
      "in place, W: group W': writes over W, whose old value g of the same dispatch reads (in place)",
    ],
    [
      'another reader of the old value in a later stage',
      stage(loops.update) + stage(loops.reader),
      "in place, W: group W': writes over W, whose old value g of a later dispatch reads (in place)",
    ],
    [
      'another loop of the group that reads the old value',
      stage(loops.reader + loops.update),
      "in place, W: group g+W': writes over W, whose old value its loop g reads (in place)",
    ],
    [
      'a prologue of the group that reads the old value',
      stage(loops.n.replace('x[0', 'W[0') + loops.update),
      "in place, W: group W': writes over W, whose old value its loop n reads (in place)",
    ],
    [
      'a reduction that reads the old value',
      stage(`loop "W'"(i: 4, j: 8) reduce(k: 4):\n r0 = sum(W[k, j])\n "W'"[i, j] = r0.0\n`),
      "in place, W: group W': writes over W, whose old value a reduction reads (in place)",
    ],
    [
      'an update that reads the old value at another element',
      stage(loops.update.replace('W[i, j]', 'W[3 - i, j]').replace('W\'"[3 - i', 'W\'"[i')),
      "in place, W: group W': writes over W, whose old value its output W' reads at another element (in place)",
    ],
    [
      'an output beside the update that reads the old value at another element',
      stage(`${loops.update} g[i, j] = W[i, 7 - j]\n`),
      "in place, W: group W': writes over W, whose old value its output g reads at another element (in place)",
    ],
    [
      'an output over other axes that reads the old value',
      stage(`loop y(i: 4, j: 8):\n y[i, j] = b[j]\n "b'"[j] = b[j] + 1.0\n`),
      'in place, b: group y: writes over b, whose old value its output y reads, over other axes (in place)',
    ],
    [
      'a partial result that reads the old value',
      stage(`${loops.update} partial n_parts = sum(W[i, j])\n`),
      "in place, W: group W': writes over W, whose old value a partial result reads (in place)",
    ],
    [
      'a group that is malformed by itself',
      stage(`locals(y)\n${loops.n}${loops.scaled}`),
      'locals, y: group y: y is a result, which needs a buffer (locals)',
    ],
  ])('with %s are refused', (_, text, message) => {
    expect(ofStages(text)).toBe(message);
  });

  it.each([
    [
      'another loop of the group',
      loops.reader + loops.update,
      'g reads it in another phase of the same group',
    ],
    [
      'a reduction',
      `loop "W'"(i: 4, j: 8) reduce(k: 4):\n r0 = sum(W[k, j])\n "W'"[i, j] = r0.0\n`,
      "W' reduces over it",
    ],
    [
      'another element',
      `loop "W'"(i: 4, j: 8):\n "W'"[i, j] = W[3 - i, j]\n`,
      "W' reads it elsewhere than at the element that it writes",
    ],
    [
      'an output over other axes',
      `loop y(i: 4, j: 8):\n y[i, j] = b[j]\n "b'"[j] = b[j] + 1.0\n`,
      'y reads it in an output over other axes',
    ],
    ['a partial result', `${loops.update} partial n_parts = sum(W[i, j])\n`, 'a partial reduction reads it'],
  ])('are made with a copy where %s reads the old value', (_, group, reason) => {
    const decisions = new Decisions();
    const stages = assignStages(parseGroups(`${declarations}group\n${group}`), machines.webgpu, decisions);
    expect(decisions.all.filter((d) => d.move === 'in place').map((d) => reasonText(d.reason))).toEqual([
      reason,
    ]);
    expect(stages.map((s) => s.groups.length)).toEqual([1, 1]);
    expect(errorOf(() => verifyStages(stages))).toBeUndefined();
    expect(printStages(stages)).toContain('copy_');
  });

  it('of random graphs cannot be merged: each holds what the next one waits for', () => {
    let merged = 0;
    for (let seed = 0; seed < 6; seed++) {
      const { entries } = compileModule(numberedModule(seed).module, machines.webgpu);
      for (const { stages } of entries.values()) {
        for (let k = 1; k < stages.length; k++) {
          const groups = [stages[k - 1], stages[k]].flatMap((s) => s?.groups ?? []);
          const together = [...stages.slice(0, k - 1), { groups }, ...stages.slice(k + 1)];
          expect(() => verifyStages(together)).toThrow(GroupError);
          merged++;
        }
      }
    }
    expect(merged).toBeGreaterThan(0);
  });
});
