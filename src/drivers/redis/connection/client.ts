/**
 * The Redis client with a guard on every connection. Invalid bytes from a server end the connection, which
 * ioredis then opens again; they never end the process.
 */
import { Redis, SentinelConnector, type RedisOptions } from 'ioredis';
import { createRequire } from 'node:module';
import type standalone from 'ioredis/built/connectors/StandaloneConnector.js';
import type { Socket } from 'node:net';
import { guard, isGuarded, PeerError, type Guard } from '../../connection/guard.ts';
import { REDIS } from './protocol.ts';

/** Parts of ioredis that it does not export by name. They are CommonJS: the default export is a property. */
const requirePart = createRequire(import.meta.url);
const { default: StandaloneConnector } = requirePart(
  'ioredis/built/connectors/StandaloneConnector.js',
) as typeof standalone;
const { default: DataHandler } = requirePart('ioredis/built/DataHandler.js') as { default: { prototype: Internals } };

export function createClient(options: RedisOptions, onGuard: OnGuard): Redis {
  catchReplyErrors();
  const { sentinels, name, path, host, port } = options;
  const Connector = sentinels
    ? sentinelConnector(String(name), onGuard)
    : directConnector(path ?? `${host}:${port}`, onGuard);
  return new Redis({ ...(options as Omit<RedisOptions, 'replyMapping'>), Connector });
}

type Connector = NonNullable<RedisOptions['Connector']>;
type OnGuard = (guard: Guard) => void;
type Emit = Parameters<InstanceType<typeof StandaloneConnector>['connect']>[0];

function directConnector(where: string, onGuard: OnGuard): Connector {
  return class extends StandaloneConnector {
    override async connect(emit: Emit): Promise<Socket> {
      const socket = await super.connect(emit);
      onGuard(guard(socket, REDIS, where));
      return socket;
    }
  } as Connector;
}

/** ioredis creates its own clients to query sentinels; they get a guard too. */
interface SentinelClients {
  connectToSentinel(endpoint: { host?: string; port?: number }, options?: object): Redis;
}

function sentinelConnector(name: string, onGuard: OnGuard): Connector {
  return class extends SentinelConnector {
    override async connect(emit: Emit): Promise<Socket> {
      const clients = this as unknown as SentinelClients;
      const original = SentinelConnector.prototype as unknown as SentinelClients;
      clients.connectToSentinel = (endpoint, options) => {
        const Connector = directConnector(`${endpoint.host}:${endpoint.port}`, () => {});
        return original.connectToSentinel.call(this, endpoint, { ...options, Connector });
      };
      const socket = await super.connect(emit);
      onGuard(guard(socket, REDIS, `the address of the master "${name}"`));
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
 * Makes an unexpected reply end its connection. ioredis throws such an error, for instance for a reply that no command
 * waits for, as an uncaught exception. The connection is then unusable: the next reply could be matched with the wrong
 * command.
 */
function catchReplyErrors(): void {
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
      const reason = error instanceof Error ? error.message : String(error);
      stream.destroy(new PeerError(`the server sent a reply that matches no command: ${reason}`));
    }
  };
  internals.shiftCommand = function (reply) {
    if (isGuarded(this.redis.stream) && this.redis.commandQueue.length === 0) {
      throw new PeerError('the server sent a reply before any command');
    }
    return shiftCommand.call(this, reply);
  };
}
