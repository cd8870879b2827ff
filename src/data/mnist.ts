import { unlike } from '../runtime/unlike.ts';
import type { IdxArray } from './idx.ts';

/** Images with their labels: `images` holds 784 bytes (28 × 28) for each, `labels` one, 0 to 9. */
export interface Digits {
  readonly count: number;
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** MNIST, or a set of the same form. */
export interface Mnist {
  /** 60,000 images. */
  readonly train: Digits;
  /** 10,000 images. */
  readonly test: Digits;
}

/** The four files of MNIST by their usual names, without `.gz`. */
export const mnistFiles = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;

/** What each of the four files is given as. */
export type MnistSources<Source> = { readonly [Name in keyof typeof mnistFiles]: Source };

/** The labels of Fashion-MNIST, which has the form of MNIST. (Xiao, Rasul and Vollgraf 2017) */
export const fashionMnistClasses = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const;

/** An idx file with what errors call it. */
export interface NamedIdx {
  readonly name: string;
  readonly array: IdxArray;
}

/** Both sets, out of the four files. @throws FormatError `file` where shapes or labels are not those of MNIST */
export function mnistOf(files: MnistSources<NamedIdx>): Mnist {
  return {
    train: digits(files.trainImages, files.trainLabels),
    test: digits(files.testImages, files.testLabels),
  };
}

function digits(images: NamedIdx, labels: NamedIdx): Digits {
  const [count = 0] = images.array.shape;
  const pixels = bytesOf(images, [count, 28, 28]);
  const numbers = bytesOf(labels, [count]);
  const wrong = numbers.findIndex((label) => label > 9);
  if (wrong >= 0) unlike(labels.name, 'labels 0 to 9', `${numbers[wrong]} at index ${wrong}`);
  return { count, images: pixels, labels: numbers };
}

function bytesOf({ name, array }: NamedIdx, expected: readonly number[]): Uint8Array<ArrayBuffer> {
  const { dtype, shape, data } = array;
  if (shape.join() !== expected.join())
    unlike(name, `the shape [${expected.join(', ')}]`, `[${shape.join(', ')}]`);
  return dtype === 'u8' ? data : unlike(name, 'unsigned bytes', dtype);
}
