import { defineConfig } from 'vitest/config';

/** Tests beside programs that no user needs, such as PyTorch: `npm run test:interop`. */
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    globalSetup: 'test/interop/takeSamples.ts',
    pool: 'forks',
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
