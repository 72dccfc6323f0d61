import { describe, expect, test } from 'vitest';
import {
  readTlsQuery,
  describeTlsError,
  parseVerify,
} from '../../../../src/drivers/connection/tls.ts';

const read = (query: string) =>
  readTlsQuery(new URLSearchParams(query), (message) => new Error(message));

describe('the ssl_ parameters of a URL', () => {
  test('have the names of kombu', () => {
    expect(
      read(
        'ssl_ca_certs=ca.pem&ssl_ca_data=CA&ssl_certfile=c.pem&ssl_keyfile=k.pem&ssl_password=s3&ssl_ciphers=X',
      ),
    ).toEqual({
      ...{ caCerts: 'ca.pem', caData: 'CA', certfile: 'c.pem', keyfile: 'k.pem' },
      ...{ password: 's3', ciphers: 'X' },
    });
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
    expect(() => read('ssl_cert_reqs=maybe')).toThrow(
      'ssl_cert_reqs is "maybe"; allowed: required, optional, none',
    );
    expect(parseVerify('3')).toBeNull();
  });
});

describe('a TLS error', () => {
  test('about the name in a certificate contains the remedy', () => {
    const error = Object.assign(new Error('Host: h. is not in the altnames'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(describeTlsError(error)).toBe(
      'Host: h. is not in the altnames; "ssl_check_hostname: false" in brokerUseSsl, or in the URL, disables the check of names',
    );
  });

  test('about any other cause is unchanged', () => {
    expect(describeTlsError(new Error('self-signed certificate'))).toBe('self-signed certificate');
  });
});
