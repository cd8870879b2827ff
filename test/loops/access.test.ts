import { describe, expect, it } from 'vitest';
import { accessesOf, axisOf, kindOf, printAccess } from '../../src/loops/index.ts';
import { parseLoops } from '../../src/loops/text.ts';

/** The map of the load of `x[shape]` at an index, for axes b: 8, t: 16, r: 128, d: 4 and u: 1. */
function access(shape: string, at: string, value = (load: string): string => load) {
  const [loop] = parseLoops(`tensor n: i32[8] input
tensor x: f32[${shape}] input
tensor y: f32[8, 16, 128, 4, 1] result
loop y(b: 8, t: 16, r: 128, d: 4, u: 1):
  y[b, t, r, d, u] = ${value(`x[${at}]`)}
`);
  const map = loop && accessesOf(loop).find(({ load }) => load.tensor.name === 'x');
  if (map === undefined) throw new Error('no load of x');
  return map;
}

function seen(shape: string, at: string): string {
  const map = access(shape, at);
  return `${printAccess(map)}: ${map.dimensions.map(kindOf).join(', ')}`;
}

describe('an access map says of an index that it is', () => {
  it.each([
    ['an axis', '8, 16', 'b, t', 'x[b, t]: axis, axis'],
    ['axes merged in row-major order', '128', 'b * 16 + t', 'x[b * 16 + t]: merge'],
    ['any number of them', '512', '(b * 16 + t) * 4 + d', 'x[b * 64 + t * 4 + d]: merge'],
    ['a quotient and a remainder', '8, 16', 'r // 16, r % 16', 'x[r // 16, r % 16]: part, part'],
    ['a part in the middle', '8, 4', 'r // 16, r // 4 % 4', 'x[r // 16, r // 4 % 4]: part, part'],
    ['parts of one axis, turned', '128', 'r % 16 * 8 + r // 16', 'x[r % 16 * 8 + r // 16]: merge'],
    [
      'a part of merged axes',
      '4, 32',
      '(b * 16 + t) // 32, (b * 16 + t) % 32',
      'x[b // 2, b % 2 * 16 + t]: part, merge',
    ],
    ['a constant', '3, 8', '2, b', 'x[2, b]: constant, axis'],
    ['a slice at a multiple of its length', '48', 't + 32', 'x[2 * 16 + t]: merge'],
    ['every other element', '16', 'b * 2 + 1', 'x[b * 2 + 1]: merge'],
    ['one element', '8, 1', 'b, u', 'x[b, 0]: axis, constant'],
    ['the start of a dimension', '20', 't', 'x[t]: axis'],
    ['a window', '23', 'b + t', 'x[?]: shifted'],
    ['a slice that starts anywhere', '20', 't + 3', 'x[?]: shifted'],
    ['a slice at a multiple of its length, of what is not one', '40', 't + 16', 'x[?]: shifted'],
    ['reversed', '8', '7 - b', 'x[?]: shifted'],
    ['rows of a window', '60', '(b + d) * 4 + r % 4', 'x[? * 4 + r % 4]: shifted'],
    ['a gather', '9, 16', 'max(min(n[b], 8), 0), t', 'x[?, t]: computed, axis'],
    ['a quotient by what does not divide', '26', 'r // 5', 'x[?]: computed'],
  ])('%s', (_, shape, at, text) => {
    expect(seen(shape, at)).toBe(text);
  });
});

it('An access map says whether a load stands in a choice', () => {
  const choice = (l: string): string => `select(b < 4, ${l}, 0.0)`;
  expect(printAccess(access('4, 16', 'b, t', choice))).toBe('x[b, t] guarded');
  expect(printAccess(access('8, 16', 'b, t', (l) => `${choice(l)} + ${l}`))).toBe('x[b, t]');
});

it('An access map names the axis that an index is, whole and alone', () => {
  const axes = access('8, 8, 8', 'b, r // 16, d').dimensions.map((index) => axisOf(index)?.name);
  expect(axes).toEqual(['b', undefined, 'd']);
});
