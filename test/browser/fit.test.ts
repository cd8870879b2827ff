import { expect, test } from 'vitest';
import { compile } from '../../src/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { perceptron } from '../train/models.ts';
import { bundle } from './bundle.ts';
import { visit } from './chromium.ts';
import { whole } from './fitting.ts';
import { SEED } from './training.ts';

test('a page fits to the bits of Node, and so does what is killed and resumed out of its stores', async ({
  signal,
}) => {
  const program = JSON.stringify(await compile(perceptron, { target: 'wasm' }));
  const open = () => start(JSON.parse(program), { seed: SEED, threads: 1 });
  const [resident, stream] = [await whole(open, 'resident'), await whole(open, 'stream')];
  expect(resident.losses.at(-1)).toBeLessThan(resident.losses[0] ?? 0);
  expect(stream.losses).not.toEqual(resident.losses);
  const page = await bundle('fitPage.ts');
  // `fit` needs nothing of the compiler. What shows a history in a notebook is loaded where one asks.
  const sources = [...page.sources.values()].flat().filter((file) => file.startsWith('src/'));
  expect(
    sources.filter(
      (file) =>
        !/^src\/(half\.ts|graph\/printable\.ts|(runtime|train|weights|data|browser|notebook)\/)/.test(file),
    ),
  ).toEqual([]);
  const files = new Map([...page.files, ['/program.json', program]]);
  const { result } = await visit({ files, webgpu: false }, signal);
  expect(result).toEqual({
    'resident whole': resident,
    'resident opfs': resident,
    'resident indexedDb': resident,
    'stream whole': stream,
    'stream opfs': stream,
    'stream indexedDb': stream,
    shown: expect.stringMatching(/3.*loss/),
  });
});
