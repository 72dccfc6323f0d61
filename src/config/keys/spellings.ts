/** The settings that beat has from Celery: in upper case, and under Django, they begin with `CELERY_`. */
const CELERYS = /^(beat|broker|event|redis|result|task)[A-Z]|^(timezone|enableUtc|acceptContent)$/;

/** What Celery called them of old where that is neither the same in upper case nor without `TASK_`. */
const OLD_NAMES: Readonly<Record<string, readonly string[]>> = {
  enableUtc: ['ENABLE_UTC'],
  beatSchedule: ['CELERYBEAT_SCHEDULE'],
  taskCompression: ['CELERY_MESSAGE_COMPRESSION'],
  taskProtocol: [],
  taskSendSentEvent: ['CELERY_SEND_TASK_SENT_EVENT'],
  taskSerializer: [],
  resultExpires: ['CELERY_TASK_RESULT_EXPIRES'],
  startingDeadline: [
    'beatCronStartingDeadline',
    'beat_cron_starting_deadline',
    'CELERYBEAT_CRON_STARTING_DEADLINE',
    'CELERY_BEAT_CRON_STARTING_DEADLINE',
  ],
};

/** Every spelling of a key, canonical camelCase first. At the top of a file Celery's old names count too. */
export function spellingsOf(key: string, top: boolean): string[] {
  const snake = snakeCase(key);
  const both = snake === key ? [key] : [key, snake];
  return top ? [...both, ...upperCaseOf(key, snake.toUpperCase())] : both;
}

function upperCaseOf(key: string, upper: string): readonly string[] {
  const old = OLD_NAMES[key];
  if (!CELERYS.test(key)) return old ?? [];
  const regular = key.startsWith('task') ? [upper.replace('TASK_', 'CELERY_')] : [];
  // Alone among them the broker's had no prefix.
  return [...(key.startsWith('broker') ? [upper] : (old ?? regular)), `CELERY_${upper}`];
}

/** Names that begin in upper case are others' and have one spelling. */
export function snakeCase(key: string): string {
  if (/^[A-Z]/.test(key)) return key;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
