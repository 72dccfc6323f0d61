import type { Beat } from '../../beat.ts';
import { openMailbox } from '../../drivers/open-mailbox.ts';
import type { Logger } from '../../observe/logger.ts';
import { systemClock } from '../../util/clock.ts';

/** Answers Celery's remote control under that name if the configuration asks for it; `null` otherwise. */
export async function answerRemoteControl(
  { settings, liveness }: Beat,
  node: string,
  log: Logger,
): Promise<{ close(): Promise<void> } | null> {
  const { remoteControl, broker, connection, transport } = settings;
  if (!remoteControl.enabled) return null;
  const { RemoteControl } = await import('../../remote-control/remote-control.ts');
  const exchange = `${remoteControl.namespace}.pidbox`;
  const mailbox = await openMailbox(broker, {
    ...{ exchange, queue: `${node}.${exchange}` },
    ...{ connection, transport, clock: systemClock },
  });
  if (!mailbox) return null;
  const stop = new AbortController();
  const { maxTickAge } = remoteControl;
  const control = new RemoteControl({
    mailbox,
    node,
    liveness,
    maxTickAge,
    clock: systemClock,
    log,
  });
  const running = control.run(stop.signal);
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
