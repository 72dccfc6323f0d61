import { describe, expect, test } from 'vitest';
import { parseAddress as mysqlAddress } from '../../../../src/drivers/sql/mysql/address.ts';
import { parseAddress as postgresAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { certificate } from '../../../support/redis.ts';

/** A URL with these parameters, where `CA` is the path of a certificate. */
function makeUrl(dialect: string, query: string, host = 'db'): string {
  return `sqla+${dialect}://${host}/q?${query.replace('CA', certificate)}`;
}

describe('postgresql URL, TLS as libpq', () => {
  const unverified = { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true };
  const shown = ({ tls }: ReturnType<typeof postgresAddress>) =>
    tls.map((way) => {
      if (way === false) return 'plain';
      const verify = way.rejectUnauthorized ? 'verified' : 'unverified';
      return way.checkServerIdentity ? verify : `${verify} with its name`;
    });

  test.each([
    ['', ['unverified', 'plain']],
    ['sslmode=prefer', ['unverified', 'plain']],
    ['sslmode=allow', ['plain', 'unverified']],
    ['sslmode=require', ['unverified']],
    ['sslmode=require&sslrootcert=CA', ['verified']],
    ['sslmode=prefer&sslrootcert=CA', ['unverified', 'plain']],
    ['sslmode=verify-ca&sslrootcert=CA', ['verified']],
    ['sslmode=verify-full&sslrootcert=CA', ['verified with its name']],
    ['sslmode=require&sslrootcert=system', ['verified with its name']],
    ['sslmode=disable', ['plain']],
    ['sslmode=require&host=/var/run/postgresql', ['plain']],
  ])('"%s" tries the modes %j', (query, ways) => {
    expect(shown(postgresAddress(makeUrl('postgresql', query)))).toEqual(ways);
  });

  test('contains the certificate authority of the URL, and checks no host name by default', () => {
    const [require] = postgresAddress(makeUrl('postgresql', 'sslmode=require&sslrootcert=CA')).tls;
    expect(require).toMatchObject({ ...verified, ca: expect.any(Buffer) as Buffer });
    const way = postgresAddress('sqla+postgresql://db/q').tls[0];
    expect(way).toMatchObject(unverified);
    expect(way && way.checkServerIdentity?.('db', {} as never)).toBeUndefined();
  });
});

describe('mysql URL, TLS as Python drivers', () => {
  const shown = ({ tls }: ReturnType<typeof mysqlAddress>) =>
    tls.map((way) => {
      if (way === false) return 'plain';
      const verify = way.rejectUnauthorized ? 'verified' : 'unverified';
      return way.verifyIdentity ? `${verify} with its name` : verify;
    });

  test.each([
    ['', ['plain', 'unverified']],
    ['ssl_mode=DISABLED', ['plain']],
    ['ssl_mode=preferred', ['unverified', 'plain']],
    ['ssl_mode=required', ['unverified']],
    ['ssl_mode=verify_ca&ssl_ca=CA', ['verified']],
    ['ssl_mode=verify_identity&ssl_ca=CA', ['verified with its name']],
    ['ssl_ca=CA', ['verified with its name']],
    ['ssl_ca=CA&ssl_verify_cert=false', ['unverified']],
    ['ssl_ca=CA&ssl_check_hostname=false', ['verified']],
    ['ssl_ca=CA&ssl_verify_identity=no', ['verified']],
    ['ssl_verify_identity=true', ['verified with its name']],
    ['ssl_check_hostname=off', ['unverified']],
    ['ssl_verify_cert=on', ['verified with its name']],
    ['ssl_verify_cert=0', ['unverified']],
    ['ssl_disabled=false', ['unverified']],
    ['ssl_disabled=yes', ['plain']],
    ['ssl_disabled=1&ssl_ca=CA', ['plain']],
  ])('"%s" tries the modes %j', (query, ways) => {
    expect(shown(mysqlAddress(makeUrl('mysql', query)))).toEqual(ways);
  });

  test('rejects an address whose host name would be checked, and accepts one without the check', () => {
    const url = makeUrl('mysql', 'ssl_ca=CA', '10.0.0.1');
    expect(() => mysqlAddress(url)).toThrow('cannot be checked against the address');
    expect(shown(mysqlAddress(`${url}&ssl_check_hostname=false`))).toEqual(['verified']);
  });
});
