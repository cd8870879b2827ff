import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the runtime alone is at most 10,240 bytes, minified and gzipped', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export * from 'sinter/runtime';", resolveDir: '.' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const [bundle] = outputFiles;
  expect(bundle?.text).toContain('requestAdapter');
  expect(bundle?.text).not.toContain('npm install webgpu');
  // The program gzip packs the same in 28 bytes more than zlib, its file's name among them.
  expect(gzipSync(bundle?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(10_240 - 28);
});
