import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { formatNodeName } from '../../leader/remote-control/node-name.ts';
import { parseUmask } from '../service/umask.ts';
import type { CeleryFlags } from './celery-flags.ts';
import { expandPlaceholders } from './placeholders.ts';

/** Celery's own schedulers, which remember what they sent, as beat does. */
const ACCEPTED_SCHEDULERS = /^celery\.beat[.:](Persistent)?Scheduler$/;

const MOVE_ENTRIES = 'move them to beatSchedule in the configuration, and omit -S';

/**
 * Checks the values of Celery's flags before any of them has an effect. Throws one `ConfigError` with all
 * errors.
 */
export function checkCeleryFlags(flags: CeleryFlags): void {
  const errors: Diagnostic[] = [];
  const collect = (check: () => unknown) => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(...error.errors);
    }
  };
  const { umask, maxInterval, scheduler, logfile, pidfile, hostname, detach } = flags;
  if (umask !== undefined) collect(() => parseUmask(umask));
  if (maxInterval !== undefined) collect(() => checkMaxInterval(maxInterval));
  if (scheduler !== undefined) collect(() => checkScheduler(scheduler));
  if (logfile !== undefined) collect(() => expandPlaceholders('--logfile', logfile, hostname));
  if (pidfile !== undefined) collect(() => expandPlaceholders('--pidfile', pidfile, hostname));
  if (hostname !== undefined) collect(() => formatNodeName(hostname, 'localhost'));
  if (detach && process.pid === 1) {
    const message =
      '--detach: not possible for the first process of a container, because the container ends with it; omit --detach';
    errors.push(errorAt([], message));
  }
  if (errors.length > 0) throw new ConfigError(errors);
}

function checkMaxInterval(text: string): void {
  if (/^\d+$/.test(text)) return;
  throw new ConfigError(`--max-interval: expected a whole number of seconds, got "${text}"`);
}

function checkScheduler(name: string): void {
  if (ACCEPTED_SCHEDULERS.test(name)) return;
  if (/django/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: beat does not read entries from Django's database; ${MOVE_ENTRIES}`,
    );
  }
  if (/redbeat/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: beat does not read RedBeat's entries from Redis; ${MOVE_ENTRIES} ` +
        "(beat always uses a lock, so RedBeat's is not needed)",
    );
  }
  throw new ConfigError(
    `--scheduler ${name}: beat cannot run a scheduler written in Python; move its entries to ` +
      'beatSchedule in the configuration, and omit -S',
  );
}
