/** Settings of Celery: in upper case, and under Django, they begin with `CELERY_`. */
const CELERY_KEYS = /^(beat|broker|control|event|redis|result|task|worker)[A-Z]|^(timezone|enableUtc|acceptContent)$/;

/** Celery's old names that do not follow from the new ones. */
const OLD_NAMES: Readonly<Record<string, readonly string[]>> = {
  enableUtc: ['ENABLE_UTC'],
  controlExchange: ['CONTROL_EXCHANGE'],
  beatSchedule: ['CELERYBEAT_SCHEDULE'],
  beatEnableRemoteControl: ['CELERYBEAT_ENABLE_REMOTE_CONTROL'],
  beatRemoteControlMaxTickAge: ['CELERYBEAT_REMOTE_CONTROL_MAX_TICK_AGE'],
  taskCompression: ['CELERY_MESSAGE_COMPRESSION'],
  taskProtocol: [],
  taskSendSentEvent: ['CELERY_SEND_TASK_SENT_EVENT'],
  taskSerializer: [],
  workerSendTaskEvents: ['CELERY_SEND_EVENTS'],
  resultExpires: ['CELERY_TASK_RESULT_EXPIRES'],
  startingDeadline: [
    'beatCronStartingDeadline',
    'beat_cron_starting_deadline',
    'CELERYBEAT_CRON_STARTING_DEADLINE',
    'CELERY_BEAT_CRON_STARTING_DEADLINE',
  ],
};

/** Every spelling of a key, canonical camelCase first; at the top of a file with Celery's old names. */
export function listSpellings(key: string, top: boolean): string[] {
  const both = [...new Set([key, snakeCase(key)])];
  return top ? [...both, ...upperCaseSpellings(key, snakeCase(key).toUpperCase())] : both;
}

function upperCaseSpellings(key: string, upper: string): readonly string[] {
  const old = OLD_NAMES[key];
  if (!CELERY_KEYS.test(key)) return old ?? [];
  const regular = key.startsWith('task') ? [upper.replace('TASK_', 'CELERY_')] : [];
  // Among the old names, only broker settings had no prefix.
  return [...(key.startsWith('broker') ? [upper] : (old ?? regular)), `CELERY_${upper}`];
}

/** Names that begin in upper case are properties of other systems and have one spelling. */
export function snakeCase(key: string): string {
  if (!/[A-Z]/.test(key) || /^[A-Z]/.test(key)) return key;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
