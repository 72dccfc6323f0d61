import { z } from 'zod';
import { CERT_REQS, verifyOf } from '../../broker/tls.ts';
import { duration, flag, MAP, name } from '../values/scalars.ts';

const REQS = `one of ${CERT_REQS.join(', ')}, or of Python's ssl.CERT_REQUIRED (2), CERT_OPTIONAL (1), CERT_NONE (0)`;
const certReqs = () =>
  z
    .union([z.number(), z.string()], REQS)
    .refine((value) => verifyOf(value) !== null, REQS)
    .nullable()
    .optional();
const file = () => name().optional().describe('Path of a PEM file.');
/** Which versions of TLS there are is settled between Node and the server. */
const anything = () => z.unknown().optional();

/** Celery's names: with `ssl_` for Redis, without it for AMQP; here either will do for both. */
const tlsShape = {
  caCerts: file(),
  certfile: file(),
  keyfile: file(),
  certReqs: certReqs(),
  checkHostname: flag().optional(),
  serverHostname: name().optional(),
  ciphers: name().optional(),
  password: name().optional().describe('Of the key.'),
  sslCaCerts: file(),
  sslCaData: name().optional().describe('The PEM text itself.'),
  sslCertfile: file(),
  sslKeyfile: file(),
  sslCertReqs: certReqs(),
  sslCheckHostname: flag().optional(),
  sslCiphers: name().optional(),
  sslPassword: name().optional().describe('Of the key.'),
  ...{ sslVersion: anything(), sslMinVersion: anything() },
  ...{ tlsMinimumVersion: anything(), tlsMaximumVersion: anything() },
};

export const tlsSchema = z.strictObject(tlsShape, `true, false or ${MAP} such as {ca_certs: path}`);

/** `broker_use_ssl`, for the JSON Schema and the spellings; it is read by `tlsSchema`. */
export const useSsl = () =>
  z
    .union([flag(), tlsSchema])
    .optional()
    .describe('Encrypts the connection to the server, whose certificate is verified.');

/** How the sentinels themselves are spoken to. */
export const sentinelSchema = z.strictObject(
  {
    ...tlsShape,
    username: name().optional(),
    password: name().optional().describe('Of the sentinels; that of a key is sslPassword.'),
    ssl: flag().optional(),
    socketTimeout: duration().optional(),
    socketConnectTimeout: duration().optional(),
    ...{ socketKeepalive: anything(), socketKeepaliveOptions: anything() },
    ...{ healthCheckInterval: anything(), retryOnTimeout: anything(), maxConnections: anything() },
  },
  MAP,
);

export type TlsInput = z.output<typeof tlsSchema>;
