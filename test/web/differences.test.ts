import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DiffLine, differenceOf, folded } from '../../web/panels/differences.ts';

/** As `diff` prints it, with marked words in brackets. */
function shown(lines: readonly DiffLine[]): string[] {
  return lines.map((line) => {
    if (line.kind === 'same') return `  ${line.text}`;
    const marked = line.marks.reduceRight(
      (text, { from, to }) => `${text.slice(0, from)}[${text.slice(from, to)}]${text.slice(to)}`,
      line.text,
    );
    return `${line.kind === 'added' ? '+' : '-'} ${marked}`;
  });
}

function numbered(count: number, prefix = 'line'): string[] {
  return Array.from({ length: count }, (_, k) => `${prefix} ${k}`);
}

test('a line that changed shows which of its words did', () => {
  const { lines, added, removed } = differenceOf('a\nh = add(x, 1)\nz\n', 'a\nh = mul(x, 2)\nz\n');
  expect(shown(lines)).toEqual(['  a', '- h = [add](x, [1])', '+ h = [mul](x, [2])', '  z']);
  expect([added, removed]).toEqual([1, 1]);
});

test('lines that have little in common are not marked', () => {
  const { lines } = differenceOf('for i in rows', 'store loss[0]');
  expect(shown(lines)).toEqual(['- for i in rows', '+ store loss[0]']);
});

test('texts that are equal have no difference, nor has an empty line at the end', () => {
  expect(differenceOf('a\nb', 'a\nb\n')).toMatchObject({ added: 0, removed: 0 });
  expect(differenceOf('', '').lines).toEqual([]);
});

test('each side of a difference is the text that it is of, with lines numbered from 1', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', 'unique 1', 'unique 2'), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const { lines, added, removed } = differenceOf(a.join('\n'), b.join('\n'));
      const of = (other: DiffLine['kind']): DiffLine[] => lines.filter(({ kind }) => kind !== other);
      const whole = (some: readonly string[]): string[] =>
        some.join('\n').split('\n').at(-1) === '' ? some.join('\n').split('\n').slice(0, -1) : [...some];
      const before = of('added');
      const after = of('removed');
      expect(before.map(({ text }) => text)).toEqual(whole(a));
      expect(after.map(({ text }) => text)).toEqual(whole(b));
      expect(before.map((line) => line.kind !== 'added' && line.before)).toEqual(before.map((_, k) => k + 1));
      expect(after.map((line) => line.kind !== 'removed' && line.after)).toEqual(after.map((_, k) => k + 1));
      expect([added, removed]).toEqual([lines.length - before.length, lines.length - after.length]);
    }),
  );
});

test('a large text with edits all over keeps every line that stayed', () => {
  const before = numbered(20_000);
  const after = before.flatMap((line, k) => (k % 10 === 0 ? [`${line} edited`, 'more'] : [line]));
  const { added, removed, isShortest } = differenceOf(before.join('\n'), after.join('\n'));
  expect({ added, removed, isShortest }).toEqual({ added: 4000, removed: 2000, isShortest: true });
});

test('large texts without a line in common are shown as removed and added, and it is said', () => {
  const { added, removed, isShortest } = differenceOf(
    numbered(5000, 'a').join('\n'),
    numbered(5000, 'b').join('\n'),
  );
  expect({ added, removed, isShortest }).toEqual({ added: 5000, removed: 5000, isShortest: false });
});

test('equal lines far from what changed are folded away', () => {
  const before = numbered(20);
  const { lines } = differenceOf(before.join('\n'), before.with(10, 'other').join('\n'));
  expect(folded(lines, 2).map(({ kind, lines }) => `${kind} ${lines.length}`)).toEqual([
    'folded 8',
    'lines 6',
    'folded 7',
  ]);
});

test('a fold that would hide one line alone is not made', () => {
  const { lines } = differenceOf('a\nb\nc\nd\ne', 'A\nb\nc\nd\nE');
  expect(folded(lines, 1).map(({ kind, lines }) => `${kind} ${lines.length}`)).toEqual(['lines 7']);
});

test('folds put together are the whole difference', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });
  fc.assert(
    fc.property(text, text, fc.integer({ min: 0, max: 3 }), (a, b, context) => {
      const { lines } = differenceOf(a.join('\n'), b.join('\n'));
      const folds = folded(lines, context);
      expect(folds.flatMap((fold) => fold.lines)).toEqual(lines);
      for (const fold of folds)
        if (fold.kind === 'folded') expect(fold.lines.every(({ kind }) => kind === 'same')).toBe(true);
    }),
  );
});
