import { expect, test } from 'vitest';
import { encodeEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import { createPollingMailbox, type Broadcast } from '../../../../src/drivers/polling/polling-mailbox.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { makeMessage } from '../../../support/message.ts';
import { settle } from '../../../support/settle.ts';

const HOUR = 3_600_000;

test('polling mailbox: first reads all retained messages, and then only new ones', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const ages: number[] = [];
  let broadcasts: Broadcast[] = [];
  const add = (id: string) => void broadcasts.push({ id, payload: encodeEnvelope(makeMessage(id), id) });
  let failure: Error | null = null;
  const mailbox = createPollingMailbox(
    {
      async read(_exchange, maxAge) {
        ages.push(maxAge);
        if (failure) throw failure;
        return broadcasts;
      },
      close: async () => {},
    },
    'celery.pidbox',
    clock,
  );
  const received: unknown[] = [];
  const stop = new AbortController();
  const serve = () =>
    mailbox.serve({
      receive: ({ headers }) => (received.push(headers['id']), null),
      connected: () => received.push('connected'),
      signal: stop.signal,
    });
  add('one');
  const serving = serve();
  await settle();
  add('two');
  clock.advance(1_000);
  await settle();
  broadcasts = broadcasts.slice(1);
  broadcasts.push({ id: 'garbage', payload: '{' });
  clock.advance(1_000);
  await settle();
  expect(received).toEqual(['connected', 'one', 'two']);
  expect(ages).toEqual([3 * HOUR, 11_000, 11_000]);
  failure = new Error('gone');
  const rejected = expect(serving).rejects.toThrow('gone');
  clock.advance(1_000);
  await rejected;
  stop.abort();
});
