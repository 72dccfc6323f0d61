import type { Liveness } from '../../observe/liveness.ts';
import type { Logger } from '../../observe/logger.ts';
import type { AnswerRequest } from './remote-control.ts';

export interface BeatCommandsOptions {
  /** Such as `celerybeat@host`. */
  readonly node: string;
  readonly liveness: Pick<Liveness, 'idleMs'>;
  /** From how many milliseconds without progress on no request is answered; 0 answers always. */
  readonly maxTickAge: number;
  readonly log: Logger;
}

/**
 * Answers `celery inspect ping`, so that probes written for celery beat work. All other commands are for workers and
 * get no answer. A loop that is stuck gets none either: `celery inspect` fails only if no node answers.
 */
export function answerAsBeat(options: BeatCommandsOptions): AnswerRequest {
  const { node, liveness, maxTickAge, log } = options;
  return ({ method }) => {
    if (method !== 'ping') return null;
    const { idleMs } = liveness;
    if (maxTickAge === 0 || idleMs <= maxTickAge) return { ok: 'pong' };
    const text = `Remote control: not answering ping: the loop made no progress for ${idleMs / 1_000} s`;
    log.warn({ event: 'remote-control', node }, text);
    return null;
  };
}
