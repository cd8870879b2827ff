import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { Decisions } from '../../src/fuse/decisions.ts';
import { partition } from '../../src/fuse/partition.ts';
import { type Axis, type Expr, mapExpr, type Tensor } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { isScheduled, tryToSchedule } from '../../src/schedule/best.ts';
import type { Group } from '../../src/schedule/group.ts';
import { phaseOf } from '../../src/schedule/phases.ts';
import { mixedModule } from '../oracle/randomGroups.ts';
import { randomMachine, randomTasksMachine } from '../oracle/randomMachine.ts';

/** The same groups over other loops, axes, tensors and expressions; what was one object is one object. */
function copies(groups: readonly Group[]): Group[] {
  const axes = new Map<Axis, Axis>();
  const tensors = new Map<Tensor, Tensor>();
  const exprs = new Map<Expr, Expr>();
  const axis = (of: Axis): Axis => copied(axes, of);
  const tensor = (of: Tensor): Tensor => copied(tensors, of);
  const leaf = (of: Expr): Expr => {
    if (of.kind === 'axis') return { ...of, axis: axis(of.axis) };
    return of.kind === 'load' ? { ...of, tensor: tensor(of.tensor) } : { ...of };
  };
  const expr = (of: Expr): Expr => mapExpr(of, leaf, exprs);
  return groups.map(({ loops, rows, locals, ...rest }) => ({
    ...rest,
    loops: loops.map((loop) => ({
      ...loop,
      axes: loop.axes.map(axis),
      reduceAxes: loop.reduceAxes.map(axis),
      reductions: loop.reductions.map((r) => ({ ...r, body: expr(r.body) })),
      outs: loop.outs.map((out) => ({
        tensor: tensor(out.tensor),
        at: out.at.map(axis),
        value: expr(out.value),
      })),
    })),
    rows: rows.map((own) => own.map(axis)),
    locals: locals.map(tensor),
  }));
}

/** The one copy of an object. */
function copied<T extends object>(known: Map<T, T>, of: T): T {
  const copy = known.get(of) ?? { ...of };
  known.set(of, copy);
  return copy;
}

/** A row program of two loops, with what passes between them inside the kernel or not. */
function twoLoops(): Group {
  const found = compileModule(mixedModule(0).module, machines.webgpu).entries.values();
  for (const { loops } of found)
    for (const group of partition(loops, machines.webgpu, new Decisions()))
      if (group.loops.length > 1 && group.locals.length > 0) return group;
  throw new Error('no row program with a local');
}

describe('what is kept of loops and groups while fusion asks', () => {
  it('is what a group that nobody has asked about has: schedules and times of copies are the same', () => {
    let programs = 0;
    for (let seed = 0; seed < 8; seed++)
      for (const { loops } of compileModule(mixedModule(seed).module, machines.webgpu).entries.values())
        for (const machine of [machines.webgpu, randomMachine(seed), randomTasksMachine(seed)]) {
          const groups = partition(loops, machine, new Decisions());
          for (const [k, copy] of copies(groups).entries()) {
            const [kept, fresh] = [groups[k], copy].map((group) =>
              group === undefined ? null : tryToSchedule(group, machine),
            );
            if (!kept || !fresh || !isScheduled(kept) || !isScheduled(fresh))
              throw new Error('without a schedule');
            expect([seed, machine.name, k, fresh.schedule, fresh.time]).toEqual([
              seed,
              machine.name,
              k,
              kept.schedule,
              kept.time,
            ]);
            if (copy.loops.length > 1) programs++;
          }
        }
    expect(programs).toBeGreaterThan(10);
  });

  it('is one phase for a loop, whatever its program, and another where a tensor is inside', () => {
    const { loops, rows, locals } = twoLoops();
    const inside = new Set<Tensor>(locals);
    for (const [k, loop] of loops.entries()) {
      const phase = phaseOf(loop, rows[k] ?? [], inside, machines.webgpu);
      expect(phaseOf(loop, rows[k] ?? [], new Set(locals), machines.webgpu)).toBe(phase);
      const writes = loop.outs.some(({ tensor }) => inside.has(tensor));
      if (writes) expect(phaseOf(loop, rows[k] ?? [], new Set(), machines.webgpu)).not.toBe(phase);
    }
  });
});
