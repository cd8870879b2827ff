import { expect, test } from 'vitest';
import {
  bytesText,
  countOf,
  digits,
  flopsText,
  microsText,
  microsTick,
  millisText,
  percentText,
  rateText,
  ratioText,
  signedText,
} from '../../web/panels/figures.ts';

test('times have three digits and the unit that reads best', () => {
  expect([0, 0.25, 7.5, 999.6, 123_456, 2_000_000].map(microsText)).toEqual([
    '0 µs',
    '250 ns',
    '7.50 µs',
    '1.00 ms',
    '123 ms',
    '2.00 s',
  ]);
  expect(millisText(0.5)).toBe('500 µs');
});

test('marks of an axis have no zeros that say nothing', () => {
  expect([0, 10, 100, 2500, 1_000_000].map(microsTick)).toEqual(['0 µs', '10 µs', '100 µs', '2.5 ms', '1 s']);
});

test('work and rates are scaled, with their unit', () => {
  expect(flopsText(26_223_616)).toBe('26.2 MFLOP');
  expect(rateText(59_304.96)).toBe('59.3 TFLOP/s');
  expect(bytesText(512)).toBe('512 B');
});

test('parts that are not nothing are not shown as nothing', () => {
  expect([0, 0.0001, 0.012, 0.25, 1].map(percentText)).toEqual(['0 %', '<0.1 %', '1.2 %', '25 %', '100 %']);
});

test('what changed has its sign, and a ratio without a number is a dash', () => {
  expect([3000, -12, 0].map((bytes) => signedText(bytes, bytesText))).toEqual(['+3.00 kB', '−12 B', '±0']);
  expect([1.2345, 0.5, 0, 0.0251, 11_542, 1 / 0, 0 / 0].map(ratioText)).toEqual([
    '×1.23',
    '×0.5',
    '×0',
    '÷39.8',
    '×11,500',
    '–',
    '–',
  ]);
});

test('counts agree with their noun', () => {
  expect(countOf(1, 'dispatch', 'dispatches')).toBe('1 dispatch');
  expect(countOf(12_345, 'decision')).toBe('12,345 decisions');
});

test('digits have an exponent only where zeros would be many', () => {
  expect([0, 0.00123456, 1234.5, 0.0000123].map(digits)).toEqual(['0', '0.00123', '1230', '1.23e-5']);
});
