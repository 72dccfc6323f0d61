import { z } from 'zod';
import type { SentinelLogin } from '../../contracts/broker/connection-settings.ts';
import { parseDuration } from '../values/duration.ts';
import { ignored, named, option } from '../values/option.ts';
import { duration, flag, MAP, name } from '../values/scalars.ts';
import { tlsSettings, tlsShape } from './tls.ts';

/** Celery's `sentinel_kwargs`: connections to the sentinels themselves. */
export const sentinelSchema = named(
  z.strictObject(
    {
      ...tlsShape,
      username: option(name(), 'User of the sentinels.', { example: 'beat' }),
      password: option(
        name(),
        'Password of the sentinels; the password of a key is `sslPassword`.',
        { example: 'secret' },
      ),
      ssl: option(flag(), 'Whether connections to the sentinels are encrypted.', {
        otherwise: '`true` if any other TLS option is present',
        example: true,
      }),
      socketTimeout: option(duration(), 'How long to wait for the answer of a sentinel.', {
        example: '500ms',
      }),
      socketConnectTimeout: ignored(),
      socketKeepalive: ignored(),
      socketKeepaliveOptions: ignored(),
      healthCheckInterval: ignored(),
      retryOnTimeout: ignored(),
      maxConnections: ignored(),
    },
    MAP,
  ),
  'SentinelConfig',
  { description: 'Connections to the sentinels themselves.', others: 'redisOption' },
);

export function sentinelLogin(given: z.output<typeof sentinelSchema>): SentinelLogin {
  const { username, password, ssl, socketTimeout } = given;
  const timeout = parseDuration(socketTimeout);
  const tls = tlsSettings(given, given.sslPassword);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(timeout !== null && { timeout }),
  };
}
