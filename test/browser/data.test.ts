import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { bytesOf, numpyFiles } from '../data/numpyFiles.ts';
import { bundle } from './bundle.ts';
import { visit } from './chromium.ts';

/** An idx file of zeros. */
function idx(...shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((n, extent) => n * extent, 1));
  bytes.set([0, 0, 8, shape.length]);
  for (const [d, extent] of shape.entries()) bytes[7 + 4 * d] = extent;
  return bytes;
}

/** A PNG of one colour. */
const png = (background: string): Promise<Buffer> =>
  sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();

test('a page reads data that are fetched, chosen and decoded, and says what is wrong with them', async ({
  signal,
}) => {
  const page = await bundle('dataPage.ts');
  const mnist = {
    'train-images-idx3-ubyte': idx(2, 28, 28),
    'train-labels-idx1-ubyte': idx(2),
    't10k-images-idx3-ubyte': idx(1, 28, 28),
    't10k-labels-idx1-ubyte': idx(1),
  };
  const packed = Object.entries(mnist).map(
    ([name, bytes]) => [`/mnist/${name}.gz`, gzipSync(bytes)] as const,
  );
  const total = packed.reduce((n, [, bytes]) => n + bytes.length, 0);
  const files = new Map<string, string | Uint8Array>([
    ...page.files,
    ...packed,
    ['/table.csv', 'a,b\n1,2\n3,4\n'],
    ['/arrays.npz', bytesOf(numpyFiles.archives.deflated)],
    ['/image.png', await png('#ff8000')],
    ['/blue.png', await png('#0000ff')],
  ]);
  const { result } = await visit({ files, webgpu: false }, signal);
  expect(result).toEqual({
    digits: [2, 1, [0, 0]],
    last: { loaded: total, total },
    table: [1, 3],
    rows: [{ a: 1, b: 2 }],
    labels: [2, 0, 1],
    image: [255, 255, 255, 255, 128, 128, 128, 128, 0, 0, 0, 0],
    grey: [151, 151],
    drawn: [255, 128, 0],
    folder: {
      classes: ['cold', 'warm'],
      shape: [1, 2, 3],
      x: [0, 0, 255, 0, 0, 255, 255, 128, 0, 255, 128, 0],
      y: [0, 1],
    },
    errors: [
      expect.stringMatching(/^FormatError: \/none: cannot be fetched: the server answers 404/),
      expect.stringMatching(/^FormatError: \/table\.csv: expected an idx file/),
      expect.stringMatching(/^FormatError: mine\.csv, line 2: expected a closing quote/),
      expect.stringMatching(/^FormatError: text\.png: it is no image that is read/),
      'Error: enough',
    ],
  });
});
