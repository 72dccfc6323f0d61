import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { HttpApp, TOKENS } from '../../support/http-app.ts';
import { settle } from '../../support/settle.ts';

const HEALTHY = { idleMs: 10, hasReloadFailed: false, hasBlockedEntries: false };
const STUCK = { ...HEALTHY, idleMs: 3_600_000 };

function open(health: object = HEALTHY, more: object = {}) {
  return HttpApp.open({ http: TOKENS }, { health: () => Promise.resolve(health as typeof HEALTHY), ...more });
}
async function probe(app: HttpApp, path: string): Promise<[number, unknown]> {
  const response = await app.request(path);
  return [response.status, await response.json()];
}

describe('GET /healthz', () => {
  test('says how long the loop has been idle', async () => {
    await using app = await open();
    expect(await probe(app, '/healthz')).toEqual([200, { status: 'ok', idleMs: 10 }]);
  });

  test('has status 503 while the loop is stuck', async () => {
    await using app = await open(STUCK);
    expect(await probe(app, '/healthz')).toEqual([503, { status: 'stuck', idleMs: 3_600_000 }]);
  });
});

describe('GET /readyz', () => {
  const all = { loop: true, store: true, configuration: true, entries: true };

  test('says that loop, store, configuration and entries are sound', async () => {
    await using app = await open();
    expect(await probe(app, '/readyz')).toEqual([200, { status: 'ok', checks: all }]);
  });

  test('has status 503 while the loop is stuck or the store cannot be read', async () => {
    await using stuck = await open(STUCK);
    expect(await probe(stuck, '/readyz')).toEqual([503, { status: 'unavailable', checks: { ...all, loop: false } }]);
    await using lost = await open();
    vi.spyOn(lost.store.commands, 'readAudit').mockRejectedValue(new StoreError('unreachable'));
    expect(await probe(lost, '/readyz')).toEqual([503, { status: 'unavailable', checks: { ...all, store: false } }]);
  });

  test('has status 503 if the store has not answered within two seconds', async () => {
    const clock = new ManualClock('2027-03-01T12:00:00Z');
    await using app = await open(HEALTHY, { clock });
    vi.spyOn(app.store.commands, 'readAudit').mockReturnValue(new Promise(() => {}));
    const answer = probe(app, '/readyz');
    await settle();
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    clock.advance(1_999);
    await settle();
    expect(isAnswered).toBe(false);
    clock.advance(1);
    expect(await answer).toEqual([503, { status: 'unavailable', checks: { ...all, store: false } }]);
  });

  test('reports a failed reload and blocked entries, which a restart would not repair', async () => {
    await using app = await open({ ...HEALTHY, hasReloadFailed: true, hasBlockedEntries: true });
    const checks = { ...all, configuration: false, entries: false };
    expect(await probe(app, '/readyz')).toEqual([200, { status: 'ok', checks }]);
  });
});
