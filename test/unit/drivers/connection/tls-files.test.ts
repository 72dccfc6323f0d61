import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TlsSettings } from '../../../../src/contracts/broker/connection-settings.ts';
import { createTls } from '../../../../src/drivers/connection/tls.ts';
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
    [
      'an authority that is junk',
      () => ({ caCerts: written('ca', 'junk') }),
      'ca contains no valid PEM certificate',
    ],
    [
      'an authority that is empty',
      () => ({ caCerts: written('ca', '') }),
      'ca contains no valid PEM certificate',
    ],
    [
      'an authority that is a key',
      () => ({ caCerts: KEY }),
      'localhost.key contains no valid PEM certificate',
    ],
    [
      'an authority in the settings',
      () => ({ caData: 'junk' }),
      'ssl_ca_data contains no valid PEM certificate',
    ],
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
    [
      'an unknown cipher',
      () => ({ ciphers: 'NOPE' }),
      'ciphers contains no name of an OpenSSL cipher',
    ],
  ])('with %s are rejected', (_, settings, problem) => {
    expect(problemWith(settings())).toContain(problem);
    expect(problemWith(settings())).toMatch(/^brokerUseSsl: /);
  });

  test.each(['rsa', 'ec'] as const)(
    'with a certificate and the key of another (%s) are rejected',
    (kind) => {
      const { privateKey } =
        kind === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
          : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const keyfile = written('foreign.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
      expect(problemWith({ certfile: CERT, keyfile })).toContain(
        'foreign.key is not the key of the certificate in',
      );
      const sql = () => readCertificates({ ca: null, cert: CERT, key: keyfile });
      expect(sql).toThrow('foreign.key is not the key of the certificate in');
    },
  );

  test('that are encrypted need their password', () => {
    const key = createPrivateKey(readFileSync(KEY));
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' };
    const keyfile = written('locked.key', key.export({ type: 'pkcs8', format: 'pem', ...cipher }));
    const settings = { certfile: CERT, keyfile };
    expect(problemWith(settings)).toContain(
      'locked.key is encrypted, and no password is configured',
    );
    expect(problemWith({ ...settings, password: 'wrong' })).toContain(
      'locked.key cannot be decrypted with the configured password',
    );
    expect(problemWith({ ...settings, password: 'secret' })).toBeNull();
    const sql = (passphrase: string | null) => () =>
      readCertificates({ ca: null, cert: CERT, key: keyfile }, passphrase);
    expect(sql(null)).toThrow('locked.key is encrypted, and no password is configured');
    expect(Object.keys(sql('secret')())).toEqual(['cert', 'key']);
    const url = `sqla+postgresql://db/q?sslmode=require&sslcert=${CERT}&sslkey=${keyfile}`;
    expect(parseAddress(`${url}&sslpassword=secret`).tls).toMatchObject([{ passphrase: 'secret' }]);
  });
});
