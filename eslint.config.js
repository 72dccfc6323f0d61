import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { PURE } from './boundaries.js';

// Everything strict is on; each exception below says why. Promises that a reviewer would have to
// keep in mind (who may read the clock, who may touch the process) are rules here.

const PURE_FILES = PURE.map((path) => `src/${path}${path.endsWith('/') ? '**' : ''}`);

const CLOCK = 'Time comes in through Clock, so that tests set it; src/util/system-clock.ts alone reads it.';
const PROCESS = 'A library must not touch its host: process and console stand in src/cli.';
const PURE_ASYNC = 'Pure files decide and return; what waits belongs to the callers.';
const PURE_RANDOM = 'Pure files give the same answer to the same question.';
const SIMULATED_RANDOM = 'Chance comes in through Random, so that a seed decides every step of the simulation.';
const SEEDED = 'A failure must be repeatable: take a Random with a seed of test/support/seed.ts.';
const SLEEP = 'No test sleeps: advance a ManualClock, or wait for an event.';

const named = (names, message) => names.map((name) => ({ name, message }));
const syntax = (selectors, message) => selectors.map((selector) => ({ selector, message }));

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];
const timerModules = ['timers', 'timers/promises', 'perf_hooks'].flatMap((m) => [m, `node:${m}`]);
const readsClock = syntax(
  [
    "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    "NewExpression[callee.name='Date'][arguments.length=0]",
    "CallExpression[callee.name='Date']",
    "CallExpression[callee.object.name='DateTime'][callee.property.name=/^(now|local|utc)$/][arguments.length=0]",
    "MemberExpression[object.name='AbortSignal'][property.name='timeout']",
    `MemberExpression[object.name='globalThis'][property.name=/^(${TIMERS.join('|')})$/]`,
  ],
  CLOCK,
);
const touchesProcess = syntax(
  ["MemberExpression[object.name='globalThis'][property.name=/^(process|console)$/]"],
  PROCESS,
);
const waits = syntax(
  [
    ':function[async=true]',
    'AwaitExpression',
    'ForOfStatement[await=true]',
    "NewExpression[callee.name='Promise']",
    "MemberExpression[object.name='Promise']",
  ],
  PURE_ASYNC,
);
const random = ["MemberExpression[object.name='Math'][property.name='random']"];
const rolls = syntax(random, PURE_RANDOM);
const unseeded = syntax(random, SEEDED);
const RANDOM_SOURCES = ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'webcrypto'];

/** What runs in the simulation: its clock, chance and ids are given by the instance. */
const SIMULATED = ['util', 'schedule', 'celery', 'contracts', 'entries', 'read-models', 'drivers/memory', 'leader'].map(
  (room) => `src/${room}/**`,
);

export default defineConfig(
  globalIgnores(['bundle/', 'dist/', 'python/build/', 'coverage/', 'site/', '.venv/']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      // The file's own words: types are imported as types, so that running it loads nothing for them.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // noUncheckedIndexedAccess makes every element optional; `!` stands where the loop's own bounds,
      // or the statement's own columns, say that it is there.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Numbers read well in a message; objects do not, and stay forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => emit(x)` is how a callback reads, and `return void report(x)` how one leaves with nothing
      // to hand over. Only the forms that look like a value stay forbidden.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        {
          ignoreArrowShorthand: true,
          ignoreVoidOperator: true,
          ignoreVoidReturningFunctions: true,
        },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // `async` without `await` is how a contract's promise is kept by code that need not wait: what
      // it throws becomes a rejection.
      '@typescript-eslint/require-await': 'off',
      // The usual mark for "taken, because the contract hands it over, but not needed"; and what stands
      // after `using` is used by the end of its block.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreUsingDeclarations: true }],
      // Brackets mark a name that no type knows: a column of a row, a variable of the environment.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // An empty function is a fine default for a callback.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/util/system-clock.ts'],
    rules: {
      'no-restricted-globals': ['error', ...named(TIMERS, CLOCK), ...named(['process', 'console'], PROCESS)],
      'no-restricted-imports': [
        'error',
        { paths: [...named(timerModules, CLOCK), ...named(['process', 'node:process'], PROCESS)] },
      ],
      'no-restricted-syntax': ['error', ...readsClock, ...touchesProcess],
    },
  },
  {
    files: ['src/**'],
    ignores: [
      // Files of the user, and answers of own child processes.
      'src/cli/**',
      'src/import/**',
      'src/config/source/**',
      'src/util/decode/**',
      // A command, whose length is limited, has an id for the answer even if it is too deep.
      'src/entries/commands/parse-command.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'JSON', property: 'parse', message: 'Use parseJson, which has limits.' },
      ],
    },
  },
  {
    files: ['src/cli/**'],
    rules: {
      'no-restricted-globals': ['error', ...named(TIMERS, CLOCK)],
      'no-restricted-imports': ['error', { paths: named(timerModules, CLOCK) }],
      'no-restricted-syntax': ['error', ...readsClock],
    },
  },
  {
    files: ['src/cli/actions/**', 'src/cli/service/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...readsClock,
        ...syntax(
          ["MemberExpression[object.property.name=/^std(out|err)$/][property.name='write']"],
          'Names may contain escape sequences: use src/cli/output/lines.ts.',
        ),
      ],
    },
  },
  {
    files: PURE_FILES,
    rules: {
      'no-restricted-globals': [
        'error',
        ...named(TIMERS, CLOCK),
        ...named(['process', 'console'], PROCESS),
        ...named(['crypto'], PURE_RANDOM),
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ...named(timerModules, CLOCK),
            ...named(['process', 'node:process'], PROCESS),
            ...['crypto', 'node:crypto'].map((name) => ({
              name,
              importNames: RANDOM_SOURCES,
              message: PURE_RANDOM,
            })),
          ],
        },
      ],
      'no-restricted-syntax': ['error', ...readsClock, ...touchesProcess, ...waits, ...rolls],
    },
  },
  {
    files: SIMULATED,
    // `Beat` gives an instance the clock and the chance of its host.
    ignores: [...PURE_FILES, 'src/util/system-clock.ts', 'src/leader/beat.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...readsClock, ...touchesProcess, ...syntax(random, SIMULATED_RANDOM)],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ...named([...timerModules, 'process', 'node:process'], CLOCK),
            ...['crypto', 'node:crypto'].map((name) => ({
              name,
              importNames: RANDOM_SOURCES,
              message: SIMULATED_RANDOM,
            })),
          ],
        },
      ],
    },
  },
  {
    files: ['test/**', 'chaos/**', 'simulation/**'],
    rules: { 'no-restricted-syntax': ['error', ...unseeded] },
  },
  {
    // The seed that is used unless one is given, and the speed.
    files: ['simulation/**'],
    ignores: ['simulation/simulate.ts', 'simulation/search.ts'],
    rules: { 'no-restricted-syntax': ['error', ...readsClock, ...unseeded] },
  },
  {
    files: ['test/**/*.test.ts', 'test/contract/**'],
    rules: {
      'no-restricted-globals': ['error', ...named(['setTimeout', 'setInterval'], SLEEP)],
      'no-restricted-imports': ['error', { paths: named(['timers/promises', 'node:timers/promises'], SLEEP) }],
      'no-restricted-syntax': [
        'error',
        ...unseeded,
        ...syntax(
          ["MemberExpression[object.name=/^(it|test|describe)$/][property.name='only']"],
          'A focused test hides all others.',
        ),
      ],
    },
  },
  {
    // Plain JavaScript has no types to check.
    files: ['**/*.{js,mjs,cjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    files: ['examples/**'],
    languageOptions: { globals: { fetch: 'readonly', URL: 'readonly' } },
  },
  {
    // The script of the dashboard runs in browsers.
    files: ['src/http/assets/**'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'location', 'fetch', 'CSS', 'DOMParser', 'EventSource', 'setInterval']
          .concat(['addEventListener', 'setTimeout', 'URLSearchParams'])
          .map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-restricted-globals': 'off', 'no-restricted-syntax': 'off' },
  },
);
