import { existsSync, globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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
export const BUILT = ['test/e2e/**/*.test.ts', 'test/cluster/chaos-*.test.ts'];

/**
 * Test files that share a process, which loads `src/` once for all of them and not 400 times. A file that replaces a
 * module needs a process of its own: the module would stay replaced for others, or be loaded already.
 */
const SHARED = globSync('test/{unit,conformance,contract}/**/*.test.ts').filter(
  (file) => !readFileSync(file, 'utf8').includes('vi.mock('),
);

/**
 * Files that take half a minute or more, and start first: one that starts last would run alone at the end. Those that
 * need much CPU stand between those that wait.
 */
const LONGEST = [
  'test/cluster/chaos-redis.test.ts',
  'test/e2e/python-wheel.test.ts',
  'test/e2e/outcomes.test.ts',
  'test/e2e/import-celery.test.ts',
  'test/cluster/chaos-rabbitmq.test.ts',
  'test/cluster/outages.test.ts',
  'test/e2e/dashboard.test.ts',
  'test/e2e/tutorial-pages.test.ts',
  'test/cluster/chaos-postgresql.test.ts',
  'test/e2e/worker-sharing.test.ts',
  'test/e2e/rabbitmq-faults.test.ts',
  'test/contract/wrong-servers.test.ts',
  'test/cluster/chaos-sqlite.test.ts',
  'test/e2e/worker-control.test.ts',
  'test/e2e/worker.test.ts',
  'test/e2e/remote-control.test.ts',
];

/** Starts the longest files first, and last the unit tests, which are short and wait for nothing. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = LONGEST.filter((file) => !existsSync(file));
    if (gone.length > 0) throw new Error(`LONGEST in vitest.config.ts: no such file: ${gone.join()}`);
    const rank = ({ moduleId, project }: TestSpecification) => {
      const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      if (at >= 0) return at;
      const isContract = moduleId.includes('/test/contract/');
      return LONGEST.length + (isContract ? 2 : ['e2e', 'code', '', 'shared'].indexOf(project.name));
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** What all suites share: a test that asserts nothing fails. */
const ALL = {
  expect: { requireAssertions: true },
  setupFiles: ['test/support/seed-setup.ts'],
  testTimeout: TIMEOUT,
  hookTimeout: TIMEOUT,
};

export default defineConfig({
  test: {
    // Suites that start servers wait for them more than half of the time: with two at a time, two cores are often idle.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    globalSetup: [
      'test/support/celery-pythons.ts',
      'test/support/compile-cache.ts',
      'test/support/data-folders.ts',
      'test/support/left-out.ts',
      'test/support/rabbitmq-pool.ts',
    ],
    projects: [
      {
        test: {
          ...ALL,
          name: 'shared',
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
          isolate: false,
          globalSetup: ['test/support/build.ts'],
        },
      },
    ],
  },
});
