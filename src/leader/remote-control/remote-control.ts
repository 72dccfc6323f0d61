import type { Mailbox, Reply } from '../../contracts/broker/mailbox.ts';
import type { ReceivedMessage } from '../../celery/kombu/envelope.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../util/clock.ts';
import { describeError } from '../../util/errors.ts';
import { buildReply, parseRequest, type ControlRequest } from './request.ts';

/** Before a new attempt to connect, as Celery's beat has it. Milliseconds. */
const RETRY_INTERVAL = 5_000;

/** Does what a request asks for. Returns the answer, as JSON data; `null` for none. */
export type AnswerRequest = (request: ControlRequest) => unknown;

export interface RemoteControlOptions {
  readonly mailbox: Mailbox;
  /** Such as `celerybeat@host`. */
  readonly node: string;
  readonly answer: AnswerRequest;
  /** What an outage means, for the log: `scheduling is not affected`. */
  readonly effect: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A node of Celery's remote control: answers the requests that reach its mailbox. */
export class RemoteControl {
  readonly #options: RemoteControlOptions;
  /** Celery's logical clock. */
  #clock = 0;

  constructor(options: RemoteControlOptions) {
    this.#options = options;
  }

  /** Answers until the signal aborts, and then closes the mailbox. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { mailbox, node, effect, clock, log } = this.#options;
    let isFailing = false;
    const connected = () => {
      isFailing = false;
      log.info({ event: 'remote-control', node }, `Remote control: answering as ${node}`);
    };
    const receive = (request: ReceivedMessage) => this.#answer(request);
    // A connection that is being opened would hold up the stop until its timeout.
    signal.addEventListener('abort', () => void mailbox.close(), { once: true });
    while (!signal.aborted) {
      try {
        await mailbox.serve({ receive, connected, signal });
      } catch (error) {
        if (isAborted(signal)) break;
        const text = `Remote control: ${describeError(error)}; retrying, ${effect}`;
        log[isFailing ? 'debug' : 'warn']({ event: 'remote-control', node }, text);
        isFailing = true;
        await clock.sleep(RETRY_INTERVAL, signal);
      }
    }
    await mailbox.close();
  }

  #answer(message: ReceivedMessage): Reply | null {
    const { node } = this.#options;
    const request = parseRequest(message, node);
    const answer = request && this.#options.answer(request);
    if (!request || answer === null) return null;
    this.#clock = Math.max(this.#clock, request.clock) + 1;
    return buildReply(request, node, { answer, clock: this.#clock });
  }
}

/** Reads the flag again after an `await`, which the type checker does not expect to change it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
