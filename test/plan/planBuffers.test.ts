import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { nn, optim } from '../../src/index.ts';
import { tensorSize } from '../../src/loops/edges.ts';
import { machines } from '../../src/machine/index.ts';
import type { BufferLayout } from '../../src/plan/planBuffers.ts';
import { verifyLayout } from '../../src/plan/verify.ts';
import { GroupError } from '../../src/schedule/groupError.ts';
import { numberedModule } from '../compile/agreement.ts';

/** Temporaries that are needed at the same time and lie over one another, without those that are written over the other. */
function collisions({ ranges, places }: BufferLayout): string[] {
  return [...ranges.values()].flatMap((live) =>
    live.flatMap((a, k) =>
      live.slice(k + 1).flatMap((b) => {
        const [p, q] = [places.get(a.tensor), places.get(b.tensor)];
        if (p === undefined || q === undefined) return [`${a.tensor.name} or ${b.tensor.name} has no place`];
        const meet = a.from <= b.to && b.from <= a.to && p.arena === q.arena;
        const over = p.offset < q.offset + tensorSize(b.tensor) && q.offset < p.offset + tensorSize(a.tensor);
        const isMeant = a.over === b.tensor || b.over === a.tensor;
        return meet && over && !isMeant ? [`${a.tensor.name} and ${b.tensor.name}`] : [];
      }),
    ),
  );
}

/** The names of temporaries that are written over others, and of those. */
function placesTaken({ ranges }: BufferLayout): string[] {
  return [...ranges.values()].flatMap((live) =>
    live.flatMap(({ tensor, over }) => (over === undefined ? [] : [`${tensor.name} over ${over.name}`])),
  );
}

/** A product and its gradient, whose activation the backward pass reads at the element that it writes. */
const perceptron = defineModule('perceptron', (m) => {
  const x = m.input('x', { shape: [256, 256] });
  const h = nn.dense(nn.dense(x, 512, { activation: 'geluTanh', name: 'up' }), 256, { name: 'down' });
  const loss = h.square().mean();
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});

describe('the plan of buffers', () => {
  it('lets temporaries share storage whose live ranges do not meet', () => {
    const chain = defineModule('chain', (m) => {
      let x = m.input('x', { shape: [64, 64] });
      for (let k = 0; k < 4; k++) x = x.matmul(m.state(`w${k}`, { shape: [64, 64] }));
      m.entry('run', { y: x.sum() });
    });
    const without = new Set(['partition', 'splitReductions'] as const);
    const { layout } = compileModule(chain, machines.webgpu, without);
    const text = [...(layout.ranges.get('run') ?? [])].map(
      ({ tensor, from, to }) =>
        `${tensor.name}: dispatches ${from} to ${to}, at ${layout.places.get(tensor)?.offset}`,
    );
    expect(text).toMatchInlineSnapshot(`
      [
        "contract_2: dispatches 0 to 1, at 0",
        "contract_4: dispatches 1 to 2, at 4096",
        "contract_6: dispatches 2 to 3, at 0",
        "contract_8: dispatches 3 to 4, at 4096",
      ]
    `);
    expect(layout.peakBytes).toBe(layout.lowerBoundBytes);
  });

  it('never lays two over one another that are needed at once, and never takes less than its lower bound', () => {
    for (let seed = 0; seed < 40; seed++) {
      for (const without of [new Set<never>(), new Set(['partition', 'fusePointwise'] as const)]) {
        const { layout } = compileModule(numberedModule(seed).module, machines.webgpu, without);
        expect(collisions(layout), `seed ${seed}`).toEqual([]);
        expect(layout.peakBytes).toBeGreaterThanOrEqual(layout.lowerBoundBytes);
      }
    }
  });

  it('writes a temporary over one that is read there for the last time, at the element written', () => {
    const { layout } = compileModule(perceptron, machines.webgpu);
    expect(placesTaken(layout)).toMatchInlineSnapshot(`
      [
        "add_54 over add_5",
      ]
    `);
    expect(layout.peakBytes).toBe(layout.lowerBoundBytes);
  });

  it('is verified: no temporary may be moved over another that is needed before and after', () => {
    let [moved, refused] = [0, 0];
    for (let seed = 0; seed < 12; seed++) {
      const without = new Set(['partition', 'fusePointwise'] as const);
      const { layout, entries } = compileModule(numberedModule(seed).module, machines.webgpu, without);
      const stages = new Map([...entries].map(([name, entry]) => [name, entry.stages]));
      for (const live of layout.ranges.values()) {
        for (const a of live) {
          for (const b of live) {
            const place = layout.places.get(b.tensor);
            if (a === b || place === undefined || a.from >= b.to || b.from >= a.to) continue;
            const places = new Map([...layout.places, [a.tensor, place]]);
            moved++;
            try {
              verifyLayout(stages, { ...layout, places });
            } catch (error) {
              expect(error).toBeInstanceOf(GroupError);
              refused++;
            }
          }
        }
      }
    }
    expect([moved > 50, refused]).toEqual([true, moved]);
  });

  it('is verified: what is written over another starts where it does, and everything has a place', () => {
    const { layout, entries } = compileModule(perceptron, machines.webgpu);
    const stages = new Map([...entries].map(([name, entry]) => [name, entry.stages]));
    const moved = [...layout.ranges.values()].flat().find(({ over }) => over !== undefined)?.tensor;
    const place = moved === undefined ? undefined : layout.places.get(moved);
    if (moved === undefined || place === undefined) throw new Error('nothing is written over another');
    for (const by of [1, 5, 1000]) {
      const places = new Map([...layout.places, [moved, { ...place, offset: place.offset + by }]]);
      expect(() => verifyLayout(stages, { places })).toThrow(/which starts or ends elsewhere \(in place\)/);
    }
    const places = new Map([...layout.places].filter(([tensor]) => tensor !== moved));
    expect(() => verifyLayout(stages, { places })).toThrow(/which has no place/);
  });

  it('writes a next state over the old one', () => {
    const { storage, layout } = compileModule(numberedModule(0).module, machines.webgpu);
    for (const [node, next] of storage.next) {
      const [old, place] = [storage.states.get(node), layout.places.get(next)];
      if (old !== undefined && place !== undefined) expect(place).toEqual(layout.places.get(old));
    }
  });
});
