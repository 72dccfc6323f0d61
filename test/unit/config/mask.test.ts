import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskUrl } from '../../../src/config/service/mask.ts';

describe('a masked URL', () => {
  it.each([
    ['redis://localhost:6379/0', 'redis://localhost:6379/0'],
    ['redis://[::1]:6379/0', 'redis://[::1]:6379/0'],
    ['redis://:secret@localhost/0', 'redis://:**@localhost/0'],
    ['redis://user:secret@localhost/0', 'redis://user:**@localhost/0'],
    [
      'rediss://user:s%40cret@h:6380/1?ssl_cert_reqs=none',
      'rediss://user:**@h:6380/1?ssl_cert_reqs=none',
    ],
    ['redis://user:p@ss@host/0', 'redis://user:**@host/0'],
    ['redis://:p/ss@host/0', 'redis://:**@host/0'],
    ['redis://:p?ss@host/0', 'redis://:**@host/0'],
    ['redis://:p#s:s@host/0', 'redis://:**@host/0'],
    ['redis://:secret', 'redis://:**'],
    [
      'redis+socket:///run/redis.sock?virtual_host=2',
      'redis+socket:///run/redis.sock?virtual_host=2',
    ],
    [
      'redis+socket:///run/redis.sock?password=secret&x=1',
      'redis+socket:///run/redis.sock?password=**&x=1',
    ],
    ['redis+socket://:secret@/run/redis.sock', 'redis+socket://:**@/run/redis.sock'],
    ['unix:///run/redis.sock', 'unix:///run/redis.sock'],
    ['sentinel://:a@h1:1;sentinel://:b@h2:2', 'sentinel://:**@h1:1;sentinel://:**@h2:2'],
    ['redis://:a;b@host', 'redis://:**@host'],
    ['sqla+postgresql://me:secret@db/celery', 'sqla+postgresql://me:**@db/celery'],
    ['sqla+sqlite:///beat.sqlite', 'sqla+sqlite:///beat.sqlite'],
    ['sqla+sqlite:////var/lib/beat.sqlite', 'sqla+sqlite:////var/lib/beat.sqlite'],
    ['memory://', 'memory://'],
    ['user:secret@host', 'user:**@host'],
    ['', ''],
  ])('%s reads %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });

  it('shows nothing of a password, whatever characters it has', () => {
    const password = fc.string({ minLength: 1, unit: 'binary' }).map((text) => `Zq${text}Zq`);
    fc.assert(
      fc.property(password, (secret) => {
        const masked = maskUrl(`redis://user:${secret}@localhost:6379/0`);
        expect(masked).not.toContain('Zq');
        expect(masked).toBe('redis://user:**@localhost:6379/0');
      }),
    );
  });
});
