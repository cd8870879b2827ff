import { describe, expect, test } from 'vitest';
import type { Axis, Loop } from '../../src/loops/index.ts';
import { parseLoops } from '../../src/loops/text.ts';
import { piecesOf } from '../../src/wasm/pieces.ts';

/** A loop that writes `y` of a channel, which is no loop's axis here, with its axes. */
function loopOf(axes: string, body: string): Loop {
  const [loop] = parseLoops(`tensor x: f32[64, 64] input
tensor w: f32[4, 4] input
tensor y: f32[32, 32] temp

loop y(i: 32, j: 32)${axes}:
  ${body}`);
  if (loop === undefined) throw new Error('the text holds no loop');
  return loop;
}

/** What the pieces of a loop are, along both of its axes, vectors along the last. */
function shown(
  loop: Loop,
  lane: 'j' | null,
): { terms: number | null; ends: Record<string, readonly number[]> } {
  const along: Axis | null = loop.axes.find(({ name }) => name === lane) ?? null;
  const { terms, ends } = piecesOf(loop, loop.axes, along);
  return {
    terms: terms?.length ?? null,
    ends: Object.fromEntries([...ends].map(([axis, places]) => [axis.name, places])),
  };
}

/** A window over padded lines and columns. */
const windowed = (size: number, by: number): Loop =>
  loopOf(
    ` reduce(k: ${size}, l: ${size})`,
    `r0 = sum(select(1 <= i * ${by} + k && i * ${by} + k <= ${32 * by} && 1 <= j * ${by} + l && j * ${by} + l <= ${32 * by}, x[i * ${by} + k - 1, j * ${by} + l - 1], 0.0) * w[k, l])
  y[i, j] = r0.0`,
  );

describe('a loop is taken in pieces', () => {
  test('at the ends of lines and columns, for each term of a window by itself', () => {
    expect(shown(windowed(3, 1), null)).toEqual({ terms: 9, ends: { j: [1, 31, 32], i: [1, 31, 32] } });
    expect(shown(windowed(3, 2), null)).toEqual({ terms: 9, ends: { j: [1, 32], i: [1, 32] } });
  });

  test('of whole vectors along the lane', () => {
    expect(shown(windowed(3, 1), 'j')).toEqual({ terms: 9, ends: { j: [4, 28, 32], i: [1, 31, 32] } });
  });

  test('as far as its text stays short: the lane first, and no window that is large', () => {
    // Three pieces of each axis are 9 × 16 terms.
    expect(shown(windowed(4, 1), 'j')).toEqual({ terms: 16, ends: { j: [4, 28, 32] } });
    expect(shown(windowed(5, 1), 'j')).toEqual({ terms: null, ends: {} });
  });

  test('where parts are put together', () => {
    const parts = loopOf(
      '',
      'y[i, j] = select(j < 12, x[i, j], 0.0) + select(12 <= j && i == 3, x[i, j + 8], 0.0)',
    );
    expect(shown(parts, null)).toEqual({ terms: null, ends: { j: [12, 32], i: [3, 4, 32] } });
  });

  test('nowhere, where conditions are on several axes, on what is read, or on none', () => {
    const causal = loopOf('', 'y[i, j] = select(j <= i && 0.0 < x[i, j], x[i, j], 0.0)');
    expect(shown(causal, null)).toEqual({ terms: null, ends: {} });
    const plain = loopOf(' reduce(k: 5)', 'r0 = sum(x[i, k] * w[k, 0])\n  y[i, j] = r0.0');
    expect(shown(plain, null)).toEqual({ terms: null, ends: {} });
  });

  test('term by term, where there are four at most', () => {
    const short = loopOf(' reduce(k: 4)', 'r0 = sum(x[i, k] * w[k, 0])\n  y[i, j] = r0.0');
    expect(shown(short, null)).toEqual({ terms: 4, ends: {} });
  });
});
