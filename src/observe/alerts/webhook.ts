import { createHmac } from 'node:crypto';
import { fillBody } from '../../config/alerts/check-body.ts';
import type { AlertKind, WebhookSettings } from '../../config/alerts/settings.ts';
import type { AlertRequest } from './request.ts';

/** What a webhook is called with. Instants are ISO 8601 in UTC; a field that the kind does not have is `null`. */
export interface Alert {
  readonly kind: AlertKind;
  readonly entry: string;
  /** One line for people. */
  readonly text: string;
  readonly at: string;
  readonly task: string | null;
  readonly taskId: string | null;
  readonly dueAt: string | null;
  readonly sentAt: string | null;
  readonly latenessMs: number | null;
  readonly state: string | null;
  readonly error: string | null;
  readonly worker: string | null;
  readonly runtimeMs: number | null;
  /** Why occurrences were skipped. */
  readonly reason: string | null;
  readonly count: number | null;
}

/** A call of a webhook, signed as Standard Webhooks describes: HMAC-SHA256 over id, timestamp and body. */
export function buildWebhook(
  { url, secret, body: template, headers }: WebhookSettings,
  alert: Alert,
  { id, at }: { readonly id: string; readonly at: number },
): AlertRequest {
  const body = JSON.stringify(template ? fillBody(template, { ...alert }) : alert);
  const timestamp = String(Math.floor(at / 1_000));
  const signature = secret === null ? null : sign(secret, `${id}.${timestamp}.${body}`);
  const { entry, kind } = alert;
  return {
    ...{ key: `webhook ${entry}`, about: `webhook (${kind})`, entry, url, method: 'POST', body },
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(signature !== null && { 'webhook-signature': `v1,${signature}` }),
      ...headers,
    },
  };
}

/** A secret that begins with `whsec_` is base64, any other is used as it is. */
function sign(secret: string, text: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret);
  return createHmac('sha256', key).update(text).digest('base64');
}
