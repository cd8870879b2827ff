import {
  imageFolder,
  loadMnist,
  readCsv,
  readIdx,
  readImage,
  readNpz,
  streamCsv,
} from '../../src/browser/index.ts';
import { post } from './post.ts';

/** What is thrown, as text. */
const failure = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'nothing',
    (error: unknown) => String(error),
  );

await post(async () => {
  const progress: unknown[] = [];
  const digits = await loadMnist('/mnist/', { packed: true, onProgress: (now) => progress.push({ ...now }) });
  const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await (await fetch(path)).arrayBuffer());
  const image = await bytes('/image.png');
  const [red, blue] = [new File([image], 'red.png'), new File([await bytes('/blue.png')], 'blue.png')];
  const folder = imageFolder(
    [
      { path: 'warm/red.png', source: red },
      { path: 'cold/blue.png', source: blue },
      { path: 'warm/notes.txt', source: new Blob(['red']) },
    ],
    { size: [1, 2], layout: 'nhwc' },
  );
  const { x, y } = await folder.load();
  const control = new AbortController();
  control.abort(new Error('enough'));
  const bitmap = await createImageBitmap(red);
  const rows: unknown[] = [];
  for await (const row of streamCsv('/table.csv').take(1)) rows.push(row);
  return {
    digits: [digits.train.count, digits.test.count, [...digits.train.labels]],
    last: progress.at(-1),
    table: [...(await readCsv(new File([await bytes('/table.csv')], 'mine.csv'))).column('a').values],
    rows,
    labels: [...((await readNpz('/arrays.npz')).get('labels')?.data ?? [])],
    image: [...(await readImage('/image.png', { size: 2 }))],
    grey: [...(await readImage(image, { size: [1, 2], channels: 'grey' }))],
    drawn: [...(await readImage(bitmap, { size: 1, fit: 'stretch' }))],
    folder: { classes: folder.classes, shape: folder.shape, x: [...x], y: [...y] },
    errors: [
      await failure(readIdx('/none')),
      await failure(readIdx('/table.csv')),
      await failure(readCsv(new File(['a\n"'], 'mine.csv'))),
      await failure(readImage(new File(['text'], 'text.png'), { size: 2 })),
      await failure(readIdx('/image.png', { signal: control.signal })),
    ],
  };
});
