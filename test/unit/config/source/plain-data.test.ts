import { expect, test } from 'vitest';
import { Folder } from '../../../support/folder.ts';
import { ConfigFiles } from '../../../../src/config/config-files.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { entryOf, entryProblems, problemsOf } from '../support.ts';

const throwing = (thrown: unknown) => () => {
  throw thrown;
};

test.each([
  [
    'a getter',
    {
      get task() {
        throw new Error('no such row');
      },
    },
    'task',
    'no such row',
  ],
  ['a proxy', { args: new Proxy([], { ownKeys: throwing(new Error('closed')) }) }, 'args', 'closed'],
  [
    'a proxy of one value',
    { kwargs: new Proxy({ a: 1 }, { get: throwing(new TypeError('x')) }) },
    'kwargs',
    'TypeError: x',
  ],
  [
    'a getter deep inside',
    {
      options: {
        headers: {
          get h() {
            throw new Error('h');
          },
        },
      },
    },
    'options.headers.h',
    'h',
  ],
  [
    'what has no text',
    {
      get args() {
        return throwing(Object.create(null))();
      },
    },
    'args',
    'a value that cannot be converted to text',
  ],
])('plain data: %s that throws is an error with its path', (_, part, path, reason) => {
  const entry = Object.create(null, Object.getOwnPropertyDescriptors({ task: 't', schedule: 5 })) as object;
  Object.defineProperties(entry, Object.getOwnPropertyDescriptors(part));
  expect(problemsOf({ beatSchedule: { e: entry } })).toContain(
    `beatSchedule.e.${path}: cannot be read, its getter or proxy threw: ${reason}`,
  );
});

test('plain data: a getter that throws in a module is an error with its file and its path', async () => {
  const text = 'export default { beatSchedule: { e: { task: "t", get schedule() { throw new Error("down"); } } } };';
  using folder = new Folder({ 'c.ts': text });
  await expect(new ConfigFiles('c.ts', { cwd: folder.path }).read()).rejects.toThrow(
    'c.ts: beatSchedule.e.schedule: cannot be read, its getter or proxy threw: down',
  );
});

test('plain data: a getter is called once, so that validation and use have the same value', () => {
  let asked = 0;
  const entry = {
    schedule: 5,
    get task() {
      asked += 1;
      return `t${asked}`;
    },
  };
  const [read] = resolveSettings({ beatSchedule: { e: entry } }).entries;
  expect([read?.task, asked]).toEqual(['t1', 1]);
});

test('plain data: a value without getters is not copied', () => {
  const args = [{ a: [1] }];
  expect(entryOf({ args }).args).toBe(args);
});

test.each([
  [{ keyPrefix: Symbol('s') }, 'keyPrefix: a symbol is not data'],
  [{ taskQueues: [Symbol('s')] }, 'taskQueues[0]: a symbol is not data'],
  [{ lock: { [Symbol('s')]: 1 } }, 'lock: has a symbol as a name: Symbol(s)'],
  [{ lock: { ttl: class A extends Error {} } }, /^lock\.ttl: expected .*, got a function$/],
  [{ keyPrefix: 5n }, 'keyPrefix: expected text that is not empty, got 5'],
])('plain data: a symbol is an error with its path: %o', (config, problem) => {
  expect(problemsOf(config)).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
});

test.each([
  ['args', Symbol('s'), 'args: a symbol is not data'],
  ['args', [Symbol('s')], 'args[0]: a symbol is not data'],
  ['schedule', Symbol('s'), 'schedule: a symbol is not data'],
])('plain data: a symbol in an entry is an error with its path: %s', (key, value, problem) => {
  expect(entryProblems({ [key]: value })).toContain(problem);
});

test('plain data: circular objects and objects that are nested too deep are errors with their path', () => {
  const map: Record<string, unknown> = {};
  map['self'] = map;
  expect(entryProblems({ args: map })).toContain('args.self: contains itself');
  expect(entryProblems({ options: { headers: [map] } })).toContain('options.headers[0].self: contains itself');
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(problemsOf({ 'x-a': deep })).toEqual([expect.stringMatching(/^x-a.*: nested deeper than 500 levels$/)]);
});

test('plain data: a repeated object counts with all its values at each position', () => {
  const repeated = (times: number) => Array.from({ length: times }, () => list);
  const list = Array.from({ length: 1_000 }, () => 1);
  expect(problemsOf({ 'x-a': repeated(1_900) })).toEqual([]);
  expect(problemsOf({ 'x-a': repeated(2_100) })[0]).toMatch(
    /^x-a.*: repeated objects expand to more than 2000000 values$/,
  );
});

test('plain data: a few objects that expand to millions of values are rejected without expanding them', () => {
  let many: unknown = [1];
  for (let i = 0; i < 60; i++) many = [many, many];
  expect(entryProblems({ args: many })[0]).toMatch(/^args.*: repeated objects expand to more than 2000000 values$/);
});

const next = () => new Date(8e12);

test.each([
  [{ spec: 5, next }, /^schedule: a schedule made in code needs "spec", a text that is equal/],
  [{ next }, /^schedule: a schedule made in code needs "spec"/],
  [
    { spec: 's', next, inZone: () => ({ spec: 5, next }) },
    /^schedule: schedule "s": inZone returned a value that is not a schedule$/,
  ],
  [{ spec: 's', next, inZone: () => null }, null],
  [{ spec: 's', next: throwing(new Error('boom')) }, /^schedule: its next\(\) failed: boom$/],
  [
    Object.defineProperty({ spec: 's', next }, 'timezone', { get: throwing(new Error('tz')) }),
    /^schedule: cannot be read, it threw: tz$/,
  ],
  [Object.defineProperty({ next }, 'spec', { get: throwing(new Error('sp')) }), /^schedule: cannot be read, .*: sp$/],
])("plain data: a user's schedule with an invalid property is an error: %#", (schedule, problem) => {
  const problems = entryProblems({ schedule });
  if (problem === null) expect(problems).toEqual([]);
  else expect(problems[0]).toMatch(problem);
});

test.each([
  [
    () => new Proxy({}, { ownKeys: throwing(new Error('closed')) }),
    /cannot be read, its getter or proxy threw: closed/,
  ],
  [
    () => ({
      get queue() {
        throw new Error('closed');
      },
    }),
    /queue: cannot be read, .*: closed/,
  ],
  [() => ({ queue: Symbol('s') }), /queue: a symbol/],
  [throwing(Symbol('s')), /the function threw for "t": Symbol\(s\)/],
  [throwing(Object.create(null)), /the function threw for "t": a value that cannot be converted to text/],
])('plain data: the result of a route function is validated in the same way: %#', (route, problem) => {
  const config = { taskRoutes: route, beatSchedule: { e: { task: 't', schedule: 5 } } };
  const run = () => resolveSettings(config);
  expect(run).toThrow(ConfigError);
  expect(run).toThrow(problem);
});
