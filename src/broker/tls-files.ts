import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What TLS is made with: texts in PEM, and where each comes from. */
export interface TlsFiles {
  readonly ca?: Buffer | string | undefined;
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
  readonly passphrase?: string | undefined;
  readonly ciphers?: string | undefined;
}

type Name = 'ca' | 'cert' | 'key';

/**
 * Why no connection can be made with these; `null` where one can. Node itself takes a CA without a certificate
 * for none at all, and a foreign key for its own: the server then refuses every connection.
 */
export function troubleWithTls(
  { ca, cert, key, passphrase, ciphers }: TlsFiles,
  nameOf: (file: Name) => string,
): string | null {
  if (ca !== undefined && certificateIn(ca) === null) return `${nameOf('ca')} ${NO_CERTIFICATE}`;
  const own = cert === undefined ? undefined : certificateIn(cert);
  if (own === null) return `${nameOf('cert')} ${NO_CERTIFICATE}`;
  if (own === undefined && key !== undefined)
    return `${nameOf('key')} is a key without a certificate`;
  if (own !== undefined && key === undefined) {
    return `${nameOf('cert')} is a certificate without a key, and none is named beside it`;
  }
  const secret = key === undefined ? undefined : keyIn(key, passphrase);
  if (typeof secret === 'string') return `${nameOf('key')} ${secret}`;
  if (own && secret && !own.checkPrivateKey(secret)) {
    return `${nameOf('key')} is not the key of the certificate in ${nameOf('cert')}`;
  }
  return ciphers === undefined ? null : troubleWithCiphers(ciphers);
}

const NO_CERTIFICATE = 'holds no certificate in PEM that can be read';
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;

/** The first, as servers and clients send it before those that have signed it. */
function certificateIn(pem: Buffer | string): X509Certificate | null {
  try {
    const [first] = CERTIFICATE.exec(pem.toString()) ?? [];
    return first === undefined ? null : new X509Certificate(first);
  } catch {
    return null;
  }
}

function keyIn(key: Buffer | string, passphrase: string | undefined): KeyObject | string {
  try {
    return createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  } catch {
    if (!key.toString().includes('ENCRYPTED'))
      return 'holds no private key in PEM that can be read';
    return passphrase === undefined
      ? 'is encrypted, and no password is given for it'
      : 'cannot be decrypted with the password that is given';
  }
}

function troubleWithCiphers(ciphers: string): string | null {
  try {
    createSecureContext({ ciphers });
    return null;
  } catch {
    return 'no cipher of OpenSSL has a name that is in ciphers';
  }
}
