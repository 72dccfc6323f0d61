import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createSqlDriver } from '../../../../src/drivers/sql/driver.ts';
import { storeOptions } from '../../../contract/test-store.ts';

class Opened extends Error {
  constructor(use: string, timeout: number) {
    super(`${use} ${timeout}`);
  }
}

/** A driver whose databases cannot be opened: the error has their use and their timeout. */
const driver = createSqlDriver({
  createDialect: (_server, timeout, _clock, use) => {
    throw new Opened(use, timeout);
  },
  normalize: String,
  resultTables: [],
});
const clock = new ManualClock('2027-03-01T12:00:00Z');
const { broker: server, transport } = storeOptions('sqla+postgresql://h/db', { clock });

test('sql driver: a statement without an answer fails after 5 s, and after 15 s in an import', async () => {
  const results = { extended: false } as never;
  expect(() => driver.openResultReader(server, results, clock)).toThrow('reading 5000');
  expect(() => driver.openTaskResults(server, results, clock)).toThrow('results 5000');
  await expect(driver.readTables(server, ['t'])).rejects.toThrow('reading 15000');
});

test.each([
  [null, 'store 5000'],
  [700, 'store 700'],
])('sql driver: a receiver of messages with a socket timeout of %s ms opens %s', (socketTimeout, opened) => {
  const options = { server, transport: { ...transport, socketTimeout }, clock } as const;
  expect(() => driver.openConsumer({ ...options, from: ['q'] } as never)).toThrow(opened);
  expect(() => driver.openMailbox({ ...options, exchange: 'x' } as never)).toThrow(opened);
});
