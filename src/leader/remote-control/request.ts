import type { Reply } from '../../contracts/broker/mailbox.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import { parseJson } from '../../util/decode/json.ts';
import { isMap } from '../../util/is-map.ts';
import { Glob } from '../../celery/routing/glob.ts';

/** A request of Celery's remote control. */
export interface ControlRequest {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Where the requester waits; `null` for a request without a reply. */
  readonly replyTo: { readonly exchange: string; readonly routingKey: string } | null;
  /** Identifies the request in its reply. */
  readonly ticket: unknown;
  /** The logical clock of the requester. */
  readonly clock: number;
}

/** Parses a request; `null` if it is addressed to other nodes, or is not one. Workers may accept more than JSON. */
export function parseRequest(message: ReceivedMessage, node: string): ControlRequest | null {
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
    ...{ method, arguments: isMap(given) ? given : {}, ticket },
    ...{ clock: typeof clock === 'number' ? clock : 0 },
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
    return matcher === 'glob' && new Glob(pattern).test(node);
  }
  return true;
}

/** The reply of a node, as workers reply; `null` if the requester waits for none. */
export function buildReply(
  { replyTo, ticket }: ControlRequest,
  node: string,
  { answer, clock }: { readonly answer: unknown; readonly clock: number },
): Reply | null {
  if (!replyTo) return null;
  const body = Buffer.from(JSON.stringify({ [node]: answer }));
  return { ...replyTo, headers: { ticket, clock }, body };
}
