import { expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compile } from '../../src/index.ts';
import { profiles } from '../../src/passes/profile.ts';
import { start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { type Bundle, bundle } from './bundle.ts';
import { isolation, visit } from './chromium.ts';
import { model } from './model.ts';
import { SEED, training } from './training.ts';

/** What only a program for WebAssembly needs: the assembler, and a runtime. */
const assembler = 'node_modules/watr/watr.js';
const runtime = 'src/runtime/wasm/start.ts';

/** The chunk that holds a file. */
function chunkWith(file: string, { sources }: Bundle): string | undefined {
  return [...sources].find(([, files]) => files.includes(file))?.[0];
}

test('a page in Chromium compiles for WebGPU, and trains as Node does', async ({ signal }) => {
  const { program } = compileModule(model, profiles['webgpu-software']);
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
  expect(requested).toContain(chunkWith('src/compile.ts', page));
  for (const file of [assembler, runtime]) expect(requested).not.toContain(chunkWith(file, page));
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
  for (const file of [assembler, runtime]) expect(visited.requested).toContain(chunkWith(file, page));
});

test('the assembler is in a chunk of its own', async () => {
  const page = await bundle('autoPage.ts');
  const files = page.sources.get(chunkWith(assembler, page) ?? '') ?? [];
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !file.startsWith('node_modules/watr/'))).toEqual([]);
});
