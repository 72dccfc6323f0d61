import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import type { Address } from './url.ts';

/** Resolves with a connection and a channel of it. Rejects with why there is none; an abort cuts it. */
export async function openConnection(
  address: Address,
  heartbeat: number,
  signal: AbortSignal,
): Promise<readonly [ChannelModel, ConfirmChannel]> {
  try {
    return await openChannel(address, heartbeat, signal);
  } catch (error) {
    // The client library keeps to itself what RabbitMQ said here; it has one reason to.
    if (!/ConnectionOpenOk.*ConnectionClose/.test((error as Error).message)) throw error;
    const { vhost, username } = address;
    const why = `there is no vhost "${vhost}", or not for the user "${username}"`;
    throw new Error(why, { cause: error });
  }
}

async function openChannel(
  { host, port, username, password, vhost, tls }: Address,
  heartbeat: number,
  signal: AbortSignal,
): Promise<readonly [ChannelModel, ConfirmChannel]> {
  const clientProperties = { product: 'beat', connection_name: 'beat' };
  const socket = { ...tls, noDelay: true, keepAlive: true, signal, clientProperties };
  const model = await connect(
    {
      protocol: tls ? 'amqps' : 'amqp',
      hostname: host,
      port,
      username,
      password,
      // It is unescaped there.
      vhost: encodeURIComponent(vhost),
      heartbeat: Math.ceil(heartbeat / 1_000),
    },
    socket,
  );
  // What goes wrong is told by "close" too, which is listened to once the session is made.
  model.on('error', () => {});
  return [model, await model.createConfirmChannel()];
}
