/**
 * The Redis client with every connection guarded. What a server sends may end its connection, which is
 * then made anew; it never ends the process.
 */
import { Redis, SentinelConnector, type RedisOptions } from 'ioredis';
import { createRequire } from 'node:module';
import type standalone from 'ioredis/built/connectors/StandaloneConnector.js';
import type { Socket } from 'node:net';
import { guard, isGuarded, PeerError, type Guard } from '../connection/guard.ts';
import { REDIS } from './protocol.ts';

/** Parts of ioredis that it does not export by name; CommonJS, whose default export is a property here. */
const part = createRequire(import.meta.url);
const { default: StandaloneConnector } = part(
  'ioredis/built/connectors/StandaloneConnector.js',
) as typeof standalone;
const { default: DataHandler } = part('ioredis/built/DataHandler.js') as {
  default: { prototype: Internals };
};

/** `watch` is given the guard of each new connection. */
export function createClient(options: RedisOptions, watch: (guard: Guard) => void): Redis {
  throwIntoConnections();
  const { sentinels, name, path, host, port } = options;
  const Connector = sentinels
    ? throughSentinels(String(name), watch)
    : directly(path ?? `${host}:${port}`, watch);
  return new Redis({ ...(options as Omit<RedisOptions, 'replyMapping'>), Connector });
}

type Connector = NonNullable<RedisOptions['Connector']>;
type Watch = (guard: Guard) => void;
type Emit = Parameters<InstanceType<typeof StandaloneConnector>['connect']>[0];

function directly(where: string, watch: Watch): Connector {
  return class extends StandaloneConnector {
    override async connect(emit: Emit): Promise<Socket> {
      const socket = await super.connect(emit);
      watch(guard(socket, REDIS, where));
      return socket;
    }
  } as Connector;
}

/** Sentinels are asked over clients of ioredis's own making, which are guarded too. */
interface Asking {
  connectToSentinel(endpoint: { host?: string; port?: number }, options?: object): Redis;
}

function throughSentinels(name: string, watch: Watch): Connector {
  return class extends SentinelConnector {
    override async connect(emit: Emit): Promise<Socket> {
      const asking = this as unknown as Asking;
      const connectTo = SentinelConnector.prototype as unknown as Asking;
      asking.connectToSentinel = (endpoint, options) => {
        const Connector = directly(`${endpoint.host}:${endpoint.port}`, () => {});
        return connectTo.connectToSentinel.call(this, endpoint, { ...options, Connector });
      };
      const socket = await super.connect(emit);
      watch(guard(socket, REDIS, `the address of the master "${name}"`));
      return socket;
    }
  } as Connector;
}

interface Internals {
  dispatch: (this: Internals, deliver: () => void) => void;
  shiftCommand: (this: Internals, reply: unknown) => unknown;
  readonly redis: { readonly stream: Socket; readonly commandQueue: { readonly length: number } };
}

let isPatched = false;

/**
 * ioredis throws what a reply leads to, such as an answer that no command waits for, at the process. For
 * guarded connections it is thrown at the connection: after such a reply the next could be taken for the
 * answer to another command.
 */
function throwIntoConnections(): void {
  if (isPatched) return;
  isPatched = true;
  const internals = DataHandler.prototype;
  const { dispatch, shiftCommand } = internals;
  internals.dispatch = function (deliver) {
    const { stream } = this.redis;
    if (!isGuarded(stream)) return dispatch.call(this, deliver);
    try {
      deliver();
    } catch (error) {
      if (error instanceof PeerError) return void stream.destroy(error);
      const what = error instanceof Error ? error.message : String(error);
      stream.destroy(new PeerError(`the server sent an answer that fits no command: ${what}`));
    }
  };
  internals.shiftCommand = function (reply) {
    if (isGuarded(this.redis.stream) && this.redis.commandQueue.length === 0) {
      throw new PeerError('the server sent an answer though nothing was asked');
    }
    return shiftCommand.call(this, reply);
  };
}
