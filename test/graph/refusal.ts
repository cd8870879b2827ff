import { expect } from 'vitest';
import { GraphError, type GraphIssue } from '../../src/graph/index.ts';

/**
 * Expects that building something is refused with a code, a text and a line of the calling test file, and
 * gives the error.
 */
export function expectRefusal(
  build: () => unknown,
  code: GraphIssue,
  text: string,
  file: string,
): GraphError {
  let thrown: unknown;
  try {
    build();
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof GraphError)) throw new Error(`expected a GraphError, got ${String(thrown)}`);
  const place = thrown.source ?? 'nowhere';
  expect({ code: thrown.code, text: thrown.message.replace(`  at ${place}`, '') }).toEqual({ code, text });
  expect(thrown.message.endsWith(`  at ${place}`)).toBe(true);
  expect(place.slice(0, place.lastIndexOf(':'))).toBe(file);
  return thrown;
}

/** The line of the calling statement. */
export function lineHere(): number {
  const frame = (new Error().stack ?? '').split('\n')[2] ?? '';
  return Number(/:(\d+):\d+\)?$/.exec(frame)?.[1]);
}

/** A value whose type nobody checks, as callers in JavaScript have them. */
export function untyped(value: unknown) {
  // Of a map that says nothing of its values, they are of any type.
  const unchecked = new Map();
  unchecked.set('value', value);
  return unchecked.get('value');
}
