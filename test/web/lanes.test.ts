import { describe, expect, test } from 'vitest';
import type { Edge } from '../../web/panels/edges.ts';
import { inRanks, lanesOf, throughLane } from '../../web/panels/lanes.ts';

const edge = (from: number, to: number): Edge => ({
  from: `${from}`,
  to: `${to}`,
  sources: new Set(),
  movements: new Set(),
});

/** A chain, of which each box is read by the one that mirrors it too: forward, then backward. */
function mirrored(count: number): { readonly keys: readonly string[]; readonly edges: readonly Edge[] } {
  const keys = Array.from({ length: count }, (_, i) => `${i}`);
  const chain = Array.from({ length: count - 1 }, (_, i) => edge(i, i + 1));
  const across = Array.from({ length: count / 2 - 1 }, (_, i) => edge(i, count - 1 - i));
  return { keys, edges: [...across, ...chain] };
}

describe('edges over many ranks', () => {
  test('stay in ranks where they are few', () => {
    const { keys, edges } = mirrored(12);
    expect(inRanks(keys, edges)).toEqual({ near: edges, far: [] });
  });

  test('go beside where they are many, the longest ones, and every box keeps the edge that its rank comes from', () => {
    const { keys, edges } = mirrored(40);
    const { near, far } = inRanks(keys, edges);
    expect(far).toContain(edges[0]);
    expect(near.length + far.length).toBe(edges.length);
    for (let i = 0; i < 39; i++) expect(near).toContainEqual(edge(i, i + 1));
  });

  test('share a lane where they come from one box, to the right of all boxes', () => {
    const lanes = lanesOf([edge(0, 9), edge(0, 8), edge(1, 7)], 100);
    expect(lanes.at('0')).toBe(100);
    expect(lanes.at('1')).toBeGreaterThan(100);
    expect(lanesOf([], 100).width).toBe(0);
    const points = throughLane({ x: 10, y: 20 }, { x: 30, y: 200 }, 100);
    expect([points[0], points.at(-1)]).toEqual([
      { x: 10, y: 20 },
      { x: 30, y: 200 },
    ]);
    expect(Math.max(...points.map(({ x }) => x))).toBe(100);
  });
});
