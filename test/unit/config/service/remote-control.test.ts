import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';

const REDIS = { brokerUrl: 'redis://localhost' };

test('remote control: is off by default, and answers while the loop has made progress in the last minute', () => {
  expect(resolveSettings(REDIS).remoteControl).toEqual({ enabled: false, maxTickAge: 60_000, namespace: 'celery' });
});

test('remote control: has the settings of Celery', () => {
  const config = {
    ...REDIS,
    beat_enable_remote_control: true,
    beat_remote_control_max_tick_age: 2.5,
    control_exchange: 'shop',
  };
  expect(resolveSettings(config as object).remoteControl).toEqual({
    enabled: true,
    maxTickAge: 2_500,
    namespace: 'shop',
  });
});

test('remote control: the flag has precedence over the setting', () => {
  const config = { ...REDIS, beatEnableRemoteControl: true };
  const { enabled } = resolveSettings(config, { remoteControl: false }).remoteControl;
  expect(enabled).toBe(false);
});
