import { isMap } from '../../util/is-map.ts';
import { readJson } from '../../config/source/json.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';

export class Instant {
  readonly at: number;
  /** ISO 8601 with offset, exact to the microsecond. */
  readonly text: string;
  /** The IANA name of its zone; `null` if it has an offset only. */
  readonly zone: string | null;

  constructor(at: number, text: string, zone: string | null) {
    this.at = at;
    this.text = text;
    this.zone = zone;
  }
}

/** A value that RedBeat writes as a map of `__type__` and fields, other than an instant. */
export class Encoded {
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(type: string, fields: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.fields = fields;
  }
}

/** Decodes JSON that RedBeat wrote. Throws an `Error` with the reason for any other text. */
export function decodeJson(text: string): unknown {
  const { config, errors } = readJson(text, '');
  if (errors.length > 0) throw new Error(errors[0]!.message);
  return decode(config);
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (!isMap(value)) return value;
  const { __type__: type, ...fields } = value;
  const decoded = Object.fromEntries(Object.entries(fields).map(([key, each]) => [key, decode(each)]));
  if (type === undefined) return decoded;
  return type === 'datetime' ? decodeInstant(decoded) : new Encoded(formatName(type), decoded);
}

function formatName(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function decodeInstant(fields: Readonly<Record<string, unknown>>): Instant {
  const part = (name: string, digits: number) => String(Number(fields[name] ?? 0)).padStart(digits, '0');
  const date = `${part('year', 4)}-${part('month', 2)}-${part('day', 2)}`;
  const time = `${part('hour', 2)}:${part('minute', 2)}:${part('second', 2)}`;
  const local = `${date}T${time}.${part('microsecond', 6)}`;
  // An offset is in seconds.
  const { timezone = 'UTC' } = fields;
  const zone = typeof timezone === 'number' ? null : formatName(timezone);
  const at = zone === null ? parseInstant(local + formatOffset(Number(timezone)), 'UTC') : parseInstant(local, zone);
  if (at === null) throw new Error(`an invalid datetime: ${JSON.stringify(fields)}`);
  const offset = (Date.parse(`${local.slice(0, 23)}Z`) - at) / 1_000;
  return new Instant(at, local + formatOffset(offset), zone);
}

/** `+01:00`, from seconds. */
function formatOffset(seconds: number): string {
  const minutes = Math.abs(Math.round(seconds / 60));
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'));
  return `${seconds < 0 ? '-' : '+'}${hour}:${minute}`;
}
