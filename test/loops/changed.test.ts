import { describe, expect, it } from 'vitest';
import { changedWhere } from '../../src/loops/index.ts';
import { parseLoops, printLoops } from '../../src/loops/text.ts';
import { verifyLoops } from '../../src/loops/verify.ts';

/** A loop over a table with these outputs. */
function changed(...values: readonly string[]): string | null {
  const text = `tensor count: i32[6] input
tensor step: f32[6, 4] input
tensor a: f32[6, 4] state
tensor b: f32[6, 4] state
tensor "a'": f32[6, 4] next over a
tensor "b'": f32[6, 4] next over b
tensor x: f32[6, 4] temp
loop update(i: 6, j: 4) reduce(k: 3):
  r0 = sum(step[i, j])
${values.map((value) => `  ${value}`).join('\n')}
`;
  const loops = parseLoops(text);
  verifyLoops(loops);
  const found = loops.map((loop) => changedWhere(loop))[0] ?? null;
  if (found === null) return null;
  const lines = printLoops([found.loop]).split('\n');
  return lines.filter((line) => line.includes("' [") || line.includes('\'"[')).join('\n');
}

const isTouched = 'select(0 < count[i],';

describe('a loop changes a state under a condition alone', () => {
  it('where its output is a choice between a next value and the old one', () => {
    expect(changed(`"a'"[i, j] = ${isTouched} a[i, j] - r0.0, a[i, j])`)).toBe(
      `  "a'"[i, j] = a[i, j] - r0.0`,
    );
  });

  it('where all of its outputs have the same condition', () => {
    expect(
      changed(
        `"a'"[i, j] = ${isTouched} a[i, j] - b[i, j], a[i, j])`,
        `"b'"[i, j] = ${isTouched} r0.0, b[i, j])`,
      ),
    ).toBe(`  "a'"[i, j] = a[i, j] - b[i, j]\n  "b'"[i, j] = r0.0`);
  });

  it.each([
    ['another element of it', `"a'"[i, j] = ${isTouched} r0.0, a[5 - i, j])`],
    ['another state', `"a'"[i, j] = ${isTouched} r0.0, b[i, j])`],
    ['the next value as the other choice', `"a'"[i, j] = ${isTouched} a[i, j], r0.0)`],
    ['a condition on what was reduced', `"a'"[i, j] = select(0.0 < r0.0, r0.0, a[i, j])`],
    ['an output that is stored anyhow', `x[i, j] = ${isTouched} r0.0, a[i, j])`],
  ])('and not with %s', (_, value) => {
    expect(changed(value)).toBeNull();
  });

  it('and not where another output needs every element', () => {
    expect(changed(`"a'"[i, j] = ${isTouched} r0.0, a[i, j])`, 'x[i, j] = r0.0')).toBeNull();
    expect(
      changed(`"a'"[i, j] = ${isTouched} r0.0, a[i, j])`, `"b'"[i, j] = select(1 < count[i], r0.0, b[i, j])`),
    ).toBeNull();
  });
});
