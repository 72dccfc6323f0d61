import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { maskText } from '../../util/mask.ts';
import type { CeleryFlags } from './celery-flags.ts';
import { expand } from './placeholders.ts';
import { parseUmask, showUmask } from '../service/umask.ts';

/** What there is to say, once, of a flag that was accepted. */
export interface FlagNote {
  readonly flag: string;
  readonly message: string;
  /** Something that was asked for does not happen, or not as it looks. */
  readonly isWarning?: boolean;
}

/** The schedulers whose promises are those of beat: what was sent is remembered. */
const OWN_SCHEDULERS = /^celery\.beat[.:](Persistent)?Scheduler$/;

const ELSEWHERE = 'write them under beatSchedule in the configuration, and leave -S out';

/**
 * Throws one `ConfigError` with everything that is wrong with the flags of `celery beat`, before any of
 * them has an effect.
 */
export function checkCeleryFlags(flags: CeleryFlags): void {
  const errors: Diagnostic[] = [];
  const trying = (check: () => unknown) => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(...error.errors);
    }
  };
  const { umask, maxInterval, scheduler, logfile, pidfile, hostname, detach } = flags;
  if (umask !== undefined) trying(() => parseUmask(umask));
  if (maxInterval !== undefined) trying(() => checkMaxInterval(maxInterval));
  if (scheduler !== undefined) trying(() => checkScheduler(scheduler));
  if (logfile !== undefined) trying(() => expand('--logfile', logfile, hostname));
  if (pidfile !== undefined) trying(() => expand('--pidfile', pidfile, hostname));
  if (detach && process.pid === 1) {
    const message =
      '--detach: this is the first process of a container, which would end with it; leave --detach out';
    errors.push(errorAt([], message));
  }
  if (errors.length > 0) throw new ConfigError(errors);
}

/** A line for each flag whose meaning to Celery has no place here, with the reason. */
export function celeryNotes(flags: CeleryFlags): FlagNote[] {
  const { app, loader, schedule, scheduler, maxInterval, executable, umask } = flags;
  const notes: FlagNote[] = [];
  const note = (flag: string, why: string, isWarning = false) => {
    // A URL that was meant for another flag may hold a password.
    const shown = maskText(flag);
    notes.push({ flag: shown, message: `${shown} is not needed: ${why}`, isWarning });
  };
  if (app !== undefined) note(`--app ${app}`, 'beat reads its configuration, and no Python app');
  if (loader !== undefined) note(`--loader ${loader}`, 'beat loads no Python app');
  if (schedule !== undefined) {
    note(
      `--schedule ${schedule}`,
      'what was sent stands in the ledger, which is where --state says',
    );
  }
  if (scheduler !== undefined) {
    note(
      `--scheduler ${scheduler}`,
      'there is one scheduler, and what it sent is always remembered',
    );
  }
  if (maxInterval !== undefined) {
    note(`--max-interval ${maxInterval}`, 'beat wakes exactly when something is due');
  }
  if (executable !== undefined)
    note(`--executable ${executable}`, 'beat runs on Node, not on Python');
  if (flags.skipChecks) note('--skip-checks', "there are no checks of Django's to skip");
  if (flags.enableRemoteControl) {
    const message =
      '--enable-remote-control has no effect: beat does not answer `celery inspect ping`; ask `beat healthcheck`';
    notes.push({ flag: '--enable-remote-control', message, isWarning: true });
  }
  if (umask !== undefined && looksOctal(umask)) {
    const mask = showUmask(parseUmask(umask));
    const message = `--umask ${umask} is read as a decimal number, as by Celery: ${mask}; for an octal one write 0${umask}`;
    notes.push({ flag: `--umask ${umask}`, message, isWarning: true });
  }
  return notes;
}

function checkMaxInterval(text: string): void {
  if (/^\d+$/.test(text)) return;
  throw new ConfigError(`--max-interval takes a whole number of seconds, not "${text}"`);
}

function checkScheduler(name: string): void {
  if (OWN_SCHEDULERS.test(name)) return;
  if (/django/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: entries in Django's database are not read; ${ELSEWHERE}`,
    );
  }
  if (/redbeat/i.test(name)) {
    throw new ConfigError(
      `--scheduler ${name}: entries that RedBeat keeps in Redis are not read; ${ELSEWHERE} ` +
        '(the lock that RedBeat brings is always on here)',
    );
  }
  throw new ConfigError(
    `--scheduler ${name}: a scheduler written in Python cannot run here; what it schedules goes under ` +
      'beatSchedule in the configuration; leave -S out',
  );
}

/** Two or three digits up to 7 without a zero before them: 22, 27, 77, 777. */
function looksOctal(umask: string): boolean {
  return /^[1-7][0-7]{1,2}$/.test(umask);
}
