import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'kernels/**/*.test.ts'],
    // Whole-node tests start processes and workers; two at a time fits the smallest supported machine.
    globalSetup: ['test/vectors/announce.ts', 'test/l1/announce.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
