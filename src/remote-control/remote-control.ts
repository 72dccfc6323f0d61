import type { Mailbox, Reply } from '../broker/mailbox.ts';
import type { ReceivedMessage } from '../broker/received-message.ts';
import type { Liveness } from '../observe/liveness.ts';
import type { Logger } from '../observe/logger.ts';
import type { Clock } from '../util/clock.ts';
import { describeError } from '../util/errors.ts';
import { buildPong, parseRequest } from './answer-request.ts';

/** Before a new attempt to connect, as Celery's beat has it. Milliseconds. */
const RETRY_INTERVAL = 5_000;

export interface RemoteControlOptions {
  readonly mailbox: Mailbox;
  /** Such as `celerybeat@host`. */
  readonly node: string;
  readonly liveness: Pick<Liveness, 'idleMs'>;
  /** From how many milliseconds without progress on no request is answered; 0 answers always. */
  readonly maxTickAge: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Answers `celery inspect ping`, so that probes written for celery beat work. All other commands are for workers and
 * get no answer. A loop that is stuck gets none either: `celery inspect` fails only if no node answers.
 */
export class RemoteControl {
  readonly #options: RemoteControlOptions;
  /** Celery's logical clock. */
  #clock = 0;

  constructor(options: RemoteControlOptions) {
    this.#options = options;
  }

  /** Answers until the signal aborts, and then closes the mailbox. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { mailbox, node, clock, log } = this.#options;
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
        const text = `Remote control: ${describeError(error)}; retrying, scheduling is not affected`;
        log[isFailing ? 'debug' : 'warn']({ event: 'remote-control', node }, text);
        isFailing = true;
        await clock.sleep(RETRY_INTERVAL, signal);
      }
    }
    await mailbox.close();
  }

  #answer(message: ReceivedMessage): Reply | null {
    const { node, liveness, maxTickAge, log } = this.#options;
    const request = parseRequest(message, node);
    if (request?.method !== 'ping') return null;
    this.#clock = Math.max(this.#clock, request.clock) + 1;
    const { idleMs } = liveness;
    if (maxTickAge === 0 || idleMs <= maxTickAge) return buildPong(request, node, this.#clock);
    const text = `Remote control: not answering ping: the loop made no progress for ${idleMs / 1_000} s`;
    log.warn({ event: 'remote-control', node }, text);
    return null;
  }
}

/** Reads the flag again after an `await`, which the type checker does not expect to change it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
