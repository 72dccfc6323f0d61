import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { compileGlob } from '../../celery/routing/glob.ts';
import type { Mailbox, Reply } from '../../contracts/broker/mailbox.ts';
import type { Liveness } from '../../observe/liveness.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../util/clock.ts';
import { parseJson } from '../../util/decode/json.ts';
import { describeError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';

/** The pause before a new attempt to connect, as in Celery's beat. Milliseconds. */
const RETRY_INTERVAL = 5_000;

/** Handles a request. Returns the answer as JSON data; `null` for none. */
export type AnswerRequest = (request: ControlRequest) => unknown;

export interface RemoteControlOptions {
  readonly mailbox: Mailbox;
  readonly node: string;
  readonly answer: AnswerRequest;
  /** What an outage means, for the log: `scheduling is not affected`. */
  readonly effect: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Answers the requests that reach a mailbox until the signal aborts, and then closes it. Never rejects. */
export async function runRemoteControl(
  { mailbox, node, answer, effect, clock, log }: RemoteControlOptions,
  signal: AbortSignal,
): Promise<void> {
  /** Celery's logical clock. */
  let time = 0;
  const receive = (message: ReceivedMessage): Reply | null => {
    const request = parseRequest(message, node);
    const given = request && answer(request);
    if (!request || given === null) return null;
    time = Math.max(time, request.clock) + 1;
    return buildReply(request, node, { answer: given, clock: time });
  };
  let isFailing = false;
  const connected = () => {
    isFailing = false;
    log.info({ event: 'remote-control', node }, `Remote control: answering as ${node}`);
  };
  // A connection that is being opened would hold up the stop until its timeout.
  signal.addEventListener('abort', () => void mailbox.close(), { once: true });
  while (!signal.aborted) {
    try {
      await mailbox.serve({ receive, connected, signal });
    } catch (error) {
      // The `await` may have changed it, which the type checker does not expect.
      if (signal.aborted as boolean) break;
      const text = `Remote control: ${describeError(error)}; retrying, ${effect}`;
      log[isFailing ? 'debug' : 'warn']({ event: 'remote-control', node }, text);
      isFailing = true;
      await clock.sleep(RETRY_INTERVAL, signal);
    }
  }
  await mailbox.close();
}

export interface ControlRequest {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Where the requester waits; `null` for a request without a reply. */
  readonly replyTo: { readonly exchange: string; readonly routingKey: string } | null;
  /** Identifies the request in its reply. */
  readonly ticket: unknown;
  readonly clock: number;
}

/** Parses a request; `null` if it is addressed to other nodes, or is not one. Workers may accept more than JSON. */
function parseRequest(message: ReceivedMessage, node: string): ControlRequest | null {
  if (message.contentType !== 'application/json') return null;
  let body: unknown;
  try {
    body = parseJson(message.body.toString('utf8'));
  } catch {
    return null;
  }
  if (!isMap(body) || typeof body['method'] !== 'string' || !isAddressed(body, node)) return null;
  const { method, arguments: given, ticket, reply_to: to } = body;
  const { clock } = message.headers;
  return {
    method,
    arguments: isMap(given) ? given : {},
    ticket,
    clock: typeof clock === 'number' ? clock : 0,
    replyTo:
      isMap(to) && typeof to['exchange'] === 'string' && typeof to['routing_key'] === 'string'
        ? { exchange: to['exchange'], routingKey: to['routing_key'] }
        : null,
  };
}

/** By name, by a glob, or to all. A regular expression of a requester could take minutes, so it matches no node. */
function isAddressed(body: Readonly<Record<string, unknown>>, node: string): boolean {
  const { destination, pattern, matcher } = body;
  if (Array.isArray(destination) && destination.length > 0) return destination.includes(node);
  if (typeof pattern === 'string' && pattern !== '' && matcher) {
    return matcher === 'glob' && compileGlob(pattern).test(node);
  }
  return true;
}

/** The reply of a node, as workers reply; `null` if the requester waits for none. */
function buildReply(
  { replyTo, ticket }: ControlRequest,
  node: string,
  { answer, clock }: { readonly answer: unknown; readonly clock: number },
): Reply | null {
  if (!replyTo) return null;
  return { ...replyTo, headers: { ticket, clock }, body: Buffer.from(JSON.stringify({ [node]: answer })) };
}

export interface BeatRequestsOptions {
  readonly node: string;
  readonly liveness: Pick<Liveness, 'idleMs'>;
  /** Milliseconds without progress after which no request is answered; 0 for no limit. */
  readonly maxTickAge: number;
  readonly log: Logger;
}

/**
 * Answers `celery inspect ping`, so that probes written for celery beat work. All other requests are for workers and
 * get no answer. A stuck loop does not answer either: `celery inspect` fails only if no node answers.
 */
export function answerAsBeat(options: BeatRequestsOptions): AnswerRequest {
  const { node, liveness, maxTickAge, log } = options;
  return ({ method }) => {
    if (method !== 'ping') return null;
    const { idleMs } = liveness;
    if (maxTickAge === 0 || idleMs <= maxTickAge) return { ok: 'pong' };
    const text = `Remote control: not answering ping: the loop made no progress for ${idleMs / 1_000} s`;
    log.warn({ event: 'remote-control', node }, text);
    return null;
  };
}
