import { defineConfig } from 'vitest/config';
import { longestFirst } from './test/longestFirst.ts';

/** Files that take half a minute or more, the longest first. */
const longest = [
  'interop/operations',
  'interop/xla',
  'interop/onnxOutWorkloads',
  'interop/weights',
  'interop/manyDevices',
  'interop/onnxInModels',
];

/** Tests beside programs that no user needs, such as PyTorch: `npm run test:interop`. */
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    globalSetup: 'test/interop/takeSamples.ts',
    pool: 'forks',
    isolate: false,
    // Python's processes take the processor in turns with the tests that wait for them.
    maxWorkers: '100%',
    sequence: { sequencer: longestFirst(longest) },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
