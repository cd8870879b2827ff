import { expect, test } from 'vitest';
import { statusLine, terminalLine } from '../../src/cli/statusLine.ts';

/** What is written to an output while a clock goes on. */
function written(
  output: { readonly isTTY?: boolean; readonly columns?: number },
  moments: readonly (readonly [second: number, doing: string])[],
  lineOn = statusLine,
): string[] {
  const texts: string[] = [];
  let time = 0;
  const line = lineOn({ ...output, write: (text) => texts.push(text) }, () => time);
  for (const [second, doing] of moments) {
    time = 1000 * second;
    line.show(doing);
  }
  line.end();
  return texts;
}

test('a log gets a line each ten seconds, and none of short work', () => {
  expect(
    written({}, [
      [0, 'a'],
      [9.9, 'b'],
    ]),
  ).toEqual([]);
  const long = Array.from({ length: 60 }, (_, k) => [k, `node ${k}`] as const);
  expect(written({}, long)).toEqual([
    'node 10, 10 s\n',
    'node 20, 20 s\n',
    'node 30, 30 s\n',
    'node 40, 40 s\n',
    'node 50, 50 s\n',
  ]);
});

test('a terminal has one line that is written over, ten times a second at most, and nothing of it in the end', () => {
  expect(
    written({ isTTY: true }, [
      [0, 'a'],
      [0.05, 'b'],
      [0.1, 'c'],
      [3, 'd'],
    ]),
  ).toEqual(['\r\u001b[Ka, 0 s', '\r\u001b[Kc, 0 s', '\r\u001b[Kd, 3 s', '\r\u001b[K']);
});

test('work whose result is a line of its own is quiet in a log, however long it takes, and not on a terminal', () => {
  const long = Array.from({ length: 60 }, (_, k) => [k, `node ${k}`] as const);
  expect(written({}, long, terminalLine)).toEqual([]);
  expect(written({ isTTY: true }, [[0, 'a']], terminalLine)).toEqual(['\r\u001b[Ka, 0 s', '\r\u001b[K']);
});

test('a line is cut to the width of its terminal: one that wraps would not be written over', () => {
  const [line = ''] = written({ isTTY: true, columns: 20 }, [[0, 'x'.repeat(100)]]);
  expect(line).toBe(`\r\u001b[K${'x'.repeat(19)}`);
});
