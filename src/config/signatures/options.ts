import { z } from 'zod';
import type { MessageOptions } from '../../celery/message/message.ts';
import { checkHeaders, checkStamps } from '../options/headers.ts';
import { readKeySchema } from '../keys/key-schema.ts';
import { readOptions } from '../options/options.ts';
import { parse, type Path, type Report } from '../validate.ts';
import { pathAsWritten, normalizeKeys } from '../keys/normalize-keys.ts';
import { isMap } from '../../util/is-map.ts';
import type { OptionsInput } from '../options/schema.ts';
import { deepOptionsSchema, linkedOptionsSchema, type LinkedOptions } from './schema.ts';
import { withStamps } from '../options/stamps.ts';

const SCHEMA = z.strictObject({ options: linkedOptionsSchema });
const KEYS = readKeySchema(z.strictObject({ options: deepOptionsSchema }))!;

const LATER =
  'expected a duration: workers publish this task and apply the duration then; ' +
  "set an instant, or next, beside the entry's schedule";

/** The options of a signature, and the canonical map with its callbacks. */
export interface SignatureOptionsRead {
  /** `undefined` after an error. */
  readonly own: MessageOptions | undefined;
  readonly raw: unknown;
  /** Celery's `clone(immutable=True)` writes it among the options. */
  readonly immutable: boolean;
}

/** Reads the options of a signature, and reports errors with paths from the signature. */
export function readSignatureOptions(
  options: unknown,
  zone: string,
  report: Report,
  warn: Report,
): SignatureOptionsRead {
  if (options === undefined || options === null) return { own: {}, raw: {}, immutable: false };
  const { immutable, ...others }: Record<string, unknown> = isMap(options) ? options : {};
  const stray = immutable === true || immutable === false;
  const given = { options: stray ? others : options };
  let found = 0;
  const note: Report = (path, message) => {
    found += 1;
    report(pathAsWritten(path, given, KEYS), message);
  };
  const input = withStamps(normalizeKeys(given, KEYS, [], note), note);
  const valid = parse(SCHEMA, input, { path: [], keys: KEYS, report: note });
  const raw = isMap(input) ? input['options'] : undefined;
  if (isMap(raw)) {
    checkHeaders(raw['headers'], ['options', 'headers'], note);
    checkStamps(raw['stamps'], ['options', 'stamps'], note);
  }
  const rest = { raw, immutable: immutable === true };
  if (found > 0 || !valid) return { own: undefined, ...rest };
  const own = readOptions(withoutLinks(valid.options), undefined, zone, warn);
  const { expires } = own;
  if (expires === 'next' || (expires && 'at' in expires)) note(['options', 'expires'], LATER);
  return { own, ...rest };
}

/** The path of an option, or of a value in it, in the spelling of the signature. */
export function optionAsWritten(path: Path, signature: unknown): Path {
  return pathAsWritten(path, signature, KEYS);
}

/** The options without callbacks, which are read separately. */
export function withoutLinks({ ...options }: LinkedOptions): OptionsInput {
  delete options.link;
  delete options.linkError;
  return options;
}
