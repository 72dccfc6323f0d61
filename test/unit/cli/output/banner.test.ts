import { expect, test } from 'vitest';
import { createBanner, formatBanner } from '../../../../src/cli/output/banner.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { VERSION } from '../../../../src/util/version.ts';

const banner = (config: BeatConfig) => formatBanner(createBanner(resolveSettings(config), 0));
const HERE = '(only beats on this host exclude one another)';

test('banner: omits the state if the broker stores it', () => {
  expect(banner({ brokerUrl: 'redis://h' })).not.toContain('state');
  expect(banner({})).not.toContain('state');
});

test('banner: shows the state URL with its password masked', () => {
  const text = banner({ brokerUrl: 'amqp://u:hunter2@rabbit', stateUrl: 'redis://:hunter2@h' });
  expect(text).toContain('. broker    -> amqp://u:**@rabbit\n');
  expect(text).toContain('. state     -> redis://:**@h\n');
});

test('banner: warns about state in a local file under a network broker', () => {
  expect(banner({ brokerUrl: 'amqp://rabbit' })).toContain(`. state     -> sqla+sqlite:///beat.sqlite ${HERE}\n`);
  const files = { brokerUrl: 'sqla+sqlite:///queues.db', stateUrl: 'sqla+sqlite:///beat.db' };
  expect(banner(files)).not.toContain(HERE);
});

test('banner: names the servers of the lock', () => {
  const lockUrls = ['redis://:hunter2@a', 'redis://b', 'redis://c'];
  expect(banner({ brokerUrl: 'redis://h', lockUrls })).toContain(
    '. lock      -> beat:lock, 8 s, on a majority of redis://:**@a, redis://b, redis://c\n',
  );
});

test("banner: counts the user's entries and names the added nightly cleanup", () => {
  const beatSchedule = { a: { task: 't', schedule: 60 }, b: { task: 't', schedule: 60, enabled: false } };
  const besides = ', and celery.backend_cleanup as in Celery';
  expect(banner({ beatSchedule })).toContain(`1 of 2 entries enabled, from ${besides}\n`);
  expect(banner({ beatSchedule, resultBackend: 'redis://h' })).not.toContain('cleanup');
});

test('banner: has the layout of celery beat, with the next five runs in their time zones', () => {
  const beatSchedule = {
    daily: { task: 't', schedule: { crontab: { minute: 0, hour: 6 } } },
    tokyo: { task: 't', schedule: { cron: '0 8 * * *', timezone: 'Asia/Tokyo' } },
    off: { task: 't', schedule: 1, enabled: false },
  };
  const config = { brokerUrl: 'redis://h', resultExpires: null, timezone: 'UTC', beatSchedule };
  expect(banner(config).split('\n')).toEqual([
    `beat v${VERSION} is starting.`,
    '  . broker    -> redis://h',
    '  . scheduler -> 2 of 3 entries enabled, from ',
    '  . timezone  -> UTC',
    '  . lock      -> beat:lock, 8 s',
    '  . next      -> 1970-01-01 06:00:00 +00:00 UTC  daily',
    '                 1970-01-02 08:00:00 +09:00 Asia/Tokyo  tokyo',
    '                 1970-01-02 06:00:00 +00:00 UTC  daily',
    '                 1970-01-03 08:00:00 +09:00 Asia/Tokyo  tokyo',
    '                 1970-01-03 06:00:00 +00:00 UTC  daily',
  ]);
});

test('banner: states that no entry will be due', () => {
  expect(banner({ beatSchedule: {}, resultExpires: null })).toMatch(
    /\n {2}\. next {6}-> none: no enabled entry will be due$/,
  );
});
