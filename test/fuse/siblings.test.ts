import { describe, expect, it } from 'vitest';
import { mergedSiblings } from '../../src/fuse/siblings.ts';
import { parseLoops } from '../../src/loops/text.ts';
import { machines } from '../../src/machine/index.ts';

/** How many loops are left of two that reduce one tensor over rows of the given extents. */
function loopsLeft(first: string, second: string): number {
  const loops = parseLoops(`tensor x: f32[8, 4] input
tensor a: f32[4] result
tensor b: f32[4] result
loop a(i: 4) reduce(k: ${first}):
  r0 = sum(x[k, i])
  a[i] = r0.0
loop b(i: 4) reduce(k: ${second}):
  r0 = max(x[k, i])
  b[i] = r0.0
`);
  const [a, b] = loops;
  if (a === undefined || b === undefined) throw new Error('two loops');
  return typeof mergedSiblings(a, b, machines.webgpu) === 'object' &&
    mergedSiblings(a, b, machines.webgpu) !== null
    ? 1
    : 2;
}

describe('two reductions of one tensor', () => {
  it.each([
    ['all rows', '8', '8'],
    ['the same live rows', 'rows<=8', 'rows<=8'],
    ['the same live rows, which a multiple is', '8 live 2*rows<=4', '8 live 2*rows<=4'],
  ])('over %s become one loop', (_, first, second) => {
    expect(loopsLeft(first, second)).toBe(1);
  });

  it.each([
    ['all rows and the live ones', '8', 'rows<=8'],
    ['the live rows of two sizes', 'rows<=8', 'others<=8'],
    ['another multiple of the live rows', '8 live 2*rows<=4', '8 live rows<=4'],
    ['other extents', '8', '4'],
  ])('over %s stay two', (_, first, second) => {
    expect(loopsLeft(first, second)).toBe(2);
    expect(loopsLeft(second, first)).toBe(2);
  });
});
