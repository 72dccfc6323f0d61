import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import { decodePart, parseUrl, urlError, withSafeErrors } from '../connection/url.ts';

export interface SqsAddress {
  /** The URL of an emulator; `null` for AWS. */
  readonly endpoint: string | null;
  /** `null` for the credentials that the SDK of AWS finds: environment, files, or the role of the host. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

/** A URL of AWS; kombu takes a host for the address of an emulator. */
const NO_HOST = /^sqs:\/\/(?:[^/?#]*@)?(?:[/?#:]|$)/i;

/**
 * Parses a URL by kombu's rules: `sqs://` with the credentials of the host, `sqs://key:secret@`, or
 * `sqs://key:secret@host:port` for an emulator, which `isSecure` reaches over TLS. Throws a `ConfigError` for an invalid
 * URL; its text does not contain the URL.
 */
export function parseSqsUrl({ url: given }: ServerUrl, isSecure: boolean): SqsAddress {
  return withSafeErrors(given, () => {
    const url = parseUrl(given, []);
    const accessKeyId = decodePart(url.username, 'access key');
    const secretAccessKey = decodePart(url.password, 'secret key');
    if ((accessKeyId === '') !== (secretAccessKey === '')) {
      throw urlError(
        'an access key needs its secret key: sqs://KEY:SECRET@, or sqs:// for the credentials of the host',
      );
    }
    const endpoint = NO_HOST.test(given) ? null : `${isSecure ? 'https' : 'http'}://${url.host}`;
    return { endpoint, credentials: accessKeyId === '' ? null : { accessKeyId, secretAccessKey } };
  });
}
