// One warm vitest in a process of its own: the parent ends it, with all that it started, when a mutant hangs.
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeFileSync } from 'node:fs';
import { BaseSequencer, createVitest, type TestCase, type TestModule, type TestSpecification } from 'vitest/node';
import config, { BUILT } from '../vitest.config.ts';
import {
  FOLDER,
  MODE,
  swapPath,
  type Answer,
  type Failure,
  type Mode,
  type Swap,
  type Task,
  type TestFile,
} from './protocol.ts';
import { instrument } from './scopes.ts';

/** The caller's order: the tests that will most likely notice come first. */
class AsGiven extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files);
  }
}

const mode = process.env[MODE] as Mode;
const folder = process.env[FOLDER]!;
let swap: Swap | null = null;
let files: TestFile[] = [];
let failure: Failure | null = null;

const projects = config.test?.projects ?? [];
const code = projects.find((p) => typeof p === 'object' && 'test' in p && p.test.name === 'code');
if (typeof code !== 'object' || !('test' in code)) throw new Error('vitest.config.ts has no project "code"');

const preload = pathToFileURL(resolve('mutation/preload.ts')).href;
const vitest = await createVitest(
  {
    ...code.test,
    exclude: BUILT,
    globalSetup: config.test?.globalSetup ?? [],
    // What a test file reaches is recorded for each process.
    isolate: true,
    config: false,
    watch: false,
    // It would return the text of an earlier mutant, and cache this one for others.
    fsModuleCache: false,
    // A mutant that makes a test wait for ever is noticed, too, but not after a minute.
    testTimeout: 30_000,
    maxWorkers: 2,
    setupFiles: ['mutation/setup.ts'],
    sequence: { sequencer: AsGiven },
    env: { [MODE]: mode, [FOLDER]: folder, NODE_OPTIONS: `--import ${preload}`, TEST_ALL: '1' },
    reporters: [{ onTestModuleEnd: noteModule, onTestCaseResult: noteTest }],
  },
  {
    plugins: [
      {
        name: 'mutation',
        enforce: 'pre',
        load: (id) => (swap && id === resolve(swap.file) ? swap.text : null),
        transform: (text, id) => {
          const file = relative(process.cwd(), id);
          return mode === 'record' && /^src\/.*\.ts$/.test(file) ? instrument(file, text) : null;
        },
      },
    ],
  },
);
const specifications = new Map(
  (await vitest.globTestSpecifications()).map((spec) => [relative(process.cwd(), spec.moduleId), spec]),
);
process.on('message', (task: Task) => void run(task).then((answer) => process.send!(answer)));
process.on('disconnect', () => process.exit());
process.send!([...specifications.keys()]);

async function run(task: Task): Promise<Answer> {
  files = [];
  failure = null;
  if (swap) vitest.invalidateFile(resolve(swap.file));
  ({ swap } = task);
  if (swap) vitest.invalidateFile(resolve(swap.file));
  // For the processes that tests start.
  writeFileSync(swapPath(folder), JSON.stringify(swap));
  const { unhandledErrors } = await vitest.runTestSpecifications(task.tests.map((test) => specifications.get(test)!));
  const [error] = unhandledErrors as readonly Partial<Error>[];
  if (error) failure ??= { file: '', title: 'an error outside of any test', message: String(error.message) };
  return { files, failure };
}

function noteTest(test: TestCase): void {
  const { state, errors } = test.result();
  if (state !== 'failed') return;
  const file = relative(process.cwd(), test.module.moduleId);
  fail({ file, title: test.fullName, message: errors[0]?.message ?? '' });
}

function noteModule(module: TestModule): void {
  const file = relative(process.cwd(), module.moduleId);
  const tests = [...module.children.allTests('passed')].length;
  files.push({ file, passed: module.ok(), tests, duration: sumDurations(module) });
  const [error] = module.errors();
  if (error) fail({ file, title: 'the file could not be loaded', message: error.message });
  if (module.state() === 'failed') fail({ file, title: 'its preparations', message: '' });
}

/**
 * Ends the run at the first failure. The option `bail` would count the failures of earlier mutants as
 * well, and skip every test.
 */
function fail(found: Failure): void {
  failure ??= found;
  if (mode === 'mutate') void vitest.cancelCurrentRun('test-failure');
}

function sumDurations(module: TestModule): number {
  const { collectDuration, duration, setupDuration, environmentSetupDuration, prepareDuration } = module.diagnostic();
  return collectDuration + duration + setupDuration + environmentSetupDuration + prepareDuration;
}
