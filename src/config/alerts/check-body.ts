import { didYouMean } from '../../util/did-you-mean.ts';
import type { Path, Report } from '../validate.ts';
import { alert } from './alert.ts';

/** The names that placeholders of a webhook's body may have. */
const ALERT_FIELDS: readonly string[] = Object.keys(alert.shape);

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** Reports each placeholder that no alert has. */
export function checkBody(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') {
    for (const [written, name = ''] of value.matchAll(PLACEHOLDER)) {
      if (ALERT_FIELDS.includes(name)) continue;
      const hint = didYouMean(name, ALERT_FIELDS) || `; allowed: ${ALERT_FIELDS.join(', ')}`;
      report(path, `unknown placeholder "${written}"${hint}`);
    }
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkBody(item, [...path, i], report);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkBody(item, [...path, key], report);
  }
}

/** The value with each placeholder replaced; `null` is the empty text, unless it is the whole text. */
export function fillBody(
  value: unknown,
  fields: Readonly<Record<string, string | number | null>>,
): unknown {
  if (typeof value === 'string') {
    const whole = /^\{\{\s*(\w+)\s*\}\}$/.exec(value)?.[1];
    if (whole !== undefined) return fields[whole] ?? null;
    return value.replace(PLACEHOLDER, (_, name: string) => String(fields[name] ?? ''));
  }
  if (Array.isArray(value)) return value.map((item) => fillBody(item, fields));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillBody(item, fields)]),
  );
}
