import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TlsSettings } from '../../../../src/contracts/broker/connection-settings.ts';
import { createTls, readTlsQuery, describeTlsError, parseVerify } from '../../../../src/drivers/connection/tls.ts';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { readCertificates } from '../../../../src/drivers/sql/url.ts';

const file = (name: string) => new URL(`../../../support/tls/${name}`, import.meta.url).pathname;
const CERT = file('localhost.pem');
const KEY = file('localhost.key');

describe('TLS files', () => {
  let folder: string;
  const written = (name: string, text: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const problemWith = (settings: TlsSettings) => {
    try {
      createTls(settings, 'localhost', 'brokerUseSsl');
      return null;
    } catch (error) {
      return (error as Error).message.replaceAll(`${folder}/`, '');
    }
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'beat-tls-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('that belong together are accepted', () => {
    expect(problemWith({ caCerts: CERT, certfile: CERT, keyfile: KEY })).toBeNull();
    expect(problemWith({ caData: readFileSync(CERT, 'utf8') })).toBeNull();
  });

  test('may be one file of a certificate and its key, as in Python', () => {
    const both = readFileSync(CERT, 'utf8') + readFileSync(KEY, 'utf8');
    const { key } = createTls({ certfile: written('both.pem', both) }, 'localhost');
    expect(key).toEqual(Buffer.from(both));
  });

  test.each([
    ['an authority that is junk', () => ({ caCerts: written('ca', 'junk') }), 'ca contains no valid PEM certificate'],
    ['an authority that is empty', () => ({ caCerts: written('ca', '') }), 'ca contains no valid PEM certificate'],
    ['an authority that is a key', () => ({ caCerts: KEY }), 'localhost.key contains no valid PEM certificate'],
    ['an authority in the settings', () => ({ caData: 'junk' }), 'ssl_ca_data contains no valid PEM certificate'],
    [
      'a certificate that is cut off',
      () => ({ certfile: written('cert', readFileSync(CERT, 'utf8').slice(0, 200)), keyfile: KEY }),
      'cert contains no valid PEM certificate',
    ],
    [
      'a key that is junk',
      () => ({ certfile: CERT, keyfile: written('key', 'junk') }),
      'key contains no valid PEM private key',
    ],
    ['a certificate without a key', () => ({ certfile: CERT }), 'is a certificate without a key'],
    ['a key without a certificate', () => ({ keyfile: KEY }), 'is a key without a certificate'],
    ['an unknown cipher', () => ({ ciphers: 'NOPE' }), 'ciphers contains no name of an OpenSSL cipher'],
  ])('with %s are rejected', (_, settings, problem) => {
    expect(problemWith(settings())).toContain(problem);
    expect(problemWith(settings())).toMatch(/^brokerUseSsl: /);
  });

  test.each(['rsa', 'ec'] as const)('with a certificate and the key of another (%s) are rejected', (kind) => {
    const { privateKey } =
      kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyfile = written('foreign.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(problemWith({ certfile: CERT, keyfile })).toContain('foreign.key is not the key of the certificate in');
    const sql = () => readCertificates({ ca: null, cert: CERT, key: keyfile });
    expect(sql).toThrow('foreign.key is not the key of the certificate in');
  });

  test('that are encrypted need their password', () => {
    const key = createPrivateKey(readFileSync(KEY));
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' };
    const keyfile = written('locked.key', key.export({ type: 'pkcs8', format: 'pem', ...cipher }));
    const settings = { certfile: CERT, keyfile };
    expect(problemWith(settings)).toContain('locked.key is encrypted, and no password is configured');
    expect(problemWith({ ...settings, password: 'wrong' })).toContain(
      'locked.key cannot be decrypted with the configured password',
    );
    // Node decrypts the key when it connects.
    expect(createSecureContext(createTls({ ...settings, password: 'secret' }, 'localhost'))).toBeDefined();
    const sql = (passphrase: string | null) => () =>
      readCertificates({ ca: null, cert: CERT, key: keyfile }, passphrase);
    expect(sql(null)).toThrow('locked.key is encrypted, and no password is configured');
    expect(Object.keys(sql('secret')())).toEqual(['cert', 'key']);
    const url = `sqla+postgresql://db/q?sslmode=require&sslcert=${CERT}&sslkey=${keyfile}`;
    expect(parseAddress(`${url}&sslpassword=secret`).tls).toMatchObject([{ passphrase: 'secret' }]);
  });
});

const read = (query: string) => readTlsQuery(new URLSearchParams(query), (message) => new Error(message));

describe('the ssl_ parameters of a URL', () => {
  test('have the names of kombu', () => {
    expect(
      read('ssl_ca_certs=ca.pem&ssl_ca_data=CA&ssl_certfile=c.pem&ssl_keyfile=k.pem&ssl_password=s3&ssl_ciphers=X'),
    ).toEqual({ caCerts: 'ca.pem', caData: 'CA', certfile: 'c.pem', keyfile: 'k.pem', password: 's3', ciphers: 'X' });
  });

  test('are null for a URL with other parameters only', () => {
    expect(read('virtual_host=1&heartbeat=5')).toBeNull();
  });

  test.each([
    ['true', true],
    ['1', true],
    ['yes', true],
    ['False', false],
    ['0', false],
    ['no', false],
  ])('check the host name unless disabled: %s', (value, checkHostname) => {
    expect(read(`ssl_check_hostname=${value}`)).toEqual({ checkHostname });
  });

  test.each([
    ['required', true],
    ['CERT_REQUIRED', true],
    ['ssl.CERT_OPTIONAL', true],
    ['VerifyMode.CERT_NONE', false],
    ['none', false],
    ['2', true],
    ['1', true],
    ['0', false],
  ])('verify the certificate by the value of Python: %s', (reqs, verify) => {
    expect(parseVerify(reqs)).toBe(verify);
    expect(read(`ssl_cert_reqs=${reqs}`)).toEqual({ verify });
  });

  test('are rejected with the allowed names or values if unknown', () => {
    expect(() => read('ssl_cert_req=none')).toThrow(
      'unknown parameter "ssl_cert_req"; allowed: ssl_cert_reqs, ssl_check_hostname, ssl_ca_certs, ssl_ca_data, ' +
        'ssl_certfile, ssl_keyfile, ssl_password, ssl_ciphers; did you mean "ssl_cert_reqs"?',
    );
    expect(() => read('ssl_cert_reqs=maybe')).toThrow('ssl_cert_reqs is "maybe"; allowed: required, optional, none');
    expect(parseVerify('3')).toBeNull();
  });
});

describe('a TLS error', () => {
  test('about the name in a certificate contains the remedy', () => {
    const error = Object.assign(new Error('Host: h. is not in the altnames'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(describeTlsError(error)).toBe(
      'Host: h. is not in the altnames; "ssl_check_hostname: false" in brokerUseSsl, or in the URL, disables the check of names',
    );
  });

  test('about any other cause is unchanged', () => {
    expect(describeTlsError(new Error('self-signed certificate'))).toBe('self-signed certificate');
  });
});
