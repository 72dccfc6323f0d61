import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMasker, maskText, maskUrl } from '../../../src/util/mask.ts';

describe('a masked URL', () => {
  test.each([
    ['redis://localhost:6379/0', 'redis://localhost:6379/0'],
    ['redis://[::1]:6379/0', 'redis://[::1]:6379/0'],
    ['redis://:secret@localhost/0', 'redis://:**@localhost/0'],
    ['redis://user:secret@localhost/0', 'redis://user:**@localhost/0'],
    ['rediss://user:s%40cret@h:6380/1?ssl_cert_reqs=none', 'rediss://user:**@h:6380/1?ssl_cert_reqs=none'],
    ['redis://user:p@ss@host/0', 'redis://user:**@host/0'],
    ['redis://:p/ss@host/0', 'redis://:**@host/0'],
    ['redis://:p?ss@host/0', 'redis://:**@host/0'],
    ['redis://:p#s:s@host/0', 'redis://:**@host/0'],
    ['redis://:secret', 'redis://:**'],
    ['redis+socket:///run/redis.sock?virtual_host=2', 'redis+socket:///run/redis.sock?virtual_host=2'],
    ['redis+socket:///run/redis.sock?password=secret&x=1', 'redis+socket:///run/redis.sock?password=**&x=1'],
    ['redis://h/0?password=se;cr?et&x=1', 'redis://h/0?password=**&x=1'],
    ['redis://h/0?x=1;password=secret', 'redis://h/0?x=1;password=**'],
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
  ])('of %s is %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });

  test('contains no part of a password, which may have any characters', () => {
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

describe('a masked text', () => {
  test.each([
    ['unknown command "redis://u:secret@h/0"; allowed: list', 'unknown command "redis://u:**@h/0"; allowed: list'],
    ['write ?password=x beside redis://h/0', 'write ?password=x beside redis://h/0'],
    ['no connection (redis://:**@h/0): refused', 'no connection (redis://:**@h/0): refused'],
    ['got user:secret@host', 'got user:**@host'],
    ['(redis://u:se(cr)et@h)', '(redis://u:**@h)'],
    ['gen12@host sent celery@host', 'gen12@host sent celery@host'],
    ['two: amqp://a:secret@h1; amqp://b:secret@h2', 'two: amqp://a:**@h1; amqp://b:**@h2'],
  ])('of %s is %s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  test.each([
    ['redis://u:secret@h', 'ERR auth u secret', 'ERR auth u **'],
    ['redis://u:pw@h', 'ERR pwd pw of pw.', 'ERR pwd ** of **.'],
    ['redis://u:a%2Fbcdefgh@h', 'no a/bcdefgh, no a%2Fbcdefgh', 'no **, no **'],
    ['redis://h/0?password=secret12', 'no "secret12"', 'no "**"'],
    ['redis://h/0', 'nothing to hide', 'nothing to hide'],
    ['amqp://guest:guest@h', 'user "guest" refused', 'user "guest" refused'],
  ])('of a server at %s: %s becomes %s', (url, text, masked) => {
    expect(createMasker([url])(text)).toBe(masked);
  });

  test.each([
    ['parameters', (n: number) => `redis://h/0?${'a'.repeat(n)}`],
    ['parameters in a row', (n: number) => `redis://h/0?${'?&;'.repeat(n / 3)}`],
    ['parameters with secrets', (n: number) => `redis://h/0?${'a_key'.repeat(n / 5)}=x`],
    ['colons and ats', (n: number) => ':@'.repeat(n / 2)],
    ['letters before no scheme', (n: number) => `${'a'.repeat(n)}@`],
    ['schemes', (n: number) => 'a://'.repeat(n / 4)],
    ['semicolons', (n: number) => ';aaaa'.repeat(n / 5)],
  ])('takes linear time: 100 kB and 800 kB of %s', (_, textOf) => {
    const timed = (text: string) => {
      const started = performance.now();
      maskText(text);
      maskUrl(text);
      createMasker([text]);
      return performance.now() - started;
    };
    timed(textOf(10_000));
    const small = timed(textOf(100_000));
    // In proportion to the square it would be 64 times as long.
    expect(timed(textOf(800_000))).toBeLessThan(Math.max(30 * small, 2_000));
  });
});
