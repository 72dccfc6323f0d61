import { once } from 'node:events';
import type { Subject } from '../dialect.ts';
import { connect, type ConnectOptions } from './connection.ts';
import { CHANNELS } from './syntax.ts';

/** Calls `notify` for each notification of a key prefix, and on every subject as soon as it listens. */
export async function listen(
  options: ConnectOptions,
  prefix: string,
  notify: (subject: Subject) => void,
  signal: AbortSignal,
): Promise<void> {
  const subjects = Object.keys(CHANNELS) as Subject[];
  const connection = await connect(options, signal);
  try {
    const { client } = connection;
    const ended = once(client, 'end', { signal });
    ended.catch(() => {});
    client.on('notification', ({ channel, payload }) => {
      connection.received();
      const subject = subjects.find((each) => CHANNELS[each] === channel);
      if (subject && payload === prefix) notify(subject);
    });
    for (const subject of subjects) {
      await connection.run({ text: `LISTEN ${CHANNELS[subject]}`, values: [] });
    }
    subjects.forEach(notify);
    await ended;
  } finally {
    await connection.close();
  }
}
