import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { decodeEnvelope } from '../../src/celery/kombu/envelope.ts';
import { decodeSqsBody, toSqsName } from '../../src/celery/kombu/sqs.ts';
import { findCelery, NEWEST, requireCelery } from './celery.ts';
import { Child } from './child.ts';
import { freePort } from './redis.ts';

/** Returns the reason to skip tests that need an emulator of SQS, or `false`. */
export const requireSqs = () => requireCelery(NEWEST, 'moto', 'flask_cors', 'boto3', 'pycurl');

/** An answer in place of that of the emulator. */
export interface SqsFault {
  /** Whether the emulator executes the request nevertheless. */
  readonly executes?: boolean;
  /** Closes the connection without an answer. */
  readonly drops?: boolean;
  readonly status?: number;
  /** The name of AWS's error. */
  readonly type?: string;
  readonly message?: string;
  /** The whole answer, instead of an error. */
  readonly body?: object;
  /** Milliseconds before the answer. */
  readonly delay?: number;
}

/** The name of an operation, such as `SendMessageBatch`, and its input. */
export interface SqsRequest {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const ACCOUNT = '123456789012';

/** An emulator of SQS (moto), behind a proxy that injects faults and records requests. It loses all data when killed. */
export class SqsServer implements AsyncDisposable {
  /** Decides about each request: `null` lets it pass. */
  fault: (request: SqsRequest) => SqsFault | null = () => null;
  readonly requests: SqsRequest[] = [];
  /** Receipt handles of the messages that clients received through the proxy, with their queues' URLs. */
  readonly receipts: { readonly QueueUrl: string; readonly ReceiptHandle: string }[] = [];
  readonly admin: SQSClient;
  /** The port of the emulator itself. */
  readonly motoPort: number;
  readonly #proxy: Server;
  readonly #python: string;
  #moto: Child;
  /** The last request for messages of each queue. */
  readonly #receiving = new Map<unknown, Promise<Answer | null>>();

  private constructor(motoPort: number, proxy: Server, python: string) {
    this.#python = python;
    this.motoPort = motoPort;
    this.#proxy = proxy;
    this.#moto = runMoto(python, motoPort);
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'admin' };
    this.admin = new SQSClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${motoPort}`, credentials });
    proxy.on('request', (from: IncomingMessage, to: ServerResponse) => void this.#forward(from, to));
  }

  /** `python` has moto; the newest Celery's unless given, which only tests know. */
  static async start(python = findCelery(NEWEST)!.python): Promise<SqsServer> {
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const server = new SqsServer(await freePort(), proxy, python);
    await server.#ready();
    return server;
  }

  /** The port of the proxy. */
  get port(): number {
    return (this.#proxy.address() as AddressInfo).port;
  }

  /** The broker URL of Celery. */
  url(user = 'key:secret', port = this.port): string {
    return `sqs://${user}@127.0.0.1:${port}`;
  }

  queueUrl(queue: string): string {
    return `http://127.0.0.1:${this.motoPort}/${ACCOUNT}/${toSqsName(queue, '')}`;
  }

  /** Calls a path of moto's own, or of IAM. */
  async post(path: string, body: string, type = 'text/plain'): Promise<string> {
    const headers = { 'content-type': type };
    const response = await fetch(`http://127.0.0.1:${this.motoPort}${path}`, { method: 'POST', headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  }

  async empty(): Promise<void> {
    await this.post('/moto-api/reset', '');
    this.fault = () => null;
    this.requests.length = 0;
    this.receipts.length = 0;
  }

  /** Receives and deletes all messages of a queue; none if it does not exist. Waits for a first one up to `wait` s. */
  async consumeAll(queue: string, wait = 0): Promise<Message[]> {
    const QueueUrl = this.queueUrl(queue);
    const all: Message[] = [];
    for (;;) {
      const receive = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: all.length === 0 ? wait : 0,
        MessageSystemAttributeNames: ['All'],
      });
      const { Messages = [] } = await this.admin.send(receive).catch(ignoreMissing);
      if (Messages.length === 0) return all;
      for (const { ReceiptHandle } of Messages) {
        await this.admin.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      all.push(...Messages);
    }
  }

  /** As `consumeAll`, with the decoded messages of kombu. */
  async consumeTasks(queue: string): Promise<{ readonly taskId: string; readonly body: string }[]> {
    return (await this.consumeAll(queue)).map(({ Body = '' }) => {
      const { headers, body } = decodeEnvelope(decodeSqsBody(Body))!;
      return { taskId: String(headers['id']), body: body.toString() };
    });
  }

  /** Makes messages visible again that their consumers have not deleted. */
  async releaseAll(): Promise<void> {
    for (const receipt of this.receipts.splice(0)) {
      const change = new ChangeMessageVisibilityCommand({ ...receipt, VisibilityTimeout: 0 });
      await this.admin.send(change).catch(() => {});
    }
  }

  /** Starts the emulator again after `kill`, without its data. */
  async restart(): Promise<void> {
    this.#moto = runMoto(this.#python, this.motoPort);
    await this.#ready();
  }

  async kill(): Promise<void> {
    await this.#moto.kill();
  }

  async stop(): Promise<void> {
    this.admin.destroy();
    this.#proxy.close();
    this.#proxy.closeAllConnections();
    await this.#moto.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #ready(): Promise<void> {
    while (this.#moto.alive) {
      const answer = await this.post('/moto-api/reset', '').catch(() => null);
      if (answer !== null) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('moto ended');
  }

  async #forward(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await buffer(from);
    const input = parse(body);
    const operation = String(from.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
    this.requests.push({ operation, input });
    const fault = this.fault({ operation, input });
    if (fault?.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delay));
    const isReplaced = fault !== null && (fault.drops === true || fault.status !== undefined);
    const call = () => this.#call(from, body).catch(() => null);
    // Of two requests at the same instant moto may give both the same message, which the visibility timeout of SQS prevents.
    const callAlone = () => {
      const { QueueUrl } = input;
      const called = (this.#receiving.get(QueueUrl) ?? Promise.resolve(null)).then(call);
      this.#receiving.set(QueueUrl, called);
      return called;
    };
    const execute = operation === 'ReceiveMessage' ? callAlone : call;
    const answer = isReplaced && !fault.executes ? null : await execute();
    if (fault?.drops || (!isReplaced && !answer)) return void from.socket.destroy();
    if (isReplaced || !answer) {
      const { status = 503, type = 'ServiceUnavailable', message = 'injected', body: instead } = fault ?? {};
      to.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      return void to.end(JSON.stringify(instead ?? { __type: `com.amazonaws.sqs#${type}`, message }));
    }
    const { Messages = [] } = parse(answer.body) as { Messages?: Message[] };
    for (const { ReceiptHandle } of operation === 'ReceiveMessage' ? Messages : []) {
      this.receipts.push({ QueueUrl: String(input['QueueUrl']), ReceiptHandle: ReceiptHandle! });
    }
    to.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    to.end(answer.body);
  }

  async #call({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const sent = request({ host: '127.0.0.1', port: this.motoPort, method, path: url, headers });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, headers: response.headers, body: await buffer(response) };
  }
}

function runMoto(python: string, port: number): Child {
  const env = { PYTHONDONTWRITEBYTECODE: '1', AWS_DEFAULT_REGION: 'us-east-1' };
  return new Child(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { env, lines: {} });
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function ignoreMissing(error: unknown): { Messages: Message[] } {
  if (error instanceof Error && error.name === 'QueueDoesNotExist') return { Messages: [] };
  throw error;
}
