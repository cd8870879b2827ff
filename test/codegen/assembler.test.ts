import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from 'watr';
import { w1 } from '../../bench/workloads.ts';
import { assembleModule } from '../../src/codegen/wasm/assembler/module.ts';
import { type Immediate, opcodes } from '../../src/codegen/wasm/assembler/opcodes.ts';
import { tileModule } from '../../src/codegen/wasm/tile.ts';
import { compileToWasm } from '../../src/compile.ts';

/** Expects the bytes that another assembler makes of a text. */
function expectSame(text: string): void {
  expect(Buffer.from(assembleModule(text)).toString('hex')).toBe(Buffer.from(compile(text)).toString('hex'));
}

/** A module of one function with one parameter `$x`, in a block `$out`. */
const around = (instructions: string): string => `(module
  (import "host" "memory" (memory 1 10 shared))
  (import "host" "log" (func $log (param f64)))
  (global $count (mut i32) (i32.const 0))
  (func $f (param $x i32) (block $out ${instructions})))`;

/** Something of each kind that an instruction may take. */
const examples: Readonly<Record<Immediate, string>> = {
  nothing: '',
  local: '$x',
  global: '$count',
  function: '$log',
  label: '$out',
  i32: '-77',
  i64: '-1',
  f32: '0.1',
  f64: '0.1',
  v128: 'i32x4 1 -2 3 0x7fffffff',
  lane: '3',
  lanes: '0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 31',
  memory: 'offset=300',
  'memory lane': 'offset=300 2',
  zero: '',
  'two zeros': '',
};

describe('the bytes of a module are those of another assembler', () => {
  it.each([...opcodes])('for %s', (name, { takes }) => {
    expectSame(around(`(${name} ${examples[takes]})`));
  });

  it('for loads and stores without an offset', () => {
    const loads = [...opcodes].filter(([, { takes }]) => takes === 'memory');
    expectSame(around(loads.map(([name]) => `(${name} (local.get $x))`).join(' ')));
  });

  it('for any integer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -200, max: 200 })), (n) =>
        expectSame(around(`(drop (i32.const ${n}))`)),
      ),
    );
  });

  it('for any float, decimal or hexadecimal, and for what is none', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) =>
        expectSame(around(`(drop (f32.const ${Object.is(x, -0) ? '-0' : x}))`)),
      ),
    );
    for (const text of ['nan', 'inf', '-inf', '-0', '0x1p-126', '-0x1.8p3', '0x1.fffffep127'])
      expectSame(around(`(drop (v128.const f32x4 ${text} 1 2 3)) (drop (f32.const ${text}))`));
  });

  it('for blocks, loops and conditions in one another, with results and without', () => {
    expectSame(
      around(`
      (loop $next
        (if (local.get $x) (then (br $next)) (else (br_if $out (i32.eqz (local.get $x)))))
        ;; a comment (with parentheses
        (if (local.get $x) (then (return)))
        (local.set $x (if (result i32) (local.get $x) (then (i32.const 1)) (else (i32.const 2)))))
      (local.set $x (block (result i32) (i32.const 3)))
      (drop (select (local.get $x) (i32.const 1) (i32.const 2)))
      (drop (select (result v128) (v128.const i32x4 0 0 0 0) (v128.const i32x4 1 1 1 1) (local.get $x)))`),
    );
  });

  it('for functions that call later ones, export themselves and share a type, and locals in runs', () => {
    expectSame(`(module
      (func $first (export "first") (param i32 i32) (param $z f32) (result f32)
        (local $a i32) (local $b i32) (local $c v128) (local f32 f32) (local $d i32)
        (local.set $d (local.get $b))
        (call $later (local.get $a) (local.get $b) (local.get $z)))
      (func $later (param $x i32) (param $y i32) (param $z f32) (result f32) (local.get $z))
      (func (export "none")))`);
  });

  it('for whole programs', () => {
    let text = '';
    compileToWasm(w1, (module) => {
      if (module.length > text.length) text = module;
      return new Uint8Array();
    });
    expectSame(text);
    for (const relaxed of [false, true]) expectSame(tileModule(relaxed));
  });
});

describe('a text that is no module', () => {
  const errors: readonly [what: string, text: string, message: string][] = [
    ['an instruction that is not there', around('(i32.plus)'), 'there is no instruction i32.plus'],
    ['an unknown local', around('(local.get $y)'), 'expected a name that was declared, found $y'],
    ['a block that is not open', around('(br $in)'), 'expected a block that is open, found $in'],
    ['a number that does not fit', around('(i32.const 4294967296)'), 'expected an integer of 32 bits'],
    ['a word for a number', around('(f32.const one)'), 'expected a number, found one'],
    [
      'something beside what is taken',
      around('(local.get $x $x)'),
      'expected operands of local.get, found $x',
    ],
    ['a local twice', '(module (func (param $x i32) (local $x i32)))', 'expected a new name, found $x'],
    ['an unknown type', '(module (func (param i33)))', 'expected a type, found i33'],
    [
      'a field that is not there',
      '(module (table 1))',
      'expected an import, a global or a func, found (table',
    ],
    ['a text that ends', '(module (func (drop', 'expected ), found the end'],
  ];
  it.each(errors)('is refused for %s', (_, text, message) => {
    expect(() => assembleModule(text)).toThrow(message);
  });
});
