import { connect, credentials, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { LoginMethod } from '../../broker/connection-settings.ts';
import { guard, type Guard } from '../connection/guard.ts';
import { AMQP } from './protocol.ts';
import type { Address } from './url.ts';

/** What a connection says of itself, and how often. */
export interface Introduction {
  /** Milliseconds, 0 for never. */
  readonly heartbeat: number;
  readonly login: LoginMethod;
  /** Beside what AMQP knows of a client; `connection_name` among them. */
  readonly clientProperties: Readonly<Record<string, unknown>>;
}

/** The most (bytes) that a frame may announce. RabbitMQ's are of 128 KiB at most, unless it was set otherwise. */
const LARGEST_FRAME = 1024 * 1024;

/** A connection, a channel of it, and the guard of what is read from it. */
export type Open = readonly [ChannelModel, ConfirmChannel, Guard];

/** Resolves with a connection. Rejects with why there is none; an abort cuts it. */
export async function openConnection(
  address: Address,
  introduction: Introduction,
  signal: AbortSignal,
): Promise<Open> {
  try {
    return await openChannel(address, introduction, signal);
  } catch (error) {
    // The client library keeps to itself what RabbitMQ said here; it has one reason to.
    if (!/ConnectionOpenOk.*ConnectionClose/.test((error as Error).message)) throw error;
    const { vhost, username } = address;
    const why = `there is no vhost "${vhost}", or not for the user "${username}"`;
    throw new Error(why, { cause: error });
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
  introduction: Introduction,
  signal: AbortSignal,
): Promise<Open> {
  const { host, port, username, password, vhost, tls } = address;
  const heartbeat = address.heartbeat ?? introduction.heartbeat;
  const login = address.login ?? introduction.login;
  const clientProperties = {
    ...{ product: 'beat', connection_name: 'beat' },
    ...introduction.clientProperties,
  };
  const socket = {
    ...tls,
    ...{ noDelay: true, keepAlive: true, signal, clientProperties },
    credentials: CREDENTIALS[login](username, password),
  };
  const url = {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: host,
    port,
    username,
    password,
    // It is unescaped there.
    vhost: encodeURIComponent(vhost),
    heartbeat: Math.ceil(heartbeat / 1_000),
    maxFrameSize: LARGEST_FRAME,
  };
  let guarded: Guard | undefined;
  const model = await withSocket(
    () => connect(url, socket),
    (made) => (guarded = guard(made, AMQP, `${host}:${port}`)),
  );
  // What goes wrong is told by "close" too, which is listened to once the session is made.
  model.on('error', () => {});
  const channel = await model.createConfirmChannel();
  guarded!.established();
  return [model, channel, guarded!];
}

/** Hands over the socket that `connecting` makes before it returns: amqplib makes its own and takes no other. */
function withSocket<T>(connecting: () => T, made: (socket: Socket) => void): T {
  const listener = (message: unknown) => made((message as { socket: Socket }).socket);
  subscribe('net.client.socket', listener);
  try {
    return connecting();
  } finally {
    unsubscribe('net.client.socket', listener);
  }
}
