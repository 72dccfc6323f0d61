import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { problemsOf } from '../support.ts';

const settings = { brokerUrl: 'redis://localhost', resultBackend: 'redis://localhost/1' };
const withEntry = (entry: object, more: object = {}) => ({
  ...settings,
  ...more,
  beatSchedule: { e: { task: 'tasks.work', schedule: 60, ...entry } },
});

describe('overlap of an entry', () => {
  test('overlap: an entry has its policy and maxRuntime, and none by default', () => {
    const [first] = resolveSettings(withEntry({ overlap: 'queue', maxRuntime: '2h' })).entries;
    expect(first).toMatchObject({ overlap: 'queue', maxRuntime: 7_200_000 });
    const [second] = resolveSettings(withEntry({ overlap: 'allow' })).entries;
    expect(second).not.toHaveProperty('overlap');
    expect(second).not.toHaveProperty('maxRuntime');
  });

  test('overlap: an unknown policy or an invalid maxRuntime is an error', () => {
    expect(problemsOf(withEntry({ overlap: 'forbid', maxRuntime: 'long' }))).toEqual([
      `beatSchedule.e.overlap: expected 'allow', 'skip', 'queue' or 'cancel', got "forbid"`,
      expect.stringMatching(/^beatSchedule\.e\.maxRuntime: expected .*, got "long"$/),
    ]);
  });

  test.each([
    [{ resultBackend: undefined }, /there is none$/],
    [{ resultBackend: 'rpc://' }, /got rpc:\/\/$/],
    [{ outcomes: false }, /"outcomes" is false$/],
  ])('overlap: with %j, it needs outcomes', (more, reason) => {
    expect(problemsOf(withEntry({ overlap: 'skip' }, more))).toEqual([expect.stringMatching(reason)]);
    expect(problemsOf(withEntry({ overlap: 'allow' }, more))).toEqual([]);
  });

  test.each([
    [{ options: { ignoreResult: true } }, 'options.ignoreResult: a run without a result has no outcome'],
    [{ options: { taskId: 'same' } }, 'options.taskId: a fixed id is that of every run'],
    [{ task: { group: ['tasks.a', 'tasks.b'] } }, 'task: a group has no outcome'],
  ])('overlap: %j is an error', (entry, reason) => {
    expect(problemsOf(withEntry({ overlap: 'queue', ...entry }))).toEqual([
      expect.stringContaining(`beatSchedule.e.${reason}`),
    ]);
    expect(problemsOf(withEntry(entry))).toEqual([]);
  });

  test('overlap: a task id that depends on the occurrence is accepted', () => {
    const options = { taskId: '{{entry}}-{{dueAt}}' };
    expect(problemsOf(withEntry({ overlap: 'skip', options }))).toEqual([]);
  });

  test('overlap cancel: needs a broker that carries remote control', () => {
    const sql = { brokerUrl: 'sqla+sqlite:///b.sqlite' };
    expect(problemsOf(withEntry({ overlap: 'cancel' }, sql))).toEqual([
      'beatSchedule.e.overlap: "cancel" needs Celery\'s remote control, which SQLite does not carry; use Redis or RabbitMQ, or "skip" or "queue"',
    ]);
    expect(problemsOf(withEntry({ overlap: 'cancel' }, { brokerUrl: 'amqp://h' }))).toEqual([]);
    const shell = { overlap: 'cancel', task: undefined, shell: 'true' };
    expect(problemsOf(withEntry(shell, sql))).toEqual([]);
  });
});
