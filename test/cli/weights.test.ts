import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SafeTensor, withMetadata, writeSafetensors } from '../../src/weights/index.ts';
import { sinter } from './run.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-cli-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): SafeTensor => ({
  dtype: 'F32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const sound = new Map<string, SafeTensor>([
  ['layer.odd name', floats([1, -3, 0, Number.NaN, 2, 0], [2, 3])],
  ['b', { dtype: 'BF16', shape: [2], data: new Uint8Array(Uint16Array.of(0x3f80, 0xc000).buffer) }],
  ['packed', { dtype: 'F4', shape: [4], data: Uint8Array.of(1, 2) }],
  ['none', floats([], [0, 3])],
]);

describe('sinter weights', () => {
  test('lists tensors with statistics, texts, totals and the checksum', async () => {
    const path = file('a.safetensors', withMetadata(writeSafetensors(sound), { note: 'x'.repeat(300) }));
    const { code, out, err } = await sinter(['weights', path]);
    expect([code, err]).toEqual([0, '']);
    expect(out.replace(path, 'a').replace(/[0-9a-f]{8},/, 'SUM,')).toMatchInlineSnapshot(`
      "a: 4 tensors, 12 elements, 646 B
        tensor          type  shape   size  min  max  mean  deviation  NaN  zeros
        layer.odd name  F32   [2, 3]  24 B  -3   2    0     1.673      1    2
        b               BF16  [2]      4 B  -2   1    -0.5  1.5        0    0
        packed          F4    [4]      2 B
        none            F32   [0, 3]   0 B  NaN  NaN  NaN   NaN        0    0
      note: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … (300 characters)
      checksum SUM, which is right
      "
    `);
  });

  test('gives the same as data', async () => {
    const path = file('b.safetensors', writeSafetensors(sound, { note: 'n' }));
    const { code, out } = await sinter(['weights', path, '--json']);
    const found = JSON.parse(out);
    expect(code).toBe(0);
    expect(found).toMatchObject({ checksum: 'none', metadata: { note: 'n' } });
    expect(found.tensors[0]).toEqual({
      name: 'layer.odd name',
      dtype: 'F32',
      shape: [2, 3],
      bytes: 24,
      statistics: { min: -3, max: 2, mean: 0, deviation: Math.sqrt(14 / 5), nan: 1, zeros: 2 },
    });
    expect(found.tensors[2].statistics).toBeNull();
    expect(found.tensors[3].statistics).toMatchObject({ min: 'NaN', zeros: 0 });
  });

  test('refuses a file that is cut, changed, missing or something else', async () => {
    const bytes = withMetadata(writeSafetensors(sound), {});
    const cut = await sinter(['weights', file('cut', bytes.subarray(0, bytes.length - 1))]);
    expect([cut.code, cut.out]).toEqual([2, '']);
    expect(cut.err).toContain('it is cut');
    const changed = Uint8Array.from(bytes);
    changed[changed.length - 1] = 9;
    expect((await sinter(['weights', file('changed', changed)])).err).toContain('expected the checksum ');
    expect((await sinter(['weights', join(folder, 'absent')])).err).toContain(
      'there is no such file (ENOENT)',
    );
    expect(
      (await sinter(['weights', file('text', new TextEncoder().encode('some text in a file'))])).code,
    ).toBe(2);
  });

  test('refuses a damaged file where it is compared, too, in either place', async () => {
    const bytes = withMetadata(writeSafetensors(new Map([['a', floats([1, 2])]])), {});
    const changed = Uint8Array.from(bytes);
    changed[changed.length - 1] = 9;
    const [right, damaged] = [file('right', bytes), file('damaged', changed)];
    for (const paths of [
      [right, damaged],
      [damaged, right],
    ]) {
      const { code, out, err } = await sinter(['weights', ...paths]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/damaged: expected the checksum /);
    }
    expect((await sinter(['weights', right, right])).code).toBe(0);
  });

  test('compares two files: what one lacks, other shapes and types, and by how much elements differ', async () => {
    const first = new Map([
      ['same', floats([1, Number.NaN])],
      ['close', floats([1, 100, 0])],
      ['shape', floats([1, 2])],
      ['gone', floats([1])],
    ]);
    const second = new Map([
      ['same', floats([1, Number.NaN])],
      ['close', floats([1, 101, 0])],
      ['shape', floats([1, 2, 3])],
      ['new', floats([1])],
    ]);
    const paths = [file('one', writeSafetensors(first)), file('two', writeSafetensors(second))] as const;
    const { code, out } = await sinter(['weights', ...paths]);
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "1 of 5 tensors are the same
        tensor  what                     differing  at most by  relatively
        close                            1          1           0.009901
        shape   F32 [2] beside F32 [3]
        gone    only in the first file
        new     only in the second file
      "
    `);
    const equal = await sinter(['weights', paths[0], paths[0]]);
    expect([equal.code, equal.out]).toEqual([0, '4 of 4 tensors are the same\n']);
    const data = JSON.parse((await sinter(['weights', ...paths, '--json'])).out);
    expect(data.tensors[2]).toEqual({ name: 'shape', types: ['F32 [2]', 'F32 [3]'] });
    expect(data.tensors[1]).toEqual({
      name: 'close',
      difference: { count: 1, maxAbsolute: 1, maxRelative: 1 / 101 },
    });
  });
});
