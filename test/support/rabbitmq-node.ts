import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type ChannelModel, type Message } from 'amqplib';
import { findService } from './services.ts';

/** What a process needs to use a RabbitMQ server on this machine. */
export interface NodeAddress {
  readonly port: number;
  /** The port for TLS, with the certificate in the folder `tls`. */
  readonly tlsPort: number;
  /** The environment of the server and of its command-line tools. */
  readonly env: Readonly<Record<string, string>>;
}

/** A running RabbitMQ server, as tests use and inspect it. */
export class RabbitNode implements AsyncDisposable {
  readonly address: NodeAddress;
  protected connection: ChannelModel | null = null;

  constructor(address: NodeAddress) {
    this.address = address;
  }

  get port(): number {
    return this.address.port;
  }

  get tlsPort(): number {
    return this.address.tlsPort;
  }

  /** `amqp://guest:guest@127.0.0.1:port//` */
  url(port = this.port): string {
    return `amqp://guest:guest@127.0.0.1:${port}//`;
  }

  /** A connection that tests use to inspect the server. */
  get admin(): ChannelModel {
    if (!this.connection) throw new Error('RabbitMQ is not running');
    return this.connection;
  }

  /** Opens the admin connection again after its connections were closed. */
  async reconnect(): Promise<void> {
    this.connection = await connect(this.url());
    this.connection.on('error', () => {});
  }

  /** Runs `rabbitmqctl` with these arguments; returns its output. */
  async control(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.address.env };
    const { stdout } = await promisify(execFile)(findProgram('rabbitmqctl'), ['-q', ...args], { env });
    return stdout;
  }

  /** Deletes every queue with its messages. */
  async empty(): Promise<void> {
    // An exclusive queue ends with its connection, possibly after it was listed here.
    await this.#evaluate(`
      Delete = fun(Q) ->
        try rabbit_amqqueue:delete(Q, false, false, <<"test">>)
        catch exit:{normal, _} -> gone; exit:{noproc, _} -> gone; exit:{shutdown, _} -> gone
        end
      end,
      [Delete(Q) || Q <- rabbit_amqqueue:list()].`);
  }

  /** Deletes every queue, and every exchange and user that is not built in, and ends alarms. */
  async reset(): Promise<void> {
    await this.empty();
    await this.#evaluate(`
      vm_memory_monitor:set_vm_memory_high_watermark({absolute, "2GB"}),
      Names = [N || N = {resource, _, exchange, _} <- rabbit_exchange:list_names()],
      Own = [N || N = {_, _, _, X} <- Names, re:run(X, "^(amq[.]|$)") =:= nomatch],
      [rabbit_exchange:delete(N, false, <<"test">>) || N <- Own],
      Users = [proplists:get_value(user, U) || U <- rabbit_auth_backend_internal:list_users()],
      [rabbit_auth_backend_internal:delete_user(U, <<"test">>) || U <- Users, U =/= <<"guest">>].`);
  }

  /** Evaluates Erlang in the server, which `rabbitmqctl eval` takes a second for: it starts a virtual machine. */
  async #evaluate(code: string): Promise<void> {
    const node = this.address.env['RABBITMQ_NODENAME']!;
    const env = { ...process.env, ...this.address.env };
    const answer = promisify(execFile)('erl_call', ['-sname', node, '-e'], { env });
    answer.child.stdin!.end(`${code}\n`);
    const { stdout } = await answer;
    if (!stdout.startsWith('{ok,')) throw new Error(`RabbitMQ answered ${stdout} to ${code}`);
  }

  /** Consumes all messages of a queue, in the order in which a single worker receives them. */
  async consumeAll(queue: string): Promise<Message[]> {
    const channel = await this.admin.createChannel();
    channel.on('error', () => {});
    const waiting = await channel.checkQueue(queue).catch(() => null);
    if (!waiting) return [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const taken: Message[] = [];
    const onMessage = (message: Message | null): void => {
      if (message) taken.push(message);
      if (taken.length === waiting.messageCount) resolve(undefined);
    };
    if (waiting.messageCount === 0) resolve(undefined);
    else await channel.consume(queue, onMessage, { noAck: true });
    await promise;
    await channel.close();
    return taken;
  }

  /** Stops using it, after which its address is invalid. */
  async stop(): Promise<void> {
    await this.connection?.close().catch(() => {});
    this.connection = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function findProgram(name: 'rabbitmq-server' | 'rabbitmqctl'): string {
  const found = findService('rabbitmq-server');
  if (found.path === null) throw new Error(found.missing);
  return join(dirname(found.path), name);
}
