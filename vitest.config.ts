import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
// Its workers would wait for ever: older versions do not run TypeScript.
if (MAJOR < 22 || (MAJOR === 22 && MINOR < 18)) {
  throw new Error(
    `the tests need Node 22.18 or newer, this is ${process.versions.node}; npm test -- FILE runs them on the version that npm ci installed`,
  );
}

/** Generous, in milliseconds: a busy machine must not fail a test. No assertion of ours measures time. */
const TIMEOUT = 300_000;

/** Tests of the built command. */
export const BUILT = ['test/e2e/**/*.test.ts', 'test/cluster/chaos.test.ts'];

/**
 * Test files that share a process, which loads `src/` once for all of them and not 250 times. A file that replaces a
 * module needs a process of its own: the module would stay replaced for others, or be loaded already.
 */
const SHARED = globSync('test/{unit,conformance}/**/*.test.ts').filter(
  (file) => !readFileSync(file, 'utf8').includes('vi.mock('),
);

/** What all suites share: a test that asserts nothing fails. */
const ALL = {
  expect: { requireAssertions: true },
  setupFiles: ['test/support/seed-setup.ts'],
  testTimeout: TIMEOUT,
  hookTimeout: TIMEOUT,
};

export default defineConfig({
  test: {
    // Suites that start servers mostly wait for them: with two at a time, two cores are idle for a third of the time.
    maxWorkers: 3,
    globalSetup: [
      'test/support/celery-pythons.ts',
      'test/support/compile-cache.ts',
      'test/support/data-folders.ts',
      'test/support/rabbitmq-pool.ts',
    ],
    projects: [
      {
        test: {
          ...ALL,
          name: 'unit',
          include: SHARED,
          isolate: false,
        },
      },
      {
        test: {
          ...ALL,
          name: 'code',
          include: ['test/**/*.test.ts'],
          exclude: [...BUILT, ...SHARED],
        },
      },
      {
        test: {
          ...ALL,
          name: 'e2e',
          include: BUILT,
          globalSetup: ['test/support/build.ts'],
        },
      },
    ],
  },
});
