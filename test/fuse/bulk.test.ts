import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { MOST_DEPTH } from '../../src/fuse/bulk.ts';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { depthOf, expressionsOf } from '../../src/loops/complexity.ts';
import { type Loop, loopLoads } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { firstDifference } from '../compile/agreement.ts';
import { interpretedSession } from '../compile/interpreted.ts';

const { webgpu } = machines;

/** Sums, differences and products, one on the other: each is read once, or twice where they are `woven`. */
function chain(length: number, woven: boolean): Module {
  return defineModule('chain', (m) => {
    let [x, y]: [Tensor, Tensor] = [m.input('x', { shape: [3, 2] }), m.input('y', { shape: [2] })];
    for (let k = 0; k < length; k++) [x, y] = [x.mul(0.5).add(y), woven ? x.sub(y).mul(0.5) : y];
    m.entry('run', { x });
  });
}

describe('a chain of pointwise operations', () => {
  for (const woven of [false, true]) {
    it(`is one kernel of loops of bounded depth, ${woven ? 'where each is read twice' : 'where each is read once'}`, () => {
      const module = chain(600, woven);
      const compiled = compileModule(module, webgpu);
      const { stages } = compiled.entries.get('run') ?? {};
      const groups = stages?.flatMap((stage) => stage.groups) ?? [];
      expect(groups).toHaveLength(1);
      const loops: Loop[] = groups.flatMap((group) => group.loops);
      expect(loops.length).toBeGreaterThan(1);
      expect(loops.length).toBeLessThan(20);
      for (const loop of loops)
        expect(Math.max(...expressionsOf(loop).map(depthOf))).toBeLessThanOrEqual(MOST_DEPTH);
      const feeds = {
        inputs: { x: { shape: [3, 2], data: [0, 1, 2, 3, 4, 5] }, y: { shape: [2], data: [1, -0.5] } },
      };
      const expected = referenceSession(module).step('run', feeds).x;
      const actual = interpretedSession(compiled, {}).step('run', feeds).x?.data ?? [];
      expect(expected && firstDifference(actual, expected)).toBeNull();
    });
  }
});

describe('a value of one element that many read', () => {
  /** Tensors scaled by one number that all of them make together. */
  const scaled = (count: number): Module =>
    defineModule('scaled', (m) => {
      const inputs = Array.from({ length: count }, (_, k) => m.input(`x${k}`, { shape: [k + 2] }));
      const scale = inputs.map((x) => x.square().sum()).reduce((sum, part) => sum.add(part));
      m.entry('run', Object.fromEntries(inputs.map((x, k) => [`y${k}`, x.mul(scale)])));
    });

  /** How many sums of squares each of the loops reads that scale an input, with what their groups compute before. */
  const partsRead = (count: number): number[] =>
    (compileModule(scaled(count), webgpu).entries.get('run')?.stages ?? [])
      .flatMap(({ groups }) => groups)
      .filter(({ loops }) => loops.some(({ outs }) => outs.some(({ tensor }) => tensor.role === 'result')))
      .map(({ loops, prologue }) => {
        const read = [...loops, ...prologue].flatMap((loop) => loopLoads(loop).map(({ tensor }) => tensor));
        return new Set(read.filter(({ shape, role }) => role === 'temp' && shape.length === 0)).size;
      });

  it('is computed by each of them where it is small', () => {
    expect(Math.min(...partsRead(3))).toBe(3);
  });

  it('is computed once where it is made of as many parts as there are readers', () => {
    expect(partsRead(40)).toEqual(Array.from({ length: 40 }, () => 1));
  });
});
