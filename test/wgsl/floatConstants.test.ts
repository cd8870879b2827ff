import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from 'watr';
import { float, int } from '../../src/loops/index.ts';
import { f32Const, vectorConst } from '../../src/wasm/code.ts';
import { floatLiteral } from '../../src/wgsl/floatLiteral.ts';
import { kernelOf, storeOf, tensorOf } from '../kernels/buildKernel.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { runOnDevice } from './kernelDevice.ts';

const word = new DataView(new ArrayBuffer(4));
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
const SMALLEST_NORMAL = 2 ** -126;

function floatOf(bits: number): number {
  word.setUint32(0, bits);
  return word.getFloat32(0);
}

/** Bits of float32 numbers: the ends and the middle of every binade, of either sign, and `random` others. */
function patterns(random: number): number[] {
  const fractions = [0, 1, 2, 0x400000, 0x7ffffe, 0x7fffff];
  const binades = Array.from({ length: 256 }, (_, exponent) => exponent << 23);
  const ends = binades.flatMap((binade) => fractions.map((fraction) => binade | fraction));
  let state = 1;
  const others = Array.from({ length: random }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  });
  return [...ends.flatMap((bits) => [bits, (bits | 0x80000000) >>> 0]), ...others];
}

/** Constants that differ from what they should be, NaNs of any bits alike. */
function differing(given: readonly number[], found: readonly number[], flushed = false): string[] {
  return given.flatMap((value, k) => {
    const got = found[k];
    if (Object.is(got, value) || (flushed && Math.abs(value) < SMALLEST_NORMAL && got === 0)) return [];
    return [`${value} is ${got}`];
  });
}

describe('a float32 constant', () => {
  test('is a decimal in WGSL that reads back as its bits, and not above the largest float32', () => {
    for (const bits of patterns(50_000)) {
      const value = floatOf(bits);
      if (!Number.isFinite(value)) continue;
      const read = Number(floatLiteral(value));
      if (!Object.is(Math.fround(read), value) || Math.abs(read) > LARGEST)
        expect.fail(`${value} is printed as ${floatLiteral(value)}`);
    }
  });

  test('keeps its bits through the text of WebAssembly', () => {
    const values = patterns(300)
      .map(floatOf)
      .filter((_, k) => k % 3 === 0 || k > 3000);
    const few = values.filter((_, k) => k % 5 === 0);
    const stores = values.map((v, k) => `(f32.store offset=${4 * k} (i32.const 0) ${f32Const(v)})`);
    const vectors = few.map((v, k) => `(v128.store offset=${16 * k} (i32.const 0) ${vectorConst(v, true)})`);
    const module = new WebAssembly.Module(
      new Uint8Array(
        compile(`(module (memory (export "memory") 8)
          (func (export "scalars") ${stores.join('\n')})
          (func (export "vectors") ${vectors.join('\n')}))`),
      ),
    );
    const { memory, scalars, vectors: four } = new WebAssembly.Instance(module).exports;
    if (
      !(memory instanceof WebAssembly.Memory) ||
      typeof scalars !== 'function' ||
      typeof four !== 'function'
    )
      throw new TypeError('the module lacks an export');
    scalars();
    expect(differing(values, [...new Float32Array(memory.buffer, 0, values.length)])).toEqual([]);
    four();
    const lanes = [...new Float32Array(memory.buffer, 0, 4 * few.length)];
    for (const lane of [0, 3])
      expect(
        differing(
          few,
          lanes.filter((_, k) => k % 4 === lane),
        ),
      ).toEqual([]);
  });
});

describe('a float32 constant on WGSL', () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await freshDevice();
  });
  afterAll(() => device.destroy());

  test('is stored as it is, infinities and NaNs too; a subnormal one may be flushed to zero', async () => {
    const all = patterns(400);
    // A few of each binade: a shader of thousands of stores takes a driver long to compile.
    const values = [
      ...all.filter((bits, k) => k % 7 === 0 || (bits & 0x7fffffff) >= 0x7f7ffffe),
      0,
      0x80000000,
    ].map(floatOf);
    const out = tensorOf('out', 'result', [values.length]);
    const stores = values.map((value, k) => storeOf(out, [int(k)], float(value)));
    const [result] = await runOnDevice(device, [{ kernel: kernelOf(stores), memory: new Map() }]);
    expect(differing(values, [...(result?.get(out) ?? [])], true)).toEqual([]);
  });
});
