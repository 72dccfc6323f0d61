import { describe, expect, test } from 'vitest';
import { chain, group, lazy, sig } from '../../../../src/index.ts';
import { MINUTE } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { entryOf } from '../../config/support.ts';

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
  expect(faults.map(({ operation }) => operation)).toEqual(
    faults.map(() => ({ kind: 'prepare', entry: 'e' })),
  );
  return faults.map(({ error }) => (error as Error).message);
}

describe('arguments whose computation fails', () => {
  test.for<[entry: object, fault: string]>([
    [{ args: [1, lazy(() => raise('boom'))] }, 'args[1]: the function threw: boom'],
    [
      { kwargs: { a: { b: lazy(() => raise(new TypeError('no'))) } } },
      'kwargs.a.b: the function threw: TypeError: no',
    ],
    [{ args: lazy(reject) }, 'args: the function returned a promise; it must be synchronous'],
    [{ kwargs: { a: lazy(reject) } }, 'kwargs.a: the function returned a promise'],
    [
      { args: [lazy(() => ({ deep: [reject()] }))] },
      'args[0].deep[0]: JSON cannot encode a Promise',
    ],
    [
      { args: lazy(() => 'abc') as never },
      'args: the function returned: expected a list, got "abc"',
    ],
    [{ kwargs: lazy(() => [1, 2]) }, 'kwargs: the function returned: expected a map, got [1,2]'],
    [
      { args: lazy(() => [lazy(reject)]) },
      'args[0]: a function (lazy) is allowed in args and kwargs',
    ],
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
