import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commentText, fieldWish, identifier, liveField, Names, paramField } from '../../src/kernels/names.ts';

describe('identifiers', () => {
  test('read like the name that they come from', () => {
    expect(identifier('hidden')).toBe('hidden');
    expect(identifier('ünïcode; } fn evil(')).toBe('unicode_fn_evil');
    expect(identifier('layer.0/weights')).toBe('layer_0_weights');
    expect(identifier('2nd')).toBe('v2nd');
    expect(identifier('日本')).toBe('v');
    expect(identifier('')).toBe('v');
  });

  test('are never a word of the target', () => {
    for (const word of ['fn', 'let', 'array', 'select', 'target', 'new', 'f32', 'workgroup']) {
      expect(identifier(word)).toBe(`${word}_`);
    }
  });

  test('have single underscores, though a name has several', () => {
    expect(identifier('x__y')).toBe('x_y');
    expect(identifier('x_y_1')).toBe('x_y_1');
  });

  test('are valid whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (name) => {
        expect(identifier(name)).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,48}$/);
        expect(identifier(name)).not.toMatch(/__/);
      }),
    );
  });

  test('of different names differ, and are the same again for the same name', () => {
    const names = new Names(['state']);
    expect(names.of('a b')).toBe('a_b');
    expect(names.of('a-b')).toBe('a_b_2');
    expect(names.of('a b')).toBe('a_b');
    expect(names.of('state')).toBe('state_2');
    expect(names.fresh('a b')).toBe('a_b_3');
  });
});

test('A comment holds nothing that ends it or turns its direction', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(commentText(text)).not.toMatch(/[\n\v\f\r\u0085\u2028\u2029\u202e\0]/);
    }),
  );
  expect(commentText('a\r\n} fn evil() {\u2028')).toBe('a } fn evil() {');
});

test('Step fields of different kinds never meet, whatever the names of sizes and parameters', () => {
  expect(paramField('step')).toBe('step');
  expect(paramField('result')).not.toBe('result');
  expect(liveField('x')).not.toBe(paramField('x'));
  expect(fieldWish(liveField('batch'))).toBe('batch_live');
  expect(fieldWish(paramField('lr'))).toBe('lr');
});
