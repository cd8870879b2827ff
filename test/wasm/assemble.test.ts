import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile as watr } from 'watr';
import { compileToWasm } from '../../src/compile.ts';
import { type Dtype, scalarOps } from '../../src/loops/index.ts';
import { assemble } from '../../src/wasm/assemble.ts';
import { f32Const, vectorConst } from '../../src/wasm/code.ts';
import { instructions } from '../../src/wasm/instructions.ts';
import { type MathName, mathFunctions, mathText } from '../../src/wasm/math.ts';
import { spellings } from '../../src/wasm/operations.ts';
import { tileModule } from '../../src/wasm/tile.ts';
import { numberedModule } from '../compile/agreement.ts';

/** Both assemblers give the same bytes, and an engine takes them. */
function expectAgreement(text: string): void {
  const bytes = assemble(text);
  expect(Buffer.from(bytes).equals(Buffer.from(watr(text)))).toBe(true);
}

/** A module of one function. */
const withBody = (body: string): string => `(module
  (import "sinter" "memory" (memory 1 2 shared))
  ${mathText(Object.keys(mathFunctions) as MathName[])}
  (func $other (param $x i32) (param $y v128) (result i32) (local.get $x))
  (func (export "f") (param $i i32) (param $f f32) (param $v v128)
    (local $a i32) (local $b i32) (local $c f32) (local $d i32)
    ${body}))`;

describe('the assembler gives the bytes that watr gives', () => {
  test('for the modules of the tiles', () => {
    for (const relaxed of [false, true]) expectAgreement(tileModule(relaxed));
  });

  test('for programs', () => {
    for (const seed of [1, 2, 3, 4]) compileToWasm(numberedModule(seed).module, checked);
  });

  test('for every operation of every type, of one element and of four', () => {
    const dtypes: readonly Dtype[] = ['f32', 'i32', 'u32', 'bool'];
    const statements = Object.entries(spellings).flatMap(([op, { scalar, vector }]) =>
      dtypes.flatMap((dtype) =>
        dtypes.flatMap((to) => {
          const one = dtype === 'f32' ? '(local.get $f)' : '(local.get $i)';
          const four = '(local.get $v)';
          const arity = scalarOps[op as keyof typeof scalarOps].arity;
          const args = (text: string): string[] => Array.from({ length: arity }, () => text);
          const texts = [
            scalar(op === 'select' ? ['(local.get $i)', one, one] : args(one), dtype, to),
            vector(args(four), dtype, to),
          ];
          // Not all operations take all types: an instruction that does not exist is no spelling of one.
          return texts.filter((text) => text !== null && exists(text)).map((text) => `(drop ${text})`);
        }),
      ),
    );
    expect(statements.length).toBeGreaterThan(100);
    expectAgreement(withBody(statements.join('\n')));
  });

  test('for every instruction that it knows', () => {
    const immediates: Partial<Record<string, string>> = {
      local: ' $a',
      global: ' $one',
      function: ' $other',
      label: ' $out',
      i32: ' -7',
      i64: ' -7',
      f32: ' 0.1',
      f64: ' 0.1',
      v128: ' f32x4 0 0.5 -1 3e10',
      memory: ' offset=300',
      lane: ' 3',
      'memory lane': ' offset=300 1',
      shuffle: ` ${Array.from({ length: 16 }, (_, k) => 2 * k).join(' ')}`,
    };
    for (const [name, { takes }] of instructions) {
      if (takes === 'block') continue;
      const operands = name.endsWith('.const') ? '' : ' (nop) (nop)';
      expectAgreement(`(module (import "sinter" "memory" (memory 1 2 shared))
  (global $one i32 (i32.const 1))
  (func $other (local $a i32) (block $out (loop $in (${name}${immediates[takes] ?? ''}${operands})))))`);
    }
  });

  test('for blocks and conditions in one another, by names that hide others', () => {
    expectAgreement(
      withBody(`;; (func $comment "
      (block $out
        (loop $next
          (if (local.get $i) (then (br_if $next (i32.const 1)) (br $out)) (else (br $next)))
          (if $out (local.get $i) (then (br $out)))
          (drop (block (result i32) (i32.const 2)))
          (local.set $c (select (result f32) (f32.const 1) (local.get $f) (local.get $b)))))`),
    );
  });

  test('for integers and floats, whatever their values', () => {
    const integers = fc.array(
      fc.oneof(
        fc.integer(),
        fc.maxSafeNat().map((n) => n % 2 ** 32),
      ),
    );
    fc.assert(
      fc.property(integers, fc.array(fc.float()), (whole, floats) => {
        const body = [
          ...whole.flatMap((n) => [`i32.const ${n}`, `i32.const 0x${(n >>> 0).toString(16)}`]),
          ...whole.map((n) => `i32.load offset=${n >>> 0} (local.get $i)`),
        ].map((text) => `(drop (${text}))`);
        const constants = floats.flatMap((x) => [f32Const(x), vectorConst(x, true)]);
        expectAgreement(withBody([...body, ...constants.map((text) => `(drop ${text})`)].join('\n')));
      }),
      { numRuns: 10 },
    );
    const hexadecimal = ['0x1p-126', '-0x1.8p3', '0x1p23', '-0', 'inf', '-inf', 'nan'];
    expectAgreement(withBody(hexadecimal.map((x) => `(drop (f32.const ${x}))`).join('\n')));
  });
});

describe('the assembler refuses', () => {
  test.each([
    ['(drop (i32.plus (i32.const 1)))', 'an instruction i32.plus is not known'],
    ['(drop (local.get $b))', '$b is not declared'],
    ['(call $g)', '$g is not declared'],
    ['(block $out (br $in))', 'no open block is called $in'],
    ['(drop (i32.const 0.5))', '0.5 is not a whole number of 32 bits'],
    ['(drop (i32.const 4294967296))', '4294967296 is not a whole number of 32 bits'],
    ['(drop (f32.const one))', 'one is not a number'],
    ['(drop (v128.const i16x8 1 2 3 4 5 6 7 8))', 'constants of i16x8 are not known'],
    ['(drop (select (result f16) (nop)))', 'a type f16 is not known'],
    ['(if (local.get $a))', 'an if without a then'],
    ['(drop (local.get $a)', 'a parenthesis that closes is missing'],
  ])('%s', (body, what) => {
    const text = `(module\n  (func $f (param $a i32)\n    ${body}))\n`;
    const line = body.startsWith('(drop (local.get $a)') ? 4 : 3;
    expect(() => assemble(text)).toThrow(new RangeError(`line ${line} of a module's text: ${what}`));
  });

  test.each([
    ['(table 1 funcref)', "a module's field table is not known"],
    ['(import "sinter" "memory" (memory 1 2))', 'a memory that is not shared'],
    ['(import "sinter" "x" (global i32))', 'an import of a global is not known'],
    ['(func $f) (func $f)', '$f is declared twice'],
  ])('%s', (field, what) => {
    expect(() => assemble(`(module ${field})`)).toThrow(RangeError);
    expect(() => assemble(`(module ${field})`)).toThrow(what);
  });
});

function checked(text: string): Uint8Array {
  expectAgreement(text);
  return new Uint8Array();
}

function exists(text: string): boolean {
  return [...text.matchAll(/\(([^\s()]+)/g)].every(
    ([, name = '']) => name === 'result' || instructions.has(name),
  );
}
