import { expect, test } from 'vitest';
import { Silence, whileHeard, within } from '../../../../src/drivers/amqp/patience.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { settle } from '../../../support/settle.ts';

const started = () => ({
  clock: new ManualClock('2027-01-01T00:00Z'),
  work: Promise.withResolvers<string>(),
});

test('amqp timeout: resolves with what the work resolves with', async () => {
  const { clock, work } = started();
  const result = within(clock, 1_000, work.promise);
  work.resolve('done');
  expect(await result).toBe('done');
});

test('amqp timeout: rejects with what the work rejects with', async () => {
  const { clock, work } = started();
  const result = within(clock, 1_000, work.promise);
  work.reject(new Error('refused'));
  await expect(result).rejects.toThrow('refused');
});

test('amqp timeout: rejects after the whole time, and not before', async () => {
  const { clock, work } = started();
  let ended: unknown = null;
  const result = within(clock, 1_000, work.promise).catch((error: unknown) => (ended = error));
  await settle();
  clock.advance(999);
  await settle();
  expect(ended).toBeNull();
  clock.advance(1);
  await result;
  expect(ended).toBeInstanceOf(Silence);
  expect(String(ended)).toBe('Silence: RabbitMQ did not answer in 1000 ms');
});

test('amqp idle timeout: waits on as long as answers come, and ends after a pause without any', async () => {
  const { clock, work } = started();
  let answers = 0;
  let ended: unknown = null;
  const result = whileHeard(clock, 1_000, work.promise, () => answers).catch(
    (error: unknown) => (ended = error),
  );
  for (let i = 0; i < 5; i++) {
    await settle();
    answers += 1;
    clock.advance(1_000);
    await settle();
    expect(ended).toBeNull();
  }
  clock.advance(1_000);
  await result;
  expect(ended).toBeInstanceOf(Silence);
});

test('amqp timeout: leaves no timer behind, and no rejection that nothing handles', async () => {
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
  const result = within(clock, 1_000, work.promise);
  work.resolve('done');
  await result;
  expect(sleeping?.aborted).toBe(true);
});
