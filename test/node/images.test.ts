import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageFolder, readImage } from '../../src/node/index.ts';
import { FormatError } from '../../src/runtime/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sinter-images-'));
  for (const name of ['cats', 'dogs/old', 'eels']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'cats', '1.png'), await stripes.png().toBuffer());
  await writeFile(join(folder, 'cats', '2.JPG'), await plain('#808080').jpeg().toBuffer());
  await writeFile(
    join(folder, 'dogs', 'old', '1.webp'),
    await plain('#ff0000').webp({ lossless: true }).toBuffer(),
  );
  await writeFile(join(folder, 'dogs', 'notes.txt'), 'no image');
  for (const hidden of ['.git/1.png', 'cats/._1.png']) {
    await mkdir(join(folder, dirname(hidden)), { recursive: true });
    await writeFile(join(folder, hidden), 'no image');
  }
});
afterAll(() => rm(folder, { recursive: true }));

const plain = (background: string, channels: 3 | 4 = 3): Sharp =>
  sharp({ create: { width: 6, height: 2, channels, background } });

/** Six columns and two rows: red, green, blue, white, grey and black. */
const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 128, 128, 128, 0, 0, 0];
const stripes = sharp(Uint8Array.from([...colours, ...colours]), {
  raw: { width: 6, height: 2, channels: 3 },
});

describe('a folder of images', () => {
  test('has a class for each folder, also without images, and its files by number', async () => {
    const set = await imageFolder(folder, { size: [2, 6] });
    expect(set.classes).toEqual(['cats', 'dogs', 'eels']);
    expect(set.shape).toEqual([3, 2, 6]);
    expect(set.files.count).toBe(3);
    expect((await set.files.toArray()).map(({ path, label }) => [path, label])).toEqual([
      ['cats/1.png', 0],
      ['cats/2.JPG', 0],
      ['dogs/old/1.webp', 1],
    ]);
    const { x, y, count } = await set.load();
    expect([count, x.length, [...y]]).toEqual([3, 3 * 36, [0, 0, 1]]);
    expect([...x.subarray(72)]).toEqual([...new Array(12).fill(255), ...new Array(24).fill(0)]);
    const batches = set.files.shuffle({ seed: 1 }).map(set.decode, { concurrency: 2 }).batch(2);
    expect((await batches.toArray()).map((batch) => batch.x.length)).toEqual([72, 36]);
  });

  test('has the classes that are named, in their order', async () => {
    const named = await imageFolder(folder, { size: 2, classes: ['owls', 'dogs', 'cats'] });
    expect(named.classes).toEqual(['owls', 'dogs', 'cats']);
    expect((await named.files.toArray()).map(({ label }) => label)).toEqual([2, 2, 1]);
    await expect(imageFolder(folder, { size: 2, classes: ['cats'] })).rejects.toThrow(
      `${folder}: expected folders of the classes cats, found dogs/old/1.webp`,
    );
    await expect(imageFolder(folder, { size: 2, classes: ['cats', 'cats'] })).rejects.toThrow(
      'classes: a class is given twice',
    );
    await expect(imageFolder(folder, { size: 2, classes: [] })).rejects.toThrow('classes: expected a list');
  });

  test('with images beside the folders is refused', async () => {
    const loose = join(folder, 'loose.png');
    await writeFile(loose, await stripes.png().toBuffer());
    await expect(imageFolder(folder, { size: 2 })).rejects.toThrow(
      `${folder}: expected folders of images, one for each class, found loose.png beside them`,
    );
    await rm(loose);
  });

  test('that has none, or is none, is refused', async () => {
    await expect(imageFolder(join(folder, 'eels'), { size: 2 })).rejects.toThrow(
      'eels: expected folders of images, one for each class, found nothing',
    );
    await expect(imageFolder(join(folder, 'none'), { size: 2 })).rejects.toThrow(
      'there is no such file (ENOENT)',
    );
    await expect(imageFolder(folder, { size: 0 })).rejects.toThrow(
      'size: expected 1 to 16384 pixels, found 0',
    );
    // @ts-expect-error: without a size
    await expect(imageFolder(folder, {})).rejects.toThrow(
      'size: expected a number, or a list of a height and a width, found undefined',
    );
    // @ts-expect-error: three sizes
    await expect(imageFolder(folder, { size: [2, 2, 3] })).rejects.toThrow(
      'a height and a width, found object',
    );
    // @ts-expect-error: an option that there is not
    await expect(imageFolder(folder, { size: 2, chanels: 'grey' })).rejects.toThrow(
      'chanels: no such option',
    );
  });
});

describe('an image', () => {
  const path = (): string => join(folder, 'cats', '1.png');

  test('is given channels first or last, in colours or in grey', async () => {
    const row = await readImage(path(), { size: [2, 6], layout: 'nhwc' });
    expect([...row.subarray(0, 18)]).toEqual(colours);
    const planes = await readImage(path(), { size: [2, 6] });
    expect([...planes.subarray(0, 6)]).toEqual([255, 0, 0, 255, 128, 0]);
    expect([...planes.subarray(12, 18)]).toEqual([0, 255, 0, 255, 128, 0]);
    // Pillow's `convert('L')` of the same colours.
    const grey = await readImage(path(), { size: [2, 6], channels: 'grey' });
    expect([...grey.subarray(0, 6)]).toEqual([76, 150, 29, 255, 128, 0]);
  });

  test('of another shape is cut to its middle, or stretched', async () => {
    const middle = await readImage(path(), { size: 2, layout: 'nhwc' });
    expect([...middle.subarray(0, 6)]).toEqual([0, 0, 255, 255, 255, 255]);
    const stretched = await readImage(path(), { size: [1, 6], layout: 'nhwc', fit: 'stretch' });
    expect([...stretched]).toEqual(colours);
  });

  test('may be transparent, grey, of sixteen bits or turned', async () => {
    const see = await plain('#ff000080', 4).png().toBuffer();
    expect([...(await readImage(see, { size: 1 }))]).toEqual([128, 0, 0]);
    const grey = await plain('#404040').toColourspace('b-w').png().toBuffer();
    expect([...(await readImage(grey, { size: 1 }))]).toEqual([64, 64, 64]);
    const deep = await plain('#404040').toColourspace('rgb16').png().toBuffer();
    expect([...(await readImage(deep, { size: 1 }))]).toEqual([64, 64, 64]);
    const turned = await stripes.clone().withMetadata({ orientation: 3 }).png().toBuffer();
    const row = await readImage(turned, { size: [2, 6], channels: 'grey' });
    expect([...row.subarray(0, 6)]).toEqual([0, 128, 255, 29, 150, 76]);
  });

  test('that is damaged is refused, with its path', async () => {
    const cut = join(folder, 'cut.jpg');
    await writeFile(cut, (await plain('#808080').jpeg().toBuffer()).subarray(0, 60));
    await expect(readImage(cut, { size: 2 })).rejects.toBeInstanceOf(FormatError);
    await expect(readImage(cut, { size: 2 })).rejects.toThrow(`${cut}: it is no image that is read: `);
    await expect(readImage(new Uint8Array(4), { size: 2 })).rejects.toThrow(
      'the image: it is no image that is read',
    );
  });
});
