import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import { troubleWithTls } from './tls-files.ts';
import { didYouMean } from '../util/did-you-mean.ts';

/** What a TLS connection is made with, as a URL's `ssl_*` parameters or `broker_use_ssl` say it. Paths are of PEM files. */
export interface TlsSettings {
  /** Whether the server's certificate is verified; `true` unless given. */
  readonly verify?: boolean | undefined;
  /** Whether the name in it is; `true` unless given. */
  readonly checkHostname?: boolean | undefined;
  /** The name that it should bear; that of the URL unless given. */
  readonly serverHostname?: string | undefined;
  readonly caCerts?: string | undefined;
  /** As `caCerts`, but the text itself. */
  readonly caData?: string | undefined;
  readonly certfile?: string | undefined;
  readonly keyfile?: string | undefined;
  /** Of the key. */
  readonly password?: string | undefined;
  /** As OpenSSL names them. */
  readonly ciphers?: string | undefined;
}

/** The same for Node. */
export type Tls = Pick<
  TlsOptions,
  | 'rejectUnauthorized'
  | 'servername'
  | 'checkServerIdentity'
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'ciphers'
>;

/**
 * Unlike kombu, which then trusts anybody, a connection of which nothing is said has the server's
 * certificate verified. A certificate may bring its key along, as in Python. Throws a `ConfigError`, said of this
 * setting, for a file that cannot be read and for such as no connection can be made with.
 */
export function tlsWith(
  settings: TlsSettings,
  /** `null` where the host is not known yet: its name is then looked for in the certificate. */
  host: string | null,
  setting = 'brokerUrl',
): Tls {
  const { verify = true, checkHostname = true, serverHostname, ciphers, password } = settings;
  const name = serverHostname ?? host;
  const text = (path: string | undefined) => (path === undefined ? undefined : read(path, setting));
  const ca = settings.caData ?? text(settings.caCerts);
  const cert = text(settings.certfile);
  const bringsKey = cert?.includes('PRIVATE KEY-----') === true;
  const key = text(settings.keyfile) ?? (bringsKey ? cert : undefined);
  const paths = {
    ca: settings.caData === undefined ? settings.caCerts : 'ssl_ca_data',
    cert: settings.certfile,
    key: settings.keyfile ?? settings.certfile,
  };
  const trouble = troubleWithTls(
    { ca, cert, key, passphrase: password, ciphers },
    (file) => paths[file] ?? file,
  );
  if (trouble !== null) throw new ConfigError([errorAt([setting], trouble)]);
  return {
    rejectUnauthorized: verify,
    ...(name === null || /^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    ...(checkHostname ? {} : { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(password !== undefined && { passphrase: password }),
    ...(ciphers !== undefined && { ciphers }),
  };
}

function read(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `${path} cannot be read: ${(cause as Error).message}`;
    throw new ConfigError([errorAt([setting], message)]);
  }
}

const TEXTS = {
  ssl_ca_certs: 'caCerts',
  ssl_ca_data: 'caData',
  ssl_certfile: 'certfile',
  ssl_keyfile: 'keyfile',
  ssl_password: 'password',
  ssl_ciphers: 'ciphers',
} as const;

const PARAMETERS = ['ssl_cert_reqs', 'ssl_check_hostname', ...Object.keys(TEXTS)];

/** kombu's `ssl_*` parameters of a URL; `null` when it has none. Throws what `wrong` makes of its words. */
export function tlsInQuery(
  query: URLSearchParams,
  wrong: (message: string) => Error,
): TlsSettings | null {
  const given = [...query.keys()].filter((key) => key.startsWith('ssl_'));
  if (given.length === 0) return null;
  const unknown = given.find((key) => !PARAMETERS.includes(key));
  if (unknown) {
    const hint = didYouMean(unknown, PARAMETERS);
    throw wrong(`unknown parameter "${unknown}"; allowed: ${PARAMETERS.join(', ')}${hint}`);
  }
  const reqs = query.get('ssl_cert_reqs');
  const verify = reqs === null ? undefined : verifyOf(reqs);
  if (verify === null) throw wrong(`ssl_cert_reqs is "${reqs}"; allowed: ${CERT_REQS.join(', ')}`);
  const checkHostname = query.get('ssl_check_hostname')?.toLowerCase();
  return {
    ...(verify !== undefined && { verify }),
    ...(checkHostname !== undefined && {
      checkHostname: !['false', '0', 'no'].includes(checkHostname),
    }),
    ...Object.fromEntries(
      Object.entries(TEXTS).flatMap(([key, name]) => {
        const value = query.get(key);
        return value === null ? [] : [[name, value]];
      }),
    ),
  };
}

export const CERT_REQS = ['required', 'optional', 'none'];

/**
 * Whether a server's certificate is to be verified, as Python's `ssl.CERT_*` say it, by name or number; to
 * a client "optional" is "required". `null` for what is none of them.
 */
export function verifyOf(reqs: string | number): boolean | null {
  const name = String(reqs)
    .toLowerCase()
    .replace(/^(?:ssl\.)?(?:verifymode\.)?cert_/, '');
  const known = [...CERT_REQS, '2', '1', '0'].indexOf(name);
  return known < 0 ? null : known % 3 !== 2;
}

/** The error's words; of a certificate for another name, which Celery never looks at, with what to do about it. */
export function tlsWords(error: Error): string {
  const isAboutTheName = (error as { code?: unknown }).code === 'ERR_TLS_CERT_ALTNAME_INVALID';
  const hint =
    '; "ssl_check_hostname: false" in brokerUseSsl, or in the URL, leaves names unchecked';
  return error.message + (isAboutTheName ? hint : '');
}
