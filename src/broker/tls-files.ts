import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** The PEM texts of a TLS connection, and their options. */
export interface TlsFiles {
  readonly ca?: Buffer | string | undefined;
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
  readonly passphrase?: string | undefined;
  readonly ciphers?: string | undefined;
}

type Name = 'ca' | 'cert' | 'key';

/**
 * Why these files cannot be used; `null` if they can. Node accepts a CA file without a certificate, and a key of
 * another certificate; every connection would then fail.
 */
export function findTlsError(
  { ca, cert, key, passphrase, ciphers }: TlsFiles,
  nameOf: (file: Name) => string,
): string | null {
  if (ca !== undefined && parseCertificate(ca) === null) return `${nameOf('ca')} ${NO_CERTIFICATE}`;
  const own = cert === undefined ? undefined : parseCertificate(cert);
  if (own === null) return `${nameOf('cert')} ${NO_CERTIFICATE}`;
  if (own === undefined && key !== undefined)
    return `${nameOf('key')} is a key without a certificate`;
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
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;

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
