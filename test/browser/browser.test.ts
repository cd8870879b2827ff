import { expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compile } from '../../src/index.ts';
import { machines } from '../../src/machine/index.ts';
import { start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { type Bundle, bundle } from './bundle.ts';
import { isolation, visit } from './chromium.ts';
import { model } from './model.ts';
import { SEED, training } from './training.ts';

/** What only a program for WebAssembly needs: the assembler, and a runtime. */
const assembler = 'node_modules/watr/';
const runtime = 'src/runtime/wasm/start.ts';

/** The chunks that hold a file, or files of a folder; there is one at least. */
function chunksWith(path: string, { sources }: Bundle): string[] {
  const chunks = [...sources].filter(([, files]) => files.some((file) => file.startsWith(path)));
  expect(chunks).not.toEqual([]);
  return chunks.map(([chunk]) => chunk);
}

test('a page in Chromium compiles for WebGPU, and trains as Node does', async ({ signal }) => {
  const { program } = compileModule(model, machines['webgpu-software']);
  const device = await freshDevice();
  const session = await start(program, { device, seed: SEED });
  const { losses } = await training(session);
  session.dispose();
  device.destroy();
  const page = await bundle('webgpuPage.ts');
  const { result, requested } = await visit({ files: page.files, webgpu: true }, signal);
  expect(losses).toHaveLength(5);
  const close = losses.map((loss) => expect.closeTo(loss, 5));
  expect(result).toMatchObject({ target: 'webgpu-software', losses: close });
  expect(requested).toEqual(expect.arrayContaining(chunksWith('src/compile.ts', page)));
  for (const path of [assembler, runtime])
    for (const chunk of chunksWith(path, page)) expect(requested).not.toContain(chunk);
});

test('without WebGPU it compiles for WebAssembly, and trains to the same bits as Node', async ({
  signal,
}) => {
  const session = await (await compile(model, { target: 'wasm' })).start({ seed: SEED });
  const expected = await training(session);
  session.dispose();
  const page = await bundle('autoPage.ts');
  const visited = await visit({ files: page.files, headers: isolation, webgpu: false }, signal);
  expect(visited.result).toEqual({ target: 'wasm', ...expected });
  for (const path of [assembler, runtime])
    expect(visited.requested).toEqual(expect.arrayContaining(chunksWith(path, page)));
});

test('the assembler is in chunks of its own', async () => {
  const page = await bundle('autoPage.ts');
  const files = chunksWith(assembler, page).flatMap((chunk) => page.sources.get(chunk) ?? []);
  expect(files.filter((file) => !file.startsWith(assembler))).toEqual([]);
});
