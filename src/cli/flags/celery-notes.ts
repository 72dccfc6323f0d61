import { maskText } from '../../util/mask.ts';
import { formatUmask, parseUmask } from '../service/umask.ts';
import type { CeleryFlags } from './celery-flags.ts';

/** A message about an accepted flag of Celery's that has no effect, or another effect than it seems. */
export interface FlagNote {
  readonly flag: string;
  readonly message: string;
  /** Whether the user may expect an effect that does not happen. */
  readonly isWarning?: boolean;
}

/** Explains each flag of Celery's that beat ignores or that is easily misread. */
export function collectFlagNotes(flags: CeleryFlags): FlagNote[] {
  const { app, loader, schedule, scheduler, maxInterval, executable, umask } = flags;
  const notes: FlagNote[] = [];
  const ignore = (flag: string, why: string) => {
    // A URL that was meant for another flag may contain a password.
    const shown = maskText(flag);
    notes.push({ flag: shown, message: `${shown} is ignored: ${why}`, isWarning: false });
  };
  if (app !== undefined) ignore(`--app ${app}`, 'beat does not load Python apps');
  if (loader !== undefined) ignore(`--loader ${loader}`, 'beat does not load Python apps');
  if (schedule !== undefined) {
    ignore(`--schedule ${schedule}`, 'the ledger records what was sent; --state selects its store');
  }
  if (scheduler !== undefined) {
    ignore(`--scheduler ${scheduler}`, 'beat has one scheduler, which always records what it sent');
  }
  if (maxInterval !== undefined) {
    ignore(`--max-interval ${maxInterval}`, 'beat wakes exactly when an entry is due');
  }
  if (executable !== undefined) ignore(`--executable ${executable}`, 'beat runs on Node');
  if (flags.skipChecks) ignore('--skip-checks', "beat does not run Django's checks");
  if (umask !== undefined && looksOctal(umask)) {
    const mask = formatUmask(parseUmask(umask));
    const message = `--umask ${umask} is a decimal number, as in Celery, and means ${mask}; for octal, write 0${umask}`;
    notes.push({ flag: `--umask ${umask}`, message, isWarning: true });
  }
  return notes;
}

/** Whether it has two or three octal digits without a leading zero: 22, 27, 77, 777. */
function looksOctal(umask: string): boolean {
  return /^[1-7][0-7]{1,2}$/.test(umask);
}
