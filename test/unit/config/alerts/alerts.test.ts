import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';

function errorsOf(alerts: object): string[] {
  try {
    resolveSettings({ alerts });
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(formatDiagnostic);
  }
  return [];
}

describe('alerts in a configuration', () => {
  test('are off by default', () => {
    expect(resolveSettings({}).alerts).toBeNull();
  });

  test('an entry has the defaults except for its own fields', () => {
    const { alerts } = resolveSettings({
      alerts: {
        ping: 'https://hc.example/{entry}',
        webhook: { url: 'https://hooks.example' },
        entries: { a: { ping: null, lateAfter: '5m' } },
      },
      beatSchedule: { a: { task: 't', schedule: 60 } },
    });
    const { defaults, entries } = alerts!;
    expect(defaults).toMatchObject({ ping: 'https://hc.example/{entry}', lateAfter: 60_000 });
    expect(entries.get('a')).toEqual({ ...defaults, ping: null, lateAfter: 300_000 });
  });

  test('secrets may come from the environment', () => {
    const alerts = { sentry: {}, webhook: { url: 'https://hooks.example' } };
    const overrides = {
      heartbeatUrl: 'https://hc.example/beat',
      sentryDsn: 'https://k@sentry.example/1',
      webhookSecret: 'secret',
    };
    const settings = resolveSettings({ alerts }, { alerts: overrides });
    expect(settings.alerts).toMatchObject({
      heartbeat: { url: 'https://hc.example/beat', interval: 60_000 },
      defaults: { sentry: { dsn: 'https://k@sentry.example/1' }, webhook: { secret: 'secret' } },
    });
  });

  test('all problems are reported at once, and no URL is shown', () => {
    const errors = errorsOf({
      ping: 'hc-ping.com/my-secret',
      sentry: { dsn: 'https://sentry.example/my-secret' },
      webhook: { url: 'ftp://my-secret', body: { text: '{{entri}}' } },
      heartbeat: { interval: '1s' },
    });
    expect(errors.join('\n')).not.toContain('my-secret');
    expect(errors.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining([
        'alerts.ping',
        'alerts.sentry.dsn',
        'alerts.webhook.url',
        'alerts.webhook.body.text',
        'alerts.heartbeat.url',
        'alerts.heartbeat.interval',
      ]),
    );
    expect(errors.join('\n')).toContain('unknown placeholder "{{entri}}"; did you mean "entry"?');
  });

  test('an unknown kind and an unknown key are rejected', () => {
    expect(errorsOf({ webhook: { url: 'https://h.example', on: ['failed'] } })[0]).toContain(
      "'failure', 'late', 'missed', 'recovered'",
    );
    expect(errorsOf({ webhok: {} })[0]).toContain('did you mean "webhook"?');
  });

  test('alerts for an entry that does not exist are a warning with the closest name', () => {
    const { warnings } = resolveSettings({
      alerts: { entries: { payrol: { lateAfter: '5m' } } },
      beatSchedule: { payroll: { task: 't', schedule: 60 } },
    });
    expect(warnings.map(formatDiagnostic)).toContain(
      'alerts.entries.payrol: no entry of the configuration has this name; did you mean "payroll"?',
    );
  });
});
