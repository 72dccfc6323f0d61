import { defineConfig } from 'vitest/config';

// Generous: a busy machine must not fail a test. No assertion of ours measures time.
const SECONDS = 1_000;

export default defineConfig({
  test: {
    // Suites that start servers mostly wait for them; two at a time keep two cores busy.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'code',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 60 * SECONDS,
          hookTimeout: 60 * SECONDS,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
          testTimeout: 120 * SECONDS,
          hookTimeout: 120 * SECONDS,
        },
      },
    ],
  },
});
