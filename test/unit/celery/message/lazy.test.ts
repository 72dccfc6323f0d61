import { MINUTE } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { entryProblems, entryOf } from '../../config/support.ts';
import { describe, expect, test, vi } from 'vitest';
import type { EntryConfig } from '../../../../src/generated/config-types.ts';
import { lazy, type LazyContext, chain, group, sig } from '../../../../src/index.ts';
import { TestBeat } from '../../../../src/testing.ts';

const START = { now: '2026-11-21T06:00:00Z' };

async function bodiesAfter(entry: Partial<EntryConfig>, minutes: number): Promise<unknown[]> {
  const beatSchedule = { report: { task: 'tasks.report', schedule: 60, ...entry } };
  const beat = await TestBeat.start({ beatSchedule }, START);
  await beat.advance(`${minutes}m`);
  const messages = beat.messages.filter(({ headers }) => headers['task'] === 'tasks.report');
  return messages.map(({ body }) => (JSON.parse(String(body)) as unknown[]).slice(0, 2));
}

describe('computed arguments', () => {
  test('are computed once per occurrence, from its nominal instant and its entry', async () => {
    const compute = vi.fn(({ dueAt, entry }: LazyContext) => [entry, dueAt.toISOString()]);
    expect(await bodiesAfter({ args: lazy(compute) }, 2)).toEqual([
      [['report', '2026-11-21T06:01:00.000Z'], {}],
      [['report', '2026-11-21T06:02:00.000Z'], {}],
    ]);
    expect(compute).toHaveBeenCalledTimes(2);
  });

  test('may be lazy at any depth, beside others that are not', async () => {
    const args = [1, { at: lazy(({ taskId }) => taskId.length) }, [lazy(() => null)]];
    const kwargs = lazy(() => ({ k: true }));
    expect(await bodiesAfter({ args, kwargs }, 1)).toEqual([[[1, { at: 36 }, [null]], { k: true }]]);
  });

  test('may contain templates, whose dates are in the zone of the schedule', async () => {
    const entry = { timezone: 'Asia/Tokyo', schedule: { crontab: { hour: 0, minute: 30 } } };
    const args = ['{{dueAt - 1d | yyyy-MM-dd}}'];
    const kwargs = { deep: [{ name: '{{entry}}' }] };
    expect(await bodiesAfter({ ...entry, args, kwargs }, 24 * 60)).toEqual([
      [['2026-11-21'], { deep: [{ name: 'report' }] }],
    ]);
  });

  test('with an invalid template are reported at load', () => {
    expect(entryProblems({ args: ['ok', { a: '{{dueat}}' }], kwargs: { b: '{{dueAt|YY}}' } })).toEqual([
      expect.stringMatching(/args\[1\]\.a: \{\{dueat}}: unknown; did you mean "dueAt"/),
      expect.stringMatching(/kwargs\.b: .*"YY" is not a date token/),
    ]);
    expect(entryProblems({ args: 'abc' })).toEqual([expect.stringMatching(/expected a list/)]);
  });

  test('that fail do not delay other entries: the occurrence is retried, and published when they succeed', async () => {
    let broken = true;
    const args = lazy(() => {
      if (broken) throw new Error('no such file');
      return [1];
    });
    const beatSchedule = {
      report: { task: 'tasks.report', schedule: 60, args },
      other: { task: 'tasks.other', schedule: 60 },
    };
    const beat = await TestBeat.start({ beatSchedule }, START);
    await beat.advance('1m');
    expect(beat.sent.map(({ entry }) => entry)).toEqual(['other']);
    broken = false;
    await beat.advance('10s');
    expect(beat.sent.map(({ entry }) => entry)).toEqual(['other', 'report']);
    expect(beat.sent[1]?.dueAt).toBe(Date.parse('2026-11-21T06:01:00Z'));
  });

  test.each([
    ['a text', () => 'abc'],
    ['a promise', async () => [1]],
    ['nothing', () => undefined],
    ['what cannot be sent', () => [Symbol('x')]],
  ])('with the result %s are not published', async (_, compute) => {
    expect(await bodiesAfter({ args: lazy(compute as () => never) }, 1)).toEqual([]);
  });
});

function raise(error: Error | string): never {
  throw typeof error === 'string' ? new Error(error) : error;
}

async function reject(): Promise<never> {
  return raise('no db');
}

/** The failures of an entry after a minute. An unhandled rejection would fail the test. */
async function faultsOf(entry: object): Promise<string[]> {
  const { clock, emitted, sent, begin } = makeRig();
  const { tick } = await begin([entryOf(entry), { ...entryOf({}), name: 'healthy' }]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual(['t 2027-03-01T12:01:00.000Z']);
  const faults = emitted.failure ?? [];
  expect(faults.map(({ operation }) => operation)).toEqual(faults.map(() => ({ kind: 'prepare', entry: 'e' })));
  return faults.map(({ error }) => (error as Error).message);
}

describe('arguments whose computation fails', () => {
  test.for<[entry: object, fault: string]>([
    [{ args: [1, lazy(() => raise('boom'))] }, 'args[1]: the function threw: boom'],
    [{ kwargs: { a: { b: lazy(() => raise(new TypeError('no'))) } } }, 'kwargs.a.b: the function threw: TypeError: no'],
    [{ args: lazy(reject) }, 'args: the function returned a promise; it must be synchronous'],
    [{ kwargs: { a: lazy(reject) } }, 'kwargs.a: the function returned a promise'],
    [{ args: [lazy(() => ({ deep: [reject()] }))] }, 'args[0].deep[0]: JSON cannot encode a Promise'],
    [{ args: lazy(() => 'abc') as never }, 'args: the function returned: expected a list, got "abc"'],
    [{ kwargs: lazy(() => [1, 2]) }, 'kwargs: the function returned: expected a map, got [1,2]'],
    [{ args: lazy(() => [lazy(reject)]) }, 'args[0]: a function (lazy) is allowed in args and kwargs'],
    [
      { task: chain(sig('a'), sig('b', [{ c: lazy(() => raise('boom')) }])) },
      'task.chain[1].args[0].c: the function threw: boom',
    ],
    [
      { task: chain(sig('a'), sig('b', [lazy(() => Symbol('x'))])) },
      'task.chain[1].args[0]: JSON cannot encode symbol',
    ],
    [
      { options: { linkError: sig('b', [lazy(reject)]) } },
      'options.linkError.args[0]: the function returned a promise',
    ],
  ])('report path and reason, and delay no other entry: %#', async ([entry, fault]) => {
    expect(await faultsOf(entry)).toEqual([expect.stringContaining(fault)]);
  });
});

test('computed arguments: a function in callbacks of many tasks is called once per occurrence', async () => {
  let calls = 0;
  const seen = lazy(() => ++calls);
  const task = group(sig('add'), sig('show', [seen]), sig('add'));
  const { clock, store, begin } = makeRig();
  const options = { linkError: sig('show', [seen]) };
  const { tick } = await begin([entryOf({ task, options })]);
  for (const occurrence of [1, 2]) {
    clock.advance(MINUTE);
    await tick();
    expect(calls).toBe(occurrence);
  }
  expect(store.broker.messages).toHaveLength(6);
});
