import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/longestFirst.ts';

const packed = ['test/package/*.test.ts'];

/** Tests of what engines make of code: it depends on what else a process has run. */
const alone = ['test/alone/*.test.ts'];

/** Tests beside PyTorch have a configuration of their own. */
const interop = ['test/interop/*.test.ts'];

/** Files that take half a minute or more, the longest first: where one comes last, the other cores wait for it. */
const longest = [
  'values/wgslBarriers',
  'values/wgsl',
  'values/reference',
  'package/readme',
  'web/playground',
  'web/report',
  'compile/randomWgsl',
  'compile/randomRows',
  'runtime/lifetime',
];

const sourceOf = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  test: {
    // Dawn finds no adapter in worker threads: their process.env is a copy.
    pool: 'forks',
    // Files share what they import, and mock no module: loading it again for each takes a seventh of the time of all.
    isolate: false,
    // What one test stubs is whole again for the next, whether it passed or not.
    restoreMocks: true,
    unstubGlobals: true,
    unstubEnvs: true,
    // All cores: what is left beside a test that waits for the driver is another test's.
    maxWorkers: '100%',
    sequence: { sequencer: longestFirst(longest) },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        // Examples import the package by its name.
        resolve: {
          alias: [
            { find: /^sinter$/, replacement: sourceOf('index.ts') },
            { find: /^sinter\/data$/, replacement: sourceOf('data/index.ts') },
            { find: /^sinter\/browser$/, replacement: sourceOf('browser/index.ts') },
            { find: /^sinter\/node$/, replacement: sourceOf('node/index.ts') },
            { find: /^sinter\/onnx$/, replacement: sourceOf('onnx/index.ts') },
            { find: /^sinter\/train$/, replacement: sourceOf('train/index.ts') },
            { find: /^sinter\/weights$/, replacement: sourceOf('weights/index.ts') },
          ],
        },
        test: { name: 'sources', include: ['test/**/*.test.ts'], exclude: [...packed, ...alone, ...interop] },
      },
      { extends: true, test: { name: 'alone', include: alone, isolate: true } },
      { extends: true, test: { name: 'package', include: packed, globalSetup: 'test/package/install.ts' } },
    ],
  },
});
