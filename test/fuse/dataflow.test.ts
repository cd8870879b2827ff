import { describe, expect, it } from 'vitest';
import { Dataflow, loopAccess } from '../../src/fuse/dataflow.ts';
import type { Loop } from '../../src/loops/index.ts';
import { parseLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';

const LOOPS = `
tensor x: f32[4] input
tensor a: f32[4] temp
tensor b: f32[4] temp
tensor c: f32[4] temp
tensor d: f32[4] result
tensor e: f32[4] result
loop a(i0: 4):
  a[i0] = exp(x[i0])
loop b(i0: 4):
  b[i0] = exp(x[i0])
loop c(i0: 4):
  c[i0] = a[i0]
loop d(i0: 4):
  d[i0] = a[i0] + b[i0]
loop e(i0: 4):
  e[i0] = c[i0]
`;

/** The loops `a` and `b`, which read nothing of the others, `c` and `d`, which read `a`, and `e`, which reads `c`. */
function diamond(): { flow: Dataflow<Loop>; loop: (name: string) => Loop } {
  const loops = parseLoops(LOOPS);
  verifyLoops(loops);
  const loop = (name: string): Loop => {
    const found = loops.find((l) => l.name === name);
    if (found === undefined) throw new Error(`no loop ${name}`);
    return found;
  };
  return { flow: new Dataflow(loops, loopAccess), loop };
}

const names = (loops: Iterable<Loop>): string => [...loops].map((loop) => loop.name).join(' ');

/** A loop with the outputs of two. */
const both = (one: Loop, other: Loop, name: string): Loop => {
  const axes = new Map(other.axes.map((axis, k) => [axis, one.axes[k] ?? axis]));
  const outs = other.outs.map((out) => ({ ...out, at: out.at.map((axis) => axes.get(axis) ?? axis) }));
  return { ...one, name, outs: [...one.outs, ...outs] };
};

describe('a dataflow', () => {
  it('knows who writes and who reads a tensor, in order', () => {
    const { flow, loop } = diamond();
    const [a, x] = [loop('a').outs[0]?.tensor, loop('d').outs[0]?.tensor];
    if (a === undefined || x === undefined) throw new Error('no output');
    expect(flow.writerOf(a)).toBe(loop('a'));
    expect(names(flow.readersOf(a))).toBe('c d');
    expect(names(flow.readersOf(x))).toBe('');
    expect(names(flow.sourcesOf(loop('d')))).toBe('a b');
  });

  it('knows which loops depend on one another, directly or not', () => {
    const { flow, loop } = diamond();
    expect(flow.dependsOn(loop('e'), loop('a'))).toBe(true);
    expect(flow.dependsOn(loop('e'), loop('b'))).toBe(false);
    expect(flow.dependsOn(loop('a'), loop('e'))).toBe(false);
  });

  it('forgets what a loop read that was replaced or removed', () => {
    const { flow, loop } = diamond();
    const a = loop('a').outs[0]?.tensor;
    const b = loop('b').outs[0];
    if (a === undefined || b === undefined) throw new Error('no output');
    flow.replace(loop('c'), {
      ...loop('c'),
      outs: loop('c').outs.map((out) => ({ ...out, value: b.value })),
    });
    flow.remove(loop('d'));
    expect(names(flow.readersOf(a))).toBe('');
    expect(flow.has(loop('c'))).toBe(false);
    expect(names(flow.items)).toBe('a b c e');
  });

  it('puts what a joined loop reads before it', () => {
    const { loop } = diamond();
    const flow = new Dataflow(['a', 'c', 'b', 'd', 'e'].map(loop), loopAccess);
    flow.join(loop('c'), loop('d'), both(loop('d'), loop('c'), 'cd'));
    expect(names(flow.items)).toBe('a b cd e');
  });

  it('puts what reads a joined loop after it', () => {
    const { loop } = diamond();
    const flow = new Dataflow(['a', 'c', 'e', 'b', 'd'].map(loop), loopAccess);
    flow.join(loop('b'), loop('a'), both(loop('b'), loop('a'), 'ab'));
    expect(names(flow.items)).toBe('ab c e d');
  });

  it('says which loop is none of its own', () => {
    const { flow, loop } = diamond();
    flow.remove(loop('e'));
    expect(() => flow.remove(loop('e'))).toThrow('e is none of these');
  });
});
