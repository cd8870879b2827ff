import { FormatError, isWhole, shown } from './issues.ts';

/**
 * What plain data is to be: a type's name (`count` is a whole number from 0), one of some words (`f32|i32`), a number that
 * whole numbers are to be below, a list of one kind, a record of one kind (under `*`), or an object with these fields at
 * least.
 */
export type Shape = string | number | readonly [Shape] | { readonly [field: string]: Shape };

/** The largest number up to which all whole ones are apart. */
const MOST_COUNT = 2 ** 53 - 1;

/** @typeParam T what it is where it has the shape @throws FormatError with the place below `at`, `program` or `saved`, that is not as expected */
export function check<T>(value: unknown, expected: Shape, at: string): asserts value is T {
  if (typeof expected === 'number') {
    if (!isWhole(value, 0, expected - 1)) fail(at, `a whole number below ${expected}`, value);
  } else if (typeof expected === 'string') {
    const fits =
      expected === 'count'
        ? isWhole(value, 0, MOST_COUNT)
        : expected.includes('|')
          ? expected.split('|').some((word) => word === value)
          : typeof value === expected;
    if (!fits) fail(at, expected, value);
  } else {
    const isList = Array.isArray(expected);
    const fields: Readonly<Record<string, Shape>> = Object(expected);
    const found: Readonly<Record<string, unknown>> = Object(value);
    if (isList ? !Array.isArray(value) : found !== value) fail(at, isList ? 'list' : 'object', value);
    const each = fields[isList ? 0 : '*'];
    for (const name of Object.keys(each ? found : expected))
      check(found[name], each ?? fields[name] ?? {}, isList ? `${at}[${name}]` : `${at}.${name}`);
  }
}

/** @throws FormatError, always: what was expected at a place, and what stands there */
export function fail(at: string, expected: string, found: unknown): never {
  throw new FormatError(
    at.startsWith('saved') ? 'saved' : 'program',
    `${at}: expected ${expected}, found ${shown(found)}`,
  );
}
