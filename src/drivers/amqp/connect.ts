import { connect, credentials, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { LoginMethod, ReceiverOptions } from '../../contracts/broker/connection-settings.ts';
import { guard, type Guard, type Protocol } from '../connection/guard.ts';
import type { Address } from './url.ts';

/** The longest frame that RabbitMQ may send, bytes. By default its frames have at most 128 KiB. */
const MAX_FRAME = 1024 * 1024;

/** RabbitMQ begins with a frame: a method (1) on channel 0. */
const METHOD_FRAME = [1, 0, 0];

/** AMQP 0-9-1. A server of another version answers with its own protocol header, which does not match. */
const AMQP: Protocol = {
  name: 'AMQP 0-9-1',
  opensWith: (bytes) => METHOD_FRAME.every((byte, i) => (bytes[i] ?? byte) === byte),
};

export type OpenedConnection = readonly [ChannelModel, ConfirmChannel, Guard];

/** What beat sends to RabbitMQ about itself. */
export type ClientSettings = Pick<ReceiverOptions, 'connection' | 'transport'>;

/** Opens a connection. Rejects with the reason if that fails; an abort closes the socket. */
export async function openConnection(
  address: Address,
  client: ClientSettings,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  try {
    return await openChannel(address, client, signal);
  } catch (error) {
    // amqplib does not pass on RabbitMQ's text. RabbitMQ closes the connection here only because of the vhost.
    if (!/ConnectionOpenOk.*ConnectionClose/.test((error as Error).message)) throw error;
    const { vhost, username } = address;
    const reason = `there is no vhost "${vhost}", or the user "${username}" has no access to it`;
    throw new Error(reason, { cause: error });
  }
}

type Credentials = ReturnType<typeof credentials.external>;

const CREDENTIALS: Record<LoginMethod, (username: string, password: string) => Credentials> = {
  PLAIN: (username, password) => credentials.plain(username, password),
  AMQPLAIN: (username, password) => credentials.amqplain(username, password),
  EXTERNAL: () => credentials.external(),
};

async function openChannel(
  address: Address,
  { connection, transport }: ClientSettings,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { host, port, username, password, vhost, tls } = address;
  const heartbeat = address.heartbeat ?? connection.heartbeat;
  const login = address.login ?? connection.login;
  const socket = {
    ...tls,
    noDelay: true,
    keepAlive: true,
    signal,
    clientProperties: {
      product: 'beat',
      connection_name: transport.clientName ?? 'beat',
      ...transport.clientProperties,
    },
    credentials: CREDENTIALS[login](username, password),
  };
  const url = {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: host,
    port,
    username,
    password,
    // amqplib decodes the vhost.
    vhost: encodeURIComponent(vhost),
    heartbeat: Math.ceil(heartbeat / 1_000),
    maxFrameSize: MAX_FRAME,
  };
  let guarded: Guard | undefined;
  const model = await withSocket(
    () => connect(url, socket),
    (created) => (guarded = guard(created, AMQP, `${host}:${port}`)),
  );
  // The session listens to "close", which follows every error.
  model.on('error', () => {});
  const channel = await model.createConfirmChannel();
  guarded!.established();
  return [model, channel, guarded!];
}

/** Calls `onSocket` with the socket that `connectNow` creates, because amqplib does not accept one. */
function withSocket<T>(connectNow: () => T, onSocket: (socket: Socket) => void): T {
  const listener = (message: unknown) => onSocket((message as { socket: Socket }).socket);
  subscribe('net.client.socket', listener);
  try {
    return connectNow();
  } finally {
    unsubscribe('net.client.socket', listener);
  }
}
