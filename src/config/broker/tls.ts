import { z } from 'zod';
import type { TlsSettings } from '../../contracts/broker/connection-settings.ts';
import { CERT_REQS, parseVerify } from '../../drivers/connection/tls.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import { readKeySchema } from '../keys/key-schema.ts';
import { parse, type Report } from '../validate.ts';
import { ignored, option, flag, MAP, mapOf } from '../values/option.ts';
import { withoutAbsent } from '../../util/keys.ts';

const REQS = `one of ${CERT_REQS.join(', ')}, or of Python's ssl.CERT_REQUIRED (2), CERT_OPTIONAL (1), CERT_NONE (0)`;
const certReqs = () =>
  z
    .union([z.number(), z.string()], REQS)
    .refine((value) => parseVerify(value) !== null, REQS)
    .nullable();

/** Celery's names: with `ssl_` for Redis, without `ssl_` for AMQP. beat reads both for each broker. */
export const tlsShape = {
  caCerts: option.nonEmpty('Path of a PEM file with the certificates of trusted authorities.', {
    otherwise: "Node's own list",
    example: '/etc/ssl/ca.pem',
  }),
  certfile: option.nonEmpty("Path of a PEM file with beat's own certificate.", { example: '/etc/ssl/beat.pem' }),
  keyfile: option.nonEmpty('Path of a PEM file with the key of that certificate.', { example: '/etc/ssl/beat.key' }),
  certReqs: option(
    certReqs(),
    "Whether the server's certificate is verified: `required`, `optional` or `none`, or Python's `ssl.CERT_*` by name or number.",
    { default: 'required', example: 'none' },
  ),
  checkHostname: option.flag('Whether the name in the certificate is verified.', { default: true }),
  serverHostname: option.nonEmpty('The name that the certificate must have.', {
    otherwise: 'the host of the URL',
    example: 'rabbit.internal',
  }),
  ciphers: option.nonEmpty('Allowed ciphers, as OpenSSL names them.', { example: 'ECDHE+AESGCM' }),
  password: option.nonEmpty('Password of the key.', { example: 'secret' }),
  sslCaCerts: option.nonEmpty('The same as `caCerts`.', { example: '/etc/ssl/ca.pem' }),
  sslCaData: option.nonEmpty('The text of the PEM file instead of its path.', {
    example: '-----BEGIN CERTIFICATE-----…',
  }),
  sslCertfile: option.nonEmpty('The same as `certfile`.', { example: '/etc/ssl/beat.pem' }),
  sslKeyfile: option.nonEmpty('The same as `keyfile`.', { example: '/etc/ssl/beat.key' }),
  sslCertReqs: option(certReqs(), 'The same as `certReqs`.', { example: 'none' }),
  sslCheckHostname: option.flag('The same as `checkHostname`.', { example: false }),
  sslCiphers: option.nonEmpty('The same as `ciphers`.', { example: 'ECDHE+AESGCM' }),
  sslPassword: option.nonEmpty('Password of the key.', { example: 'secret' }),
  // Node and the server agree on a version of TLS.
  sslVersion: ignored(),
  sslMinVersion: ignored(),
  tlsMinimumVersion: ignored(),
  tlsMaximumVersion: ignored(),
};

const tlsSchema = mapOf('SslConfig', tlsShape, {
  allowed: `true, false or ${MAP} such as {ca_certs: path}`,
  description: 'How a connection is encrypted. Files are PEM.',
});

/** `broker_use_ssl` and the like, for the JSON Schema and the spellings. */
export const useSsl = () => z.union([flag(), tlsSchema]);

const KEYS = readKeySchema(tlsSchema);

type TlsInput = Omit<z.output<typeof tlsSchema>, 'password'>;

/** Reads `broker_use_ssl` and the like; `null` if nothing is encrypted. */
export function readTls(
  key: 'brokerUseSsl' | 'redisBackendUseSsl',
  given: unknown,
  report: Report,
): TlsSettings | null {
  if (given === undefined || given === false) return null;
  const map = given === true ? {} : parse(tlsSchema, given, { path: [key], keys: KEYS, report });
  return map ? tlsSettings(map, map.sslPassword ?? map.password) : null;
}

/** Reports encryption that would have no effect: for a database, the URL determines it, as in kombu. */
export function checkTls({ driver }: Endpoint, tls: TlsSettings | null, report: Report): void {
  if (tls === null || !driver?.remote || driver.useSsl) return;
  report(['brokerUseSsl'], `has no effect on ${driver.title}; ${driver.encryption}`);
}

export function tlsSettings(given: TlsInput, password: string | undefined): TlsSettings {
  const reqs = given.sslCertReqs === undefined ? given.certReqs : given.sslCertReqs;
  return withoutAbsent({
    // Python's None is CERT_NONE.
    verify: reqs === undefined ? undefined : reqs !== null && parseVerify(reqs) === true,
    checkHostname: given.sslCheckHostname ?? given.checkHostname,
    serverHostname: given.serverHostname,
    caCerts: given.sslCaCerts ?? given.caCerts,
    caData: given.sslCaData,
    certfile: given.sslCertfile ?? given.certfile,
    keyfile: given.sslKeyfile ?? given.keyfile,
    password,
    ciphers: given.sslCiphers ?? given.ciphers,
  });
}
