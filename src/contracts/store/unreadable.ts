import { parseJson } from '../../util/decode/json.ts';
import type { Unreadable } from '../../util/shape.ts';
import { isInstant, isIsoInstant } from './record-fields.ts';
import { escapeUnit } from '../../celery/message/python.ts';

export type { Unreadable } from '../../util/shape.ts';

export interface UnreadableOptions {
  readonly id: string;
  /** What was expected, such as `an audit row`. */
  readonly expected: string;
  /** The fields that may have the instant, the first valid one counts. */
  readonly instants: readonly string[];
  readonly repair: string;
}

/** Most characters of the text that a reason shows. */
const SHOWN = 60;

export function describeUnreadable(text: string, { id, expected, instants, repair }: UnreadableOptions): Unreadable {
  const found = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
  const reason = `not ${expected}: ${found}`;
  return { kind: 'unreadable', id, at: findInstant(text, instants), reason, repair };
}

export function isUnreadable(record: object): record is Unreadable {
  return 'kind' in record && record.kind === 'unreadable';
}

export function isReadable<T extends object>(record: T): record is Exclude<T, Unreadable> {
  return !isUnreadable(record);
}

function findInstant(text: string, fields: readonly string[]): string | null {
  try {
    const value = parseJson(text) as Readonly<Record<string, unknown>> | null;
    const found = fields.map((field) => value?.[field]).find((at) => isInstant(at) || isIsoInstant(at));
    return found === undefined ? null : new Date(found).toISOString();
  } catch {
    return null;
  }
}

/** What `beat forget` removes instead of a state. */
export type RepairedRecord = 'history' | 'audit' | 'outbox';

/** The command that removes an unreadable state; with `record`, the rows of its history, or an audit row or message. */
export function repairCommand(name: string, record?: RepairedRecord): string {
  const command = record === undefined ? 'beat forget' : `beat forget --${record}`;
  if (/^[\w.:@%+=,/][\w.:@%+=,/-]*$/.test(name)) return `${command} ${name}`;
  // Single quotes are enough for names without an apostrophe and control characters.
  if (/^[^'\p{C}\p{Zl}\p{Zp}]*$/u.test(name)) {
    return `${command} ${name.startsWith('-') ? '-- ' : ''}'${name}'`;
  }
  return `${command} --quoted '${JSON.stringify(name).replace(/[^ -&(-~]/g, escapeUnit)}'`;
}
