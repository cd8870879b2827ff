import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Dawn finds no adapter in worker threads: their process.env is a copy.
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
