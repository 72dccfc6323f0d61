import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withMetricReference } from '../../../scripts/metric-docs.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import type { SentEvent } from '../../../src/contracts/events/beat-events.ts';
import { Beat } from '../../../src/leader/beat.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import { Liveness } from '../../../src/observe/liveness.ts';
import { METRICS } from '../../../src/observe/metrics/definitions.ts';
import { countEvents, type MeteredSettings } from '../../../src/observe/metrics/metrics.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

function rig(settings: MeteredSettings = { entries: [], metrics: { perEntry: 0 } }) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const liveness = new Liveness(clock);
  const live = { settings };
  const metrics = countEvents(events, { clock, liveness, version: '1.2.3', settings: () => live.settings });
  const samples = async (): Promise<Record<string, number>> => {
    const { body } = await metrics.render();
    const lines = body.split('\n').filter((line) => line.startsWith('beat_'));
    return Object.fromEntries(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1).replace('+Inf', 'Infinity'))];
      }),
    );
  };
  return { clock, events, liveness, live, metrics, samples };
}

const sent = (entry: string, more: Partial<SentEvent> = {}): SentEvent => ({
  entry,
  task: 'tasks.greet',
  taskId: 'id',
  queue: 'celery',
  cause: 'schedule',
  dueAt: NOON,
  sentAt: NOON + 20,
  term: 7,
  messages: [],
  ...more,
});

describe('metrics', () => {
  test('only a leader has samples of a term, a follower has none', async () => {
    const { clock, events, samples } = rig();
    expect(await samples()).toMatchObject({ beat_leader: 0, beat_loop_idle_seconds: 0 });
    expect(Object.keys(await samples())).not.toContain('beat_term');
    events.emit('leading', { term: 7 });
    events.emit('scheduling', { term: 7, entries: 3, changes: {}, ledgerLost: false });
    events.emit('tick', { sent: 0, wakeAt: NOON + 60_000 });
    clock.advance(5_000);
    expect(await samples()).toMatchObject({
      beat_leader: 1,
      beat_term: 7,
      beat_terms_total: 1,
      beat_lock_age_seconds: 5,
      beat_next_due_timestamp_seconds: NOON / 1_000 + 60,
      beat_entries: 3,
    });
    events.emit('renewed', { trustedForMs: 7_200 });
    expect(await samples()).toMatchObject({ beat_lock_age_seconds: 0 });
    events.emit('following', { reason: 'the lock was lost' });
    expect(await samples()).toMatchObject({ beat_leader: 0, beat_terms_total: 1 });
    expect(Object.keys(await samples())).not.toContain('beat_next_due_timestamp_seconds');
  });

  test('an instance on which nothing is due ever has its next run at infinity', async () => {
    const { events, samples } = rig();
    events.emit('leading', { term: 1 });
    events.emit('tick', { sent: 0, wakeAt: Infinity });
    expect(await samples()).toMatchObject({ beat_next_due_timestamp_seconds: Infinity });
  });

  test('runs count by cause, and only those due by schedule are late', async () => {
    const { events, samples } = rig();
    events.emit('sent', sent('a'));
    events.emit('sent', sent('a', { cause: 'catch-up', sentAt: NOON + 45_000 }));
    events.emit('sent', sent('b', { cause: 'backfill', sentAt: NOON + 9_000_000 }));
    expect(await samples()).toMatchObject({
      'beat_runs_published_total{cause="schedule"}': 1,
      'beat_runs_published_total{cause="catch-up"}': 1,
      'beat_runs_published_total{cause="backfill"}': 1,
      'beat_runs_published_total{cause="manual"}': 0,
      beat_run_lateness_seconds_count: 2,
      'beat_run_lateness_seconds_bucket{le="0.05"}': 1,
      'beat_run_lateness_seconds_bucket{le="30"}': 1,
      'beat_run_lateness_seconds_bucket{le="60"}': 2,
    });
  });

  test('skipped occurrences, failures, commands and warnings count by their kinds', async () => {
    const { clock, events, samples } = rig();
    events.emit('skipped', { entry: 'a', reason: 'missed', first: 0, last: 0, count: 3 });
    events.emit('skipped', { entry: 'a', reason: 'missed', first: 0, last: 0, count: null });
    events.reportFailure({ kind: 'publish', entry: 'a', target: 'queue "celery"' }, new Error('x'));
    const header = { id: 'c', entry: 'a', at: clock.now() - 40, by: 'ann', reason: null };
    events.emit('command', { ...header, do: 'pause', status: 'applied', answer: 'paused' });
    events.emit('command', { ...header, do: null, status: 'rejected', answer: 'what?' });
    events.warn('clock', 'skewed');
    events.emit('skew', { store: 'Redis', ms: -1_500, within: 2 });
    expect(await samples()).toMatchObject({
      'beat_occurrences_skipped_total{reason="missed"}': 10_003,
      'beat_failures_total{operation="publish"}': 1,
      'beat_failures_total{operation="commit"}': 0,
      'beat_commands_total{command="pause",status="applied"}': 1,
      'beat_commands_total{command="unknown",status="rejected"}': 1,
      beat_command_latency_seconds_count: 1,
      'beat_command_latency_seconds_bucket{le="0.05"}': 1,
      'beat_warning{kind="clock"}': 1,
      'beat_warning{kind="eviction"}': 0,
      beat_clock_skew_seconds: -1.5,
    });
  });

  test('outcomes are counted by state, and runtimes only if they are known', async () => {
    const { events, samples } = rig({ entries: [{ name: 'a' }], metrics: { perEntry: 1 } });
    const run = { entry: 'a', task: 't', taskId: 'id', dueAt: 0, sentAt: 0, doneAt: null };
    const end = { ...run, worker: null, error: null };
    events.emit('outcome', { ...end, state: 'SUCCESS', runtimeMs: 700 });
    events.emit('outcome', { ...end, state: 'MY-STATE', runtimeMs: null });
    expect(await samples()).toMatchObject({
      'beat_outcomes_total{state="SUCCESS"}': 1,
      'beat_outcomes_total{state="FAILURE"}': 0,
      'beat_outcomes_total{state="other"}': 1,
      beat_task_runtime_seconds_count: 1,
      'beat_entry_outcomes_total{entry="a",state="SUCCESS"}': 1,
    });
  });

  test('only the leader shows the outbox', async () => {
    const { clock, events, samples } = rig();
    events.emit('leading', { term: 1 });
    events.emit('outbox', { waiting: 2, oldest: clock.now() - 30_000 });
    const size = async () => {
      const all = await samples();
      return [all['beat_outbox_messages'], all['beat_outbox_oldest_age_seconds']];
    };
    expect(await size()).toEqual([2, 30]);
    events.emit('following', { reason: 'the lock was lost' });
    expect(await size()).toEqual([0, 0]);
  });

  test('a failed reload is visible until one succeeds', async () => {
    const { clock, events, liveness, samples } = rig();
    expect(await samples()).toMatchObject({ beat_config_last_reload_successful: 1 });
    liveness.reloadError = 'beat.yaml: unknown key';
    events.emit('reload-failed', { error: new Error('unknown key') });
    expect(await samples()).toMatchObject({
      beat_config_last_reload_successful: 0,
      'beat_reloads_total{outcome="failure"}': 1,
    });
    liveness.reloadError = null;
    clock.advance(60_000);
    events.emit('reloaded', { files: [], entries: 1, added: 0, changed: 1, removed: 0 });
    expect(await samples()).toMatchObject({
      beat_config_last_reload_successful: 1,
      beat_config_last_reload_success_timestamp_seconds: NOON / 1_000 + 60,
    });
  });

  test('without metrics.perEntry no sample has the name of an entry', async () => {
    const { events, metrics } = rig({ entries: [{ name: 'a' }], metrics: { perEntry: 0 } });
    events.emit('sent', sent('a'));
    expect((await metrics.render()).body).not.toContain('entry=');
  });

  test('with metrics.perEntry the first entries have samples of their own, and a reload removes those of others', async () => {
    const { events, live, samples } = rig({ entries: [{ name: 'a' }, { name: 'b' }], metrics: { perEntry: 1 } });
    for (const entry of ['a', 'b', 'stored']) events.emit('sent', sent(entry));
    const published = async () =>
      Object.entries(await samples()).filter(([name]) => name.startsWith('beat_entry_runs'));
    expect(await published()).toEqual([
      ['beat_entry_runs_published_total{entry="a"}', 1],
      ['beat_entry_runs_published_total{entry="other"}', 2],
    ]);
    const end = { task: 't', taskId: 'id', dueAt: 0, sentAt: 0, doneAt: null };
    const unknown = { runtimeMs: null, worker: null, error: null };
    events.emit('outcome', { ...end, ...unknown, entry: 'a', state: 'FAILURE' });
    live.settings = { entries: [{ name: 'b' }], metrics: { perEntry: 1 } };
    events.emit('reloaded', { files: [], entries: 1, added: 0, changed: 0, removed: 1 });
    events.emit('sent', sent('b'));
    expect(await published()).toEqual([
      ['beat_entry_runs_published_total{entry="other"}', 2],
      ['beat_entry_runs_published_total{entry="b"}', 1],
    ]);
    expect(Object.keys(await samples()).filter((name) => name.includes('entry="a"'))).toEqual([]);
  });

  test('a page of 100,000 entries with 1,000 labels has a bounded number of lines', async () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => ({ name: `entry-${i}` }));
    const { events, metrics } = rig({ entries, metrics: { perEntry: 1_000 } });
    for (const { name } of entries) events.emit('sent', sent(name));
    const { body } = await metrics.render();
    expect(body.match(/^beat_entry_runs_published_total\{/gm)).toHaveLength(1_001);
  });

  test('an instance that is embedded in a program has metrics too', async () => {
    const beat = new Beat({ brokerUrl: 'memory://', beatSchedule: {} });
    const metrics = createMetrics(beat);
    await beat.start();
    await new Promise((resolve) => beat.once('tick', resolve));
    const { contentType, body } = await metrics.render();
    await beat.stop();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^beat_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
    expect(body).toMatch(/^beat_leader 1$/m);
  });

  const promtool = spawnSync('promtool', ['--version']);
  test.skipIf(promtool.error !== undefined)(
    'promtool accepts the page (skipped without promtool, of Debian package prometheus)',
    async () => {
      const { events, metrics } = rig({ entries: [{ name: 'a' }], metrics: { perEntry: 1 } });
      events.emit('leading', { term: 1 });
      events.emit('sent', sent('a'));
      const { body } = await metrics.render();
      const checked = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
      const lines = `${checked.stdout}${checked.stderr}`.split('\n');
      expect(lines.filter((line) => line.startsWith('beat_') || /error/i.test(line))).toEqual([]);
    },
  );

  test('docs/metrics.md has every metric: run `npm run docs`', async () => {
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    expect(await withMetricReference(page)).toBe(page);
    for (const name of Object.keys(METRICS)) expect(page).toContain(`\`${name}\``);
  });
});
