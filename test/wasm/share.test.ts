import { describe, expect, test } from 'vitest';
import { sharedFunctions } from '../../src/wasm/share.ts';

/** Twice an element of one tensor into another, at such addresses. */
const twice = (name: string, from: number, to: number, local = 'x'): { name: string; text: string } => ({
  name,
  text: `;; ${name} of the model
(func $${name} (param $i i32)
  (local $${local} f32)
  (local.set $${local} (f32.load offset=${from} (local.get $i)))
  (f32.store offset=${to} (local.get $i) (f32.add (local.get $${local}) (local.get $${local})))
  (f32.store offset=${to + 16} (local.get $i) (f32.load (i32.const 0x${from.toString(16)}))))`,
});

const calls = (name: string, callee: string): { name: string; text: string } => ({
  name,
  text: `(func $${name} (param $task i32)\n  (call $${callee} (local.get $task)))`,
});

const textOf = (functions: readonly { readonly text: string }[]): string =>
  functions.map(({ text }) => text).join('\n');

describe('functions of a module', () => {
  test('that differ in names alone are one, and all call it', () => {
    const shared = sharedFunctions(
      [twice('a.f', 64, 128), calls('a', 'a.f'), twice('b.f', 64, 128, 'y'), calls('b', 'b.f')],
      new Set(['a', 'b']),
    );
    expect(shared.map(({ name }) => name)).toEqual(['a.f', 'a', 'b']);
    expect(textOf(shared).match(/call \$a\.f \(local/g)).toHaveLength(2);
  });

  test('that differ in addresses are one that is given them, those at the same distance as one', () => {
    const functions = [
      ...[0, 1, 2].map((k) => twice(`f${k}`, 64 + 1024 * k, 128 + 4096 * k)),
      ...[0, 1, 2].map((k) => calls(`run${k}`, `f${k}`)),
    ];
    const shared = sharedFunctions(functions, new Set(['run0', 'run1', 'run2']));
    expect(textOf(shared)).toMatchInlineSnapshot(`
      ";; f0 of the model
      ;; one of 3 that differ in addresses
      (func $f0 (param $.0 i32) (param $.1 i32) (param $i i32)
        (local $x f32)
        (local.set $x (f32.load (i32.add (local.get $.0) (local.get $i))))
        (f32.store (i32.add (local.get $.1) (local.get $i)) (f32.add (local.get $x) (local.get $x)))
        (f32.store offset=16 (i32.add (local.get $.1) (local.get $i)) (f32.load (local.get $.0))))
      (func $run0 (param $task i32)
        (call $f0 (i32.const 0x40) (i32.const 0x80) (local.get $task)))
      (func $run1 (param $task i32)
        (call $f0 (i32.const 0x440) (i32.const 0x1080) (local.get $task)))
      (func $run2 (param $task i32)
        (call $f0 (i32.const 0x840) (i32.const 0x2080) (local.get $task)))"
    `);
  });

  test('pass addresses on where those that call them are alike', () => {
    const functions = [0, 1, 2].flatMap((k) => [
      twice(`f${k}`, 64 + 1024 * k, 128 + 4096 * k),
      {
        name: `g${k}`,
        text: `(func $g${k} (param $i i32)\n${`  (call $f${k} (local.get $i))\n`.repeat(8)})`,
      },
      calls(`run${k}`, `g${k}`),
    ]);
    const shared = sharedFunctions(functions, new Set(['run0', 'run1', 'run2']));
    expect(shared.map(({ name }) => name)).toEqual(['f0', 'g0', 'run0', 'run1', 'run2']);
    expect(shared.find(({ name }) => name === 'run2')?.text).toContain(
      '(call $g0 (i32.const 0x840) (i32.const 0x2080) (local.get $task))',
    );
  });

  test('stay apart where they differ in anything else, or where being given more than it saves', () => {
    const other = twice('b', 64, 128);
    const add = { name: 'b', text: other.text.replace('f32.add', 'f32.mul') };
    const reads = (name: string, global: string): { name: string; text: string } => ({
      name,
      text: `(func $${name} (result f32) (f32.load offset=8 (global.get $${global})))`,
    });
    expect(sharedFunctions([reads('a', 'record'), reads('b', 'scratch')], new Set())).toHaveLength(2);
    expect(sharedFunctions([twice('a', 64, 128), add], new Set())).toHaveLength(2);
    const short = (name: string, at: number): { name: string; text: string } => ({
      name,
      text: `(func $${name} (drop (f32.load (i32.const 0x${at.toString(16)}))))`,
    });
    expect(sharedFunctions([short('a', 64), short('b', 128)], new Set())).toHaveLength(2);
  });
});
