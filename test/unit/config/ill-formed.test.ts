import { describe, expect, test } from 'vitest';
import { lazy } from '../../../src/index.ts';
import { reportIllFormed } from '../../../src/celery/message/arguments.ts';
import { TestBeat } from '../../../src/testing.ts';
import { entryProblems, problemsOf } from './support.ts';

const HALF = '\ud83d';
const SAID = `holds half a character (the lone surrogate \\ud83d), which no encoding carries to a worker`;

const entry = { task: 't', schedule: 60 };

describe('text with a lone surrogate is rejected at load', () => {
  test.each([
    ['the name of a task', { task: HALF }, `task: ${SAID}`],
    ['a task id', { options: { taskId: `a${HALF}b` } }, `options.taskId: ${SAID}`],
    ['the old spelling', { options: { task_id: HALF } }, `options.task_id: ${SAID}`],
    ['a queue', { options: { queue: HALF } }, `options.queue: ${SAID}`],
    ['a routing key', { options: { routingKey: HALF } }, `options.routingKey: ${SAID}`],
    ['an AMQP property', { options: { userId: HALF } }, `options.userId: ${SAID}`],
    ['a stamp', { options: { stamps: { a: [HALF] } } }, `options.stamps.a[0]: ${SAID}`],
    ['a header', { options: { headers: { a: [HALF] } } }, `options.headers.a[0]: ${SAID}`],
    ['the name of a header', { options: { headers: { [HALF]: 1 } } }, `options.headers["\\ud83d"]: its name ${SAID}`],
    ['an argument', { args: ['😀', HALF] }, `args[1]: ${SAID}`],
    ['a name within an argument', { args: [{ [HALF]: 1 }] }, `args[0]["\\ud83d"]: its name ${SAID}`],
    ['a keyword', { kwargs: { [HALF]: 1 } }, `kwargs["\\ud83d"]: its name ${SAID}`],
    ['a typed value', { args: [{ __type__: 'bytes', __value__: HALF }] }, `args[0].__value__: ${SAID}`],
    ['a signature', { task: { chain: ['a', { task: HALF }] } }, `task.chain[1].task: ${SAID}`],
    ['a callback', { options: { link: { task: 'a', args: [HALF] } } }, `options.link.args[0]: ${SAID}`],
  ])('as %s', (_, given, problem) => {
    expect(entryProblems(given)).toContainEqual(problem);
  });

  test.each([
    ['the name of an entry', { beatSchedule: { [HALF]: entry } }, `beatSchedule["\\ud83d"]: its name ${SAID}`],
    ['the key prefix', { keyPrefix: HALF }, `keyPrefix: ${SAID}`],
    ['the default queue', { task_default_queue: HALF }, `task_default_queue: ${SAID}`],
    ['the name of a described queue', { taskQueues: { [HALF]: {} } }, `taskQueues["\\ud83d"]: its name ${SAID}`],
    ['the exchange of a queue', { taskQueues: [{ name: 'a', exchange: HALF }] }, `taskQueues[0].exchange: ${SAID}`],
    ['a route', { taskRoutes: { 'a.*': { queue: HALF } } }, `taskRoutes["a.*"].queue: ${SAID}`],
    ['a pattern of routes', { taskRoutes: [[HALF, 'a']] }, `taskRoutes[0][0]: ${SAID}`],
  ])('as %s', (_, config, problem) => {
    expect(problemsOf(config)).toContainEqual(problem);
  });

  test('with one error per path, also for a repeated value', () => {
    const args = [HALF, `😀${HALF}`];
    expect(entryProblems({ args, options: { serializer: 'yaml' } })).toEqual([`args[0]: ${SAID}`, `args[1]: ${SAID}`]);
  });

  test('at any depth, and in a circular value', () => {
    let deep: unknown = [HALF];
    for (let i = 0; i < 450; i++) deep = [deep];
    expect(entryProblems({ args: deep })).toContainEqual(`args${'[0]'.repeat(451)}: ${SAID}`);
    for (let i = 0; i < 20_000; i++) deep = [deep];
    const found: number[] = [];
    reportIllFormed(deep, [], (path) => found.push(path.length));
    expect(found).toEqual([20_451]);
    const round: unknown[] = [HALF];
    round.push(round);
    found.length = 0;
    reportIllFormed(round, [], (path) => found.push(path.length));
    expect(found).toEqual([1]);
  });

  test('in the result of a route function', () => {
    const taskRoutes = () => ({ queue: HALF });
    expect(problemsOf({ taskRoutes, beatSchedule: { e: entry } })).toEqual([
      `taskRoutes: what it returns for "t": queue: ${SAID}`,
    ]);
  });
});

test('a function that returns text with a lone surrogate fails only the run of its entry', async () => {
  const config = {
    beatSchedule: {
      broken: { ...entry, args: [lazy(() => HALF)] },
      'broken-chain': { task: { chain: [{ task: 'a', kwargs: { b: lazy(() => [HALF]) } }, 'b'] }, schedule: 60 },
      sound: { ...entry, args: [lazy(() => '😀')] },
    },
  };
  const beat = await TestBeat.start(config, { now: '2026-11-21T06:00:00Z' });
  await beat.advance('1m');
  expect(beat.sent.map((sent) => sent.entry)).toEqual(['sound']);
});
