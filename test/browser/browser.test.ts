import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { profiles } from '../../src/passes/profile.ts';
import { start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { runInChromium } from './chromium.ts';
import { data, model } from './model.ts';

test('a page in Chromium compiles and trains as Node does', async () => {
  const { outputFiles } = await build({
    entryPoints: [new URL('page.ts', import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // The package maps this file away for browsers (`browser` in package.json), which never import it.
    external: ['webgpu', './node/gpu.ts'],
  });
  const device = await freshDevice();
  const session = await start(compileModule(model, profiles['webgpu-software']).program, { device, seed: 4 });
  const losses: number[] = [];
  for await (const { loss } of session.train({ data, epochs: 5, shuffle: true })) losses.push(loss);
  session.dispose();
  device.destroy();
  const result = await runInChromium(outputFiles[0]?.text ?? '');
  expect(result).toMatchObject({ target: 'webgpu-software' });
  const found = (result as { losses: number[] }).losses;
  expect(found).toHaveLength(5);
  for (const [k, loss] of losses.entries()) expect(found[k]).toBeCloseTo(loss, 5);
});
