import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEnvelope, prepareEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import type { Ledger } from '../../../../src/contracts/store/ledger.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { alignedSchedule, intervalSchedule, makeEntry, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

const MEMORY = 1_000_000;
const NEVER = new AbortController().signal;
const CONTEXT = {
  timezone: 'UTC',
  router: new Router(new Queues()),
  encoding: DEFAULT_ENCODING,
  protocol: 2 as const,
  keyPrefix: 'beat',
  origin: 'reloaded',
  replyTo: '',
};

const everySecond = (parts: Partial<Entry> = {}) => makeEntry({ schedule: alignedSchedule(SECOND), ...parts });

/** A rig, and the messages whose texts were prepared, by the name of the entry and the instant. */
function makePreparingRig(preparationMemory = MEMORY) {
  const prepared: string[] = [];
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...bind(ledger),
    prepare: (message) => {
      prepared.push(`${message.run!.entry} ${new Date(message.run!.dueAt).toISOString().slice(17, 19)}`);
      return prepareEnvelope(message, 'tag');
    },
  });
  return { prepared, ...makeRig({ preparationMemory, wrapLedger }) };
}

function bind(ledger: Ledger): Ledger {
  return {
    batch: ledger.batch,
    load: (unreadable) => ledger.load(unreadable),
    findStates: (entries, unreadable) => ledger.findStates(entries, unreadable),
    beginTerm: () => ledger.beginTerm(),
    commit: (commit) => ledger.commit(commit),
    close: () => ledger.close(),
  };
}

test('runs of the next three seconds are prepared, and published as they are', async () => {
  const { clock, prepared, begin, sent, store } = makePreparingRig();
  const { tick, preparation } = await begin([everySecond({ name: 'a' }), everySecond({ name: 'b' })]);
  await tick();
  expect(preparation.prepareAt).toBe(clock.now() + SECOND - 3 * SECOND);
  await preparation.prepare(Infinity, NEVER);
  expect(prepared).toEqual(['a 01', 'b 01']);
  expect(preparation.prepareAt).toBe(clock.now() + 1.5 * SECOND);
  clock.advance(SECOND);
  await tick();
  expect(sent()).toHaveLength(2);
  const [message] = store.broker.messages;
  expect(encodeEnvelope(message!, 'other tag')).toContain('"delivery_tag":"tag"');
  expect(encodeEnvelope(message!, 'other tag')).toContain('"delivery_tag":"other tag"');
});

test('a run that is due later is not prepared', async () => {
  const { clock, prepared, begin } = makePreparingRig();
  const { tick, preparation } = await begin([everySecond({ schedule: intervalSchedule(10 * SECOND) })]);
  await tick();
  expect(preparation.prepareAt).toBe(clock.now() + 7 * SECOND);
  await preparation.prepare(Infinity, NEVER);
  expect(prepared).toEqual([]);
});

test('the preparation ends at the next due instant and when it is interrupted, and goes on where it ended', async () => {
  const { clock, prepared, begin } = makePreparingRig();
  const { tick, preparation } = await begin(['a', 'b'].map((name) => everySecond({ name })));
  await tick();
  await preparation.prepare(clock.now(), NEVER);
  await preparation.prepare(Infinity, AbortSignal.abort());
  expect(prepared).toEqual([]);
  expect(preparation.prepareAt).toBeLessThan(clock.now());
  await preparation.prepare(Infinity, NEVER);
  expect(prepared).toEqual(['a 01', 'b 01']);
});

test('runs are prepared within the memory', async () => {
  const { prepared, begin } = makePreparingRig(10_000);
  const { tick, preparation } = await begin(Array.from({ length: 20 }, (_, i) => everySecond({ name: `e${i}` })));
  await tick();
  await preparation.prepare(Infinity, NEVER);
  expect(prepared.length).toBeGreaterThan(1);
  expect(prepared.length).toBeLessThan(9);
});

test('the memory of prepared runs is used again when they have been due', async () => {
  const { clock, prepared, begin } = makePreparingRig(1_000);
  const { tick, preparation } = await begin([everySecond()]);
  await tick();
  const counts: number[] = [];
  for (let second = 0; second < 8; second++) {
    await preparation.prepare(Infinity, NEVER);
    counts.push(prepared.length);
    clock.advance(SECOND);
    await tick();
  }
  expect(counts).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
});

test('each run of an entry that is due every second is prepared, also without a look at the next seconds', async () => {
  const { clock, prepared, begin, sent } = makePreparingRig();
  const { tick, preparation } = await begin([everySecond({ name: 'a' })]);
  await tick();
  for (let second = 1; second <= 6; second++) {
    expect(preparation.prepareAt).toBeLessThan(clock.now());
    await preparation.prepare(Infinity, NEVER);
    expect(preparation.prepareAt).toBeGreaterThan(clock.now());
    clock.advance(SECOND);
    await tick();
  }
  expect(sent()).toHaveLength(6);
  expect(prepared).toEqual(['a 01', 'a 02', 'a 03', 'a 04', 'a 05', 'a 06']);
});

test.each<[string, Partial<Entry>]>([
  ['arguments of a function', { compute: () => ({ args: [1], kwargs: {} }) }],
  ['a countdown', { options: { countdown: 10 } }],
  ['an expiry', { options: { expires: { after: 10 * SECOND } } }],
])('a run with %s is not prepared', async (_, parts) => {
  const { clock, prepared, begin, sent } = makePreparingRig();
  const { tick, preparation } = await begin([everySecond(parts)]);
  await tick();
  await preparation.prepare(Infinity, NEVER);
  clock.advance(SECOND);
  await tick();
  expect(prepared).toEqual([]);
  expect(sent()).toHaveLength(1);
});

test('a run that cannot be composed is reported when it is due', async () => {
  const { clock, begin, emitted } = makePreparingRig();
  const { tick, preparation } = await begin([everySecond({ options: { serializer: 'none' as never } })]);
  await tick();
  await preparation.prepare(Infinity, NEVER);
  expect(emitted.failure).toBeUndefined();
  clock.advance(SECOND);
  await tick();
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'prepare' } }]);
});

/** What may happen between the preparation of runs and their publication. */
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 100, max: 3_500 }).map((advance) => ({ advance })) },
  fc.integer({ min: -5_000, max: 5_000 }).map((set) => ({ set })),
  fc.record({ do: fc.constantFrom('pause', 'resume', 'run', 'skip'), entry: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ edit: fc.constantFrom('a', 'b', 'c'), args: fc.array(fc.integer(), { maxLength: 1 }) }),
  fc.constant({ context: true }),
);

test('with and without preparation the same messages are published, in the same order', async () => {
  const entries = [
    everySecond({ name: 'a' }),
    makeEntry({ name: 'b', schedule: intervalSchedule(2_300), missed: 'all', args: ['b'] }),
    everySecond({ name: 'c', options: { expires: { after: 5 * SECOND } } }),
  ];
  const publish = async (script: readonly object[], preparationMemory: number): Promise<readonly string[]> => {
    const { clock, store, begin } = makePreparingRig(preparationMemory);
    const begun = await begin(entries);
    let current: readonly Entry[] = entries;
    await begun.tick();
    for (const step of script) {
      if (preparationMemory > 0) await begun.preparation.prepare(Infinity, NEVER);
      if ('advance' in step) clock.advance(step.advance as number);
      else if ('set' in step) clock.set(new Date(clock.now() + (step.set as number)));
      else if ('do' in step) await begun.command(step);
      else if ('edit' in step) {
        current = current.map((entry) => (entry.name === step.edit ? { ...entry, ...step } : entry));
        await begun.reload(current);
      } else await begun.reload(current, { ...CONTEXT });
      await begun.tick();
    }
    return store.broker.messages.map((message: Message) => encodeEnvelope(withoutTag(message), 'tag'));
  };
  const property = fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 12 }), async (script) => {
    expect(await publish(script, MEMORY)).toEqual(await publish(script, 0));
  });
  await fc.assert(property);
});

/** Takes a text that was prepared with its tag. */
function withoutTag(message: Message): Message {
  encodeEnvelope(message, 'tag');
  return message;
}
