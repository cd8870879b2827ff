import { describe, expect, test } from 'vitest';
import { apply, axisRef, constant, type Loop, load, type Tensor } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { groupText } from '../../src/schedule/alike.ts';
import { bestSchedule, withSchedule } from '../../src/schedule/best.ts';
import type { Group } from '../../src/schedule/group.ts';

interface Options {
  readonly name?: string;
  readonly extent?: number;
  readonly factor?: number;
  readonly role?: Tensor['role'];
  readonly isInPlace?: boolean;
}

/** `to = from * factor`, and then `last = to * from` at the same rows, or at rows of its own. */
function pair({ name = 'a', extent = 64, factor = 2, role = 'temp', isInPlace = false }: Options): Group {
  const from: Tensor = { name: `${name}.from`, shape: [extent], dtype: 'f32', role };
  const to: Tensor = { name: `${name}.to`, shape: [extent], dtype: 'f32', role: 'temp' };
  const end: Tensor = { name: `${name}.end`, shape: [extent], dtype: 'f32', role: 'temp' };
  const last: Tensor = isInPlace ? { ...end, over: from } : end;
  const [i, j] = [
    { name: `${name}.i`, extent },
    { name: `${name}.j`, extent },
  ];
  const first: Loop = {
    name: `${name}.first`,
    axes: [i],
    reduceAxes: [],
    reductions: [],
    outs: [{ tensor: to, at: [i], value: apply('mul', load(from, [axisRef(i)]), constant(factor, 'f32')) }],
    origin: [{ node: name }],
  };
  const second: Loop = {
    ...first,
    name: `${name}.second`,
    axes: [j],
    outs: [{ tensor: last, at: [j], value: apply('mul', load(to, [axisRef(j)]), load(from, [axisRef(j)])) }],
  };
  return { loops: [first, second], rows: [[i], [j]], locals: [to], prologue: [], partials: [] };
}

describe('groups are alike', () => {
  test('whatever their loops, tensors and axes are called: they have one schedule, and each is its own', () => {
    const [one, other] = [pair({}), pair({ name: 'b' })];
    expect(groupText(one, machines.webgpu)).toBe(groupText(other, machines.webgpu));
    for (const machine of Object.values(machines)) {
      const [a, b] = [bestSchedule(one, machine), bestSchedule(other, machine)];
      expect([b.schedule, b.time]).toEqual([a.schedule, a.time]);
      expect([a.group, b.group]).toEqual([one, other]);
    }
  });

  test.each<[string, Group]>([
    ['extents', pair({ extent: 128 })],
    ['constants', pair({ factor: 3 })],
    ['whose storage a tensor is', pair({ role: 'state' })],
    ['what is written over', pair({ isInPlace: true })],
    ['what is inside', { ...pair({}), locals: [] }],
    ['what are rows', { ...pair({}), rows: [[], []] }],
    ['which loops every workgroup computes first', { ...pair({}), prologue: pair({}).loops.slice(0, 1) }],
    ['which loops there are', { ...pair({}), loops: pair({}).loops.slice(0, 1) }],
  ])('unless they differ in %s', (_, group) => {
    expect(groupText(group, machines.webgpu)).not.toBe(groupText(pair({}), machines.webgpu));
  });

  test('unless others count on their schedules', () => {
    expect(groupText(withSchedule(pair({}), machines.webgpu), machines.webgpu)).toBeNull();
  });
});
