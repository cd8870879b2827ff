import { describe, expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { Dice } from '../oracle/dice.ts';
import { reference } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

/** Whole numbers of 32 bits: random ones of every length, and those halfway between two floats and beside it. */
function integers(): number[] {
  const dice = new Dice(7);
  const found = [0, 1, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 128, 2 ** 32 - 129];
  for (let length = 24; length <= 32; length++) {
    for (let k = 0; k < 20; k++) {
      const random = 2 ** (length - 1) + Math.floor(dice.unit() * 2 ** (length - 1));
      // The last bit that a float of this size has.
      const unit = 2 ** (length - 24);
      const halfway = Math.floor(random / unit) * unit + unit / 2;
      found.push(random, halfway, halfway - 1, halfway + 1);
    }
  }
  return found.map(Math.floor).filter((n) => n < 2 ** 32);
}

describe.each([reference, wasm(1), wgsl('webgpu'), wgsl('webgpu-software')])('on $name', (target) => {
  it('whole numbers become the nearest float, of two the even one', async () => {
    const unsigned = integers();
    const signed = unsigned.flatMap((n) => [n | 0, -(n | 0) | 0]);
    const module = defineModule('conversions', (m) => {
      const u = m.input('u', { shape: [unsigned.length], dtype: 'u32' });
      const i = m.input('i', { shape: [signed.length], dtype: 'i32' });
      const small = m.input('small', { shape: [256], dtype: 'u8' });
      m.entry('run', {
        u: u.cast('f32'),
        i: i.cast('f32'),
        computed: i.mul(3).sub(1).cast('f32'),
        small: small.cast('f32'),
      });
    });
    const session = await target.start(module);
    const bytes = Array.from({ length: 256 }, (_, k) => k);
    const outputs = await session.step('run', {
      inputs: {
        u: { shape: [unsigned.length], data: unsigned },
        i: { shape: [signed.length], data: signed },
        small: { shape: [256], data: bytes },
      },
    });
    await session.dispose();
    const expectRounded = (name: string, wanted: readonly number[]): void => {
      const found = Array.from(outputs[name]?.data ?? [], Math.fround);
      const wrong = wanted.flatMap((n, k) =>
        found[k] === Math.fround(n) ? [] : [`${name} of ${n} is ${found[k]}, not ${Math.fround(n)}`],
      );
      expect(wrong.slice(0, 5)).toEqual([]);
    };
    expectRounded('u', unsigned);
    expectRounded('i', signed);
    expectRounded(
      'computed',
      signed.map((n) => (Math.imul(n, 3) - 1) | 0),
    );
    expectRounded('small', bytes);
  });
});
