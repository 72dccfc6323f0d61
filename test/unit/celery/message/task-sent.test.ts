import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import type { SignatureOptions } from '../../../../src/generated/config-types.ts';
import { buildTaskSent } from '../../../../src/celery/message/task-sent.ts';
import { TestBeat } from '../../../../src/testing.ts';

interface Event {
  readonly hostname: string;
  readonly timestamp: number;
  readonly clock: number;
  readonly utcoffset: number;
  readonly [field: string]: unknown;
}

/** What a real producer published for a task, and what it was asked for. */
interface Case {
  readonly celery: string;
  readonly options: SignatureOptions;
  readonly envelope: { readonly body: Event; readonly properties: object };
}

const file = new URL('../../../conformance/task-sent.jsonl', import.meta.url);
const cases = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/** The message of the task whose events were recorded, and its event. */
async function eventOf(options: SignatureOptions, { hostname: origin, ...event }: Event, taskProtocol: 1 | 2 = 2) {
  const [args, kwargs] = [[1, 'tøy'], { k: null }];
  const taskId = '11111111-2222-3333-4444-555555555555';
  const sentAt = Math.round(event.timestamp * 1_000);
  const entry = { task: 'tasks.add', args, kwargs, options: { ...options, taskId } };
  const beat = await TestBeat.start(
    { timezone: 'Europe/Oslo', taskProtocol, beatSchedule: { add: { ...entry, schedule: 1 } } },
    { now: new Date(sentAt - 1_000) },
  );
  await beat.advance(1);
  const { clock, utcoffset } = event;
  return buildTaskSent(
    { message: beat.messages[0]!, sentAt: beat.sent[0]!.sentAt, clock, utcoffset },
    { origin, exchange: 'celeryev', exchangeType: 'fanout' },
  );
}

describe('the event task-sent', () => {
  test.each(cases)('of Celery $celery with $options is the same here', async ({ options, envelope }) => {
    const { properties } = envelope;
    const { timestamp, eta, expires, ...said } = envelope.body;
    const mine = JSON.parse(encodeEnvelope(await eventOf(options, envelope.body), 'tag')) as { body: string };
    const event = JSON.parse(String(Buffer.from(mine.body, 'base64'))) as Event;
    expect(event).toMatchObject(said);
    expect(Object.keys(event)).toEqual(Object.keys(envelope.body));
    expect(mine).toEqual({ ...envelope, body: mine.body, properties: { ...properties, delivery_tag: 'tag' } });
    // Clocks went on between making the message and telling of it.
    const near = (a: unknown, b: unknown) => a === b || Math.abs(Date.parse(String(a)) - Date.parse(String(b))) < 1_000;
    expect(near(event['eta'], eta)).toBe(true);
    expect(near(event['expires'], expires)).toBe(true);
    expect(Math.abs(event.timestamp - timestamp)).toBeLessThan(0.001);
  });

  test('is the same for a task in protocol 1, whose headers lack its fields', async () => {
    const [first] = cases;
    const bodyIn = async (taskProtocol: 1 | 2) =>
      JSON.parse(String((await eventOf({}, first!.envelope.body, taskProtocol)).body)) as Event;
    expect(await bodyIn(1)).toEqual(await bodyIn(2));
  });

  test('has process id 0 for an origin without one', async () => {
    const [first] = cases;
    const event = await eventOf({}, { ...first!.envelope.body, hostname: 'beat@here' });
    expect(JSON.parse(String(event.body))).toMatchObject({ hostname: 'beat@here', pid: 0 });
  });
});
