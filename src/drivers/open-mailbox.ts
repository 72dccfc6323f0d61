import type { Mailbox, MailboxOptions } from '../contracts/broker/mailbox.ts';
import type { Endpoint } from './endpoint.ts';

/** Opens the mailbox of a broker; `null` if the broker carries no remote control. Throws a `ConfigError` for an invalid URL. */
export async function openMailbox(
  broker: Endpoint,
  options: Omit<MailboxOptions, 'server'>,
): Promise<Mailbox | null> {
  const open = await broker.driver?.loadMailbox?.();
  return open?.({ ...options, server: broker }) ?? null;
}
