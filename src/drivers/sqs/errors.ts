import { StoreError } from '../../util/errors.ts';

/** SQS rejects a message or a queue, and would do so again until the configuration changes. */
export class RejectedError extends Error {
  override name = 'RejectedError';
  /** Whether the reason is the queue, and not a message. */
  readonly isOfQueue: boolean;
  /** Whether there is no such queue. */
  readonly isMissing: boolean;

  constructor(reason: string, cause: 'missing' | 'queue' | 'request') {
    super(reason);
    this.isOfQueue = cause !== 'request';
    this.isMissing = cause === 'missing';
  }
}

/** Errors of AWS's protocols that differ in nothing but the service or the protocol that reports them. */
const CREDENTIALS =
  /^(CredentialsProviderError|ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|NotAuthorized|InvalidSecurity|OptInRequired|TokenProviderError)/;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|OverLimit/i;
const DENIED = /AccessDenied|AuthorizationError|^Forbidden/;
const MISSING = /QueueDoesNotExist|NonExistentQueue/;

/** The parts of the errors of AWS's SDK that beat reads. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function isMissingQueue(error: unknown): boolean {
  return error instanceof Error && MISSING.test(error.name);
}

/** Whether SQS could accept the same request later. `isSender` is AWS's word for an error of the request. */
export function isTransient(code: string, isSender: boolean): boolean {
  return !isSender || THROTTLED.test(code);
}

/**
 * Converts an error of AWS's SDK: a `RejectedError` if it concerns this queue or this message alone, else a
 * `StoreError`. `isOwn`: the queue has credentials of its own, so that the others can be published without it.
 */
export function toBrokerError(
  error: SdkError,
  operation: string,
  { right, place, isOwn, mask }: { right: string; place: string; isOwn: boolean; mask: (text: string) => string },
): StoreError | RejectedError {
  const status = error.$metadata?.httpStatusCode;
  const isPlain = error.name === 'Error' || error.name === 'TimeoutError';
  const reason = mask(isPlain ? error.message : `${error.name}: ${error.message}`);
  const fail = (text: string, isUnreachable = false): StoreError =>
    new StoreError(`${operation}: ${text} (${place})`, {
      cause: error,
      unreachable: isUnreachable ? { server: 'SQS', reason } : null,
    });
  if (error.message === 'Region is missing') {
    return fail('no AWS region is set; set brokerTransportOptions.region, or the environment variable AWS_REGION');
  }
  if (CREDENTIALS.test(error.name)) {
    const text = `AWS does not accept the credentials: ${reason}; renew them, or see that ${place} has some`;
    return isOwn ? new RejectedError(text, 'queue') : fail(text);
  }
  if (THROTTLED.test(error.name) || status === 429) return fail(`SQS throttles requests: ${reason}`, true);
  if (status === undefined || status < 400 || status >= 500) return fail(`no answer of SQS: ${reason}`, true);
  if (DENIED.test(error.name))
    return new RejectedError(`SQS rejected it: ${reason}; grant the right ${right}`, 'queue');
  if (MISSING.test(error.name)) return new RejectedError('there is no such queue', 'missing');
  return new RejectedError(`SQS rejected it: ${reason}`, 'request');
}
