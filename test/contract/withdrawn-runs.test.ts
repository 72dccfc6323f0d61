import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Beat } from '../../src/leader/beat.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { storeOptions } from '../../src/config/service/store-options.ts';
import { openState } from '../../src/drivers/open-store.ts';
import { joinRuns, type HistoryItem } from '../../src/read-models/history/join-runs.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { nextEvent } from '../support/next-event.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'in Redis, the history of a withdrawn run says why', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  /** Runs beat until it skips something, and returns the oldest item in the history of the entry `a`. */
  async function recordSkip(config: BeatConfig): Promise<HistoryItem | undefined> {
    const settings = resolveSettings(config);
    {
      await using beat = new Beat(settings);
      const skipped = nextEvent(beat, 'skipped');
      await beat.start();
      await skipped;
    }
    const state = await openState(storeOptions(settings, systemClock));
    const { rows } = await state.history!.read('a', { limit: 100 });
    await state.close();
    return joinRuns(rows).at(-1);
  }

  test('that a newer one replaced it in the outbox', async () => {
    const options = { exchange: 'jobs', exchangeType: 'direct', routingKey: 'unbound' } as const;
    const oldest = await recordSkip({
      brokerUrl: server.url(2),
      stateUrl: server.url(3),
      beatSchedule: { a: { task: 'tasks.add', schedule: 1, options } },
    });
    expect(oldest).toMatchObject({ kind: 'run', number: 1, withdrawn: { reason: 'coalesced' } });
  });

  test('that its fanout exchange had no subscribers', async () => {
    const options = { exchange: 'call', exchangeType: 'fanout' } as const;
    const oldest = await recordSkip({
      brokerUrl: server.url(4),
      beatSchedule: { a: { task: 'tasks.add', schedule: 1, options } },
    });
    expect(oldest).toMatchObject({ kind: 'run', number: 1, withdrawn: { reason: 'no-subscribers' } });
  });
});
