import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions as TlsOptions, createSecureContext } from 'node:tls';
import { errorAt } from '../../util/diagnostic.ts';
import type { TlsSettings } from '../../contracts/broker/connection-settings.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';

export type Tls = Pick<
  TlsOptions,
  'rejectUnauthorized' | 'servername' | 'checkServerIdentity' | 'ca' | 'cert' | 'key' | 'passphrase' | 'ciphers'
>;

/**
 * Creates Node's TLS options. By default the server's certificate is verified, which kombu does not do. As in Python,
 * the certificate file may contain the key. Throws a `ConfigError` for this setting if a file is unreadable or
 * invalid.
 */
export function createTls(
  settings: TlsSettings,
  /** `null` if the host is not known yet: Node then verifies the name of the actual host. */
  host: string | null,
  setting = 'brokerUrl',
): Tls {
  const { verify = true, checkHostname = true, serverHostname, ciphers, password } = settings;
  const name = serverHostname ?? host;
  const text = (path: string | undefined) => (path === undefined ? undefined : readTlsFile(path, setting));
  const ca = settings.caData ?? text(settings.caCerts);
  const cert = text(settings.certfile);
  const containsKey = cert?.includes('PRIVATE KEY-----') === true;
  const key = text(settings.keyfile) ?? (containsKey ? cert : undefined);
  const paths = {
    ca: settings.caData === undefined ? settings.caCerts : 'ssl_ca_data',
    cert: settings.certfile,
    key: settings.keyfile ?? settings.certfile,
  };
  const problem = findTlsError({ ca, cert, key, passphrase: password, ciphers }, (file) => paths[file] ?? file);
  if (problem !== null) throw new ConfigError([errorAt([setting], problem)]);
  return {
    rejectUnauthorized: verify,
    ...(name === null || /^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    ...(checkHostname ? {} : { checkServerIdentity: () => undefined }),
    ca,
    cert,
    key,
    passphrase: password,
    ...(ciphers !== undefined && { ciphers }),
  };
}

/** Reads a file that a setting names. Throws a `ConfigError` for the setting if it is unreadable. */
export function readTlsFile(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigError([errorAt([setting], `${path} cannot be read: ${(cause as Error).message}`)]);
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

/** Reads kombu's `ssl_*` parameters of a URL; `null` when it has none. `wrong` creates the errors that it throws. */
export function readTlsQuery(query: URLSearchParams, wrong: (message: string) => Error): TlsSettings | null {
  const given = [...query.keys()].filter((key) => key.startsWith('ssl_'));
  if (given.length === 0) return null;
  const unknown = given.find((key) => !PARAMETERS.includes(key));
  if (unknown) {
    const hint = didYouMean(unknown, PARAMETERS);
    throw wrong(`unknown parameter "${unknown}"; allowed: ${PARAMETERS.join(', ')}${hint}`);
  }
  const reqs = query.get('ssl_cert_reqs');
  const verify = reqs === null ? undefined : parseVerify(reqs);
  if (verify === null) throw wrong(`ssl_cert_reqs is "${reqs}"; allowed: ${CERT_REQS.join(', ')}`);
  const texts = Object.entries(TEXTS).filter(([key]) => query.has(key));
  const checkHostname = query.get('ssl_check_hostname')?.toLowerCase();
  return {
    ...(verify !== undefined && { verify }),
    ...(checkHostname !== undefined && { checkHostname: !['false', '0', 'no'].includes(checkHostname) }),
    ...Object.fromEntries(texts.map(([key, name]) => [name, query.get(key)!])),
  };
}

export const CERT_REQS = ['required', 'optional', 'none'];

/** Parses Python's `ssl.CERT_*`, a name or number: whether to verify the server (also if optional), else `null`. */
export function parseVerify(reqs: string | number): boolean | null {
  const name = String(reqs)
    .toLowerCase()
    .replace(/^(?:ssl\.)?(?:verifymode\.)?cert_/, '');
  const known = [...CERT_REQS, '2', '1', '0'].indexOf(name);
  return known < 0 ? null : known % 3 !== 2;
}

/** The error's message. For a certificate of another name, which Celery does not check, it adds the remedy. */
export function describeTlsError(error: Error): string {
  const isAboutTheName = (error as { code?: unknown }).code === 'ERR_TLS_CERT_ALTNAME_INVALID';
  const hint = '; "ssl_check_hostname: false" in brokerUseSsl, or in the URL, disables the check of names';
  return error.message + (isAboutTheName ? hint : '');
}

interface TlsFiles {
  readonly ca?: Buffer | string | undefined;
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
  readonly passphrase?: string | undefined;
  readonly ciphers?: string | undefined;
}

export type TlsFile = 'ca' | 'cert' | 'key';

/** Why the files are unusable, else `null`. Node accepts a CA file without certificates, and another's key. */
export function findTlsError(
  { ca, cert, key, passphrase, ciphers }: TlsFiles,
  nameOf: (file: TlsFile) => string,
): string | null {
  if (ca !== undefined && parseCertificate(ca) === null) return `${nameOf('ca')} ${NO_CERTIFICATE}`;
  const own = cert === undefined ? undefined : parseCertificate(cert);
  if (own === null) return `${nameOf('cert')} ${NO_CERTIFICATE}`;
  if (own === undefined && key !== undefined) return `${nameOf('key')} is a key without a certificate`;
  if (own !== undefined && key === undefined) {
    return `${nameOf('cert')} is a certificate without a key, and no key is configured`;
  }
  const secret = key === undefined ? undefined : parseKey(key, passphrase);
  if (typeof secret === 'string') return `${nameOf('key')} ${secret}`;
  if (own && secret && !own.checkPrivateKey(secret)) {
    return `${nameOf('key')} is not the key of the certificate in ${nameOf('cert')}`;
  }
  return ciphers === undefined ? null : findCipherError(ciphers);
}

const NO_CERTIFICATE = 'contains no valid PEM certificate';
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;

/** Parses the first certificate, which precedes those of its issuers. */
function parseCertificate(pem: Buffer | string): X509Certificate | null {
  try {
    const [first] = CERTIFICATE.exec(pem.toString()) ?? [];
    return first === undefined ? null : new X509Certificate(first);
  } catch {
    return null;
  }
}

function parseKey(key: Buffer | string, passphrase: string | undefined): KeyObject | string {
  try {
    return createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    if (!key.toString().includes('ENCRYPTED')) return 'contains no valid PEM private key';
    return passphrase === undefined
      ? 'is encrypted, and no password is configured'
      : 'cannot be decrypted with the configured password';
  }
}

function findCipherError(ciphers: string): string | null {
  try {
    createSecureContext({ ciphers });
    return null;
  } catch {
    return 'ciphers contains no name of an OpenSSL cipher';
  }
}
