import { type Mnist, type MnistSources, mnistFiles, mnistOf, type NamedIdx, readIdx } from '../data/index.ts';
import { type FetchOptions, type FetchProgress, type FileLike, fileContents } from './fetch.ts';

/**
 * The MNIST digits, or Fashion-MNIST, which has the same form (`fashionMnistClasses` are its labels): from an address under which
 * the four idx files have their usual names (packed, with `.gz`, if `packed` says so), or from the files.
 *
 * @param options `onProgress` hears of the bytes of all four together
 * @throws FormatError `file` where a file does not come, is cut or something else; the reason of a signal
 */
export async function loadMnist(
  from: string | URL | MnistSources<FileLike>,
  options: FetchOptions & { readonly packed?: boolean } = {},
): Promise<Mnist> {
  const files =
    typeof from === 'string' || from instanceof URL ? filesUnder(from, options.packed === true) : from;
  const onProgress = summed(4, options.onProgress);
  const idx = async (file: FileLike): Promise<NamedIdx> => {
    const { bytes, name } = await fileContents(file, { ...options, onProgress: onProgress() });
    return { name, array: readIdx(bytes, { name }) };
  };
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    idx(files.trainImages),
    idx(files.trainLabels),
    idx(files.testImages),
    idx(files.testLabels),
  ]);
  return mnistOf({ trainImages, trainLabels, testImages, testLabels });
}

function filesUnder(base: string | URL, packed: boolean): MnistSources<FileLike> {
  const address = (name: string): string =>
    `${String(base).replace(/\/$/, '')}/${name}${packed ? '.gz' : ''}`;
  return {
    trainImages: address(mnistFiles.trainImages),
    trainLabels: address(mnistFiles.trainLabels),
    testImages: address(mnistFiles.testImages),
    testLabels: address(mnistFiles.testLabels),
  };
}

/** Hears of several files, and tells of all together; of their size once it is known of all. */
function summed(count: number, tell: FetchOptions['onProgress']): () => (progress: FetchProgress) => void {
  const all: FetchProgress[] = [];
  return () => {
    const place = all.length;
    all.push({ loaded: 0, total: undefined });
    return (progress) => {
      all[place] = progress;
      const known = all.every(({ total }) => total !== undefined) && all.length === count;
      const sum = (of: (one: FetchProgress) => number): number => all.reduce((n, one) => n + of(one), 0);
      tell?.({ loaded: sum((one) => one.loaded), total: known ? sum((one) => one.total ?? 0) : undefined });
    };
  };
}
