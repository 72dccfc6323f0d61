import { expect, test } from 'vitest';
import { TimeoutError, withIdleTimeout, withTimeout } from '../../../../src/drivers/amqp/timeouts.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { settle } from '../../../support/settle.ts';

const started = () => ({ clock: new ManualClock('2027-01-01T00:00Z'), work: Promise.withResolvers<string>() });

test('amqp timeout: resolves with the result of the work', async () => {
  const { clock, work } = started();
  const result = withTimeout(clock, 1_000, work.promise);
  work.resolve('done');
  expect(await result).toBe('done');
});

test('amqp timeout: rejects with the error of the work', async () => {
  const { clock, work } = started();
  const result = withTimeout(clock, 1_000, work.promise);
  work.reject(new Error('refused'));
  await expect(result).rejects.toThrow('refused');
});

test('amqp timeout: rejects when the time has passed', async () => {
  const { clock, work } = started();
  let ended: unknown = null;
  const result = withTimeout(clock, 1_000, work.promise).catch((error: unknown) => (ended = error));
  await settle();
  clock.advance(999);
  await settle();
  expect(ended).toBeNull();
  clock.advance(1);
  await result;
  expect(ended).toBeInstanceOf(TimeoutError);
  expect(String(ended)).toBe('TimeoutError: RabbitMQ did not answer in 1000 ms');
});

test('amqp idle timeout: continues while answers arrive, and ends after a pause without any', async () => {
  const { clock, work } = started();
  let answers = 0;
  let ended: unknown = null;
  const result = withIdleTimeout(clock, 1_000, work.promise, () => answers).catch((error: unknown) => (ended = error));
  for (let i = 0; i < 5; i++) {
    await settle();
    answers += 1;
    clock.advance(1_000);
    await settle();
    expect(ended).toBeNull();
  }
  clock.advance(1_000);
  await result;
  expect(ended).toBeInstanceOf(TimeoutError);
});

test('amqp timeout: leaves no timer and no unhandled rejection', async () => {
  const { work } = started();
  let sleeping: AbortSignal | undefined;
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (_: number, signal: AbortSignal) => {
      sleeping = signal;
      return new Promise<void>(() => {});
    },
  };
  const result = withTimeout(clock, 1_000, work.promise);
  work.resolve('done');
  await result;
  expect(sleeping?.aborted).toBe(true);
});
