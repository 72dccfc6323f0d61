import { connect, credentials, type ChannelModel, type ConfirmChannel } from 'amqplib';
import type { LoginMethod } from '../config/settings.ts';
import type { Address } from './url.ts';

/** What a connection says of itself, and how often. */
export interface Introduction {
  /** Milliseconds, 0 for never. */
  readonly heartbeat: number;
  readonly login: LoginMethod;
  /** Beside what AMQP knows of a client; `connection_name` among them. */
  readonly clientProperties: Readonly<Record<string, unknown>>;
}

/** Resolves with a connection and a channel of it. Rejects with why there is none; an abort cuts it. */
export async function openConnection(
  address: Address,
  introduction: Introduction,
  signal: AbortSignal,
): Promise<readonly [ChannelModel, ConfirmChannel]> {
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
): Promise<readonly [ChannelModel, ConfirmChannel]> {
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
