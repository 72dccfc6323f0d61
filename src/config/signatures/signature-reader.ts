import { z } from 'zod';
import {
  findLastTask,
  NO_LINKS,
  type Canvas,
  type Links,
  type Task,
  makeChord,
  immutable,
  parallel,
  sequence,
  withLinks,
  withOptions,
} from '../../celery/canvas/canvas.ts';
import type { SerializerName } from '../../celery/message/serializers.ts';
import { readArguments } from '../entry/arguments.ts';
import type { OptionTemplates } from '../options/templates.ts';
import type { CheckAccepted } from '../message/encoding.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { pathAsWritten, normalizeKeys, readKeySchema } from '../keys/key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import { FORMS, SIGNATURE_FORMS, deepOptionsSchema, linkedOptionsSchema, type LinkedOptions } from './schema.ts';
import { checkSerialized, findForm, KEYS, valueAt, type Form } from './forms.ts';
import type { MessageOptions } from '../../celery/message/message.ts';
import { checkHeaders, checkStamps } from '../options/headers.ts';
import { readOptions } from '../options/options.ts';
import type { OptionsInput } from '../options/schema.ts';
import { withStamps } from '../entry/other-schedulers.ts';

const MAX_DEPTH = 32;

interface SignatureContext {
  /** IANA name of the zone of instants without an offset. */
  readonly zone: string;
  /** IANA name of the zone of dates in templates. */
  readonly scheduleZone: string;
  readonly serializer: SerializerName;
  readonly checkAccepted: CheckAccepted;
  readonly templates: OptionTemplates;
  readonly warn: Report;
}

type Raw = Readonly<Record<string, unknown>>;

interface Position {
  readonly path: Path;
  /** The enclosing signatures. */
  readonly within: readonly unknown[];
}

/** Reads signatures in the forms of users and of Celery, and reports all errors in them. */
export class SignatureReader {
  readonly #context: SignatureContext;
  readonly #report: Report;

  constructor(context: SignatureContext, report: Report) {
    this.#context = context;
    this.#report = report;
  }

  /** Returns `undefined` after an error. */
  read(value: unknown, path: Path, within: readonly unknown[] = []): Canvas | undefined {
    const map = typeof value === 'string' && value ? { task: value } : value;
    const form = isMap(map) ? findForm(map) : null;
    if (within.includes(value)) {
      this.#report(path, 'contains itself');
    } else if (within.length > MAX_DEPTH) {
      this.#report(path, `nested deeper than ${MAX_DEPTH} levels`);
    } else if (!isMap(map) || !form) {
      this.#report(path, expected(SIGNATURE_FORMS, value));
    } else {
      return this.#readMap(map, form, { path, within: [...within, value] });
    }
    return undefined;
  }

  /** Reads callbacks from options with canonical names. `pathTo` returns their path as written. */
  readLinks(options: unknown, pathTo: (key: keyof Links) => Path, within: Position['within'] = []): Links | undefined {
    const { link, linkError }: Raw = isMap(options) ? options : {};
    const after = this.#each(link, { path: pathTo('link'), within });
    const onError = this.#each(linkError, { path: pathTo('linkError'), within });
    if (!after || !onError) return undefined;
    return after.length + onError.length > 0 ? { link: after, linkError: onError } : NO_LINKS;
  }

  #readMap(map: Raw, form: Form, place: Position): Canvas | undefined {
    const keys = KEYS[form.schema];
    let found = 0;
    const note: Report = (path, message) => {
      found += 1;
      this.#report([...place.path, ...pathAsWritten(path, map, keys)], message);
    };
    const raw = normalizeKeys(map, keys, [], note) as Raw;
    parse(FORMS[form.schema], raw, { path: [], keys, report: note });
    checkSerialized(form, raw, note);
    const whole = this.#readForm(form, raw, place, note);
    const warn: Report = (path, message) => {
      this.#context.warn([...place.path, ...optionAsWritten(path, map)], message);
    };
    const options = readSignatureOptions(raw['options'], this.#context.zone, note, warn);
    const { checkAccepted } = this.#context;
    checkAccepted(options.own?.serializer, optionAsWritten(['options', 'serializer'], map), note);
    const wrong: Report = (path, message) => note(optionAsWritten(path, map), message);
    this.#context.templates.read({ ...raw, options: options.raw }, wrong, warn);
    const pathTo = (key: keyof Links) => [...place.path, ...optionAsWritten(['options', key], map)];
    const links = this.readLinks(options.raw, pathTo, place.within);
    if (whole && links) checkLinks(whole, links, note);
    if (found > 0 || !whole || !options.own || !links) return undefined;
    const canvas = withLinks(withOptions(whole, options.own), links);
    return raw['immutable'] === true || options.immutable ? immutable(canvas) : canvas;
  }

  #readForm(form: Form, raw: Raw, place: Position, note: Report): Canvas | undefined {
    if (form.kind === 'task') return this.#readTask(raw, place, note);
    const at = (path: Path): Position => ({ ...place, path: [...place.path, ...path] });
    if (form.kind === 'chord') {
      const header = this.#each(valueAt(raw, form.header), at(form.header));
      const body = valueAt(raw, form.body);
      if (header?.length === 0) note(form.header, 'missing; expected at least one signature');
      if (body === undefined || body === null) note(form.body, NO_BODY);
      const last = body ? this.read(body, [...place.path, ...form.body], place.within) : undefined;
      return header && last ? makeChord(header, last) : undefined;
    }
    const tasks = valueAt(raw, form.tasks);
    if (!Array.isArray(tasks) || tasks.length === 0) {
      // For a user's form the schema has already reported the error.
      if (Array.isArray(tasks) || form.tasks.length > 1) note(form.tasks, expected(SOME, tasks));
      return undefined;
    }
    const [first, ...rest] = this.#each(tasks, at(form.tasks)) ?? [];
    if (!first) return undefined;
    return form.kind === 'chain' ? sequence([first, ...rest]) : parallel([first, ...rest]);
  }

  #readTask(raw: Raw, { path: at }: Position, note: Report): Task | undefined {
    const { scheduleZone: zone, serializer } = this.#context;
    const given = readArguments(raw, { zone, serializer, at }, note);
    if (typeof raw['task'] !== 'string') return undefined;
    const { task } = raw as { task: string };
    const plain = { options: {}, links: NO_LINKS, immutable: false, reprAs: 'tuple' } as const;
    return { kind: 'task', task, ...given, ...plain };
  }

  /** Reads one signature or a list of them; an absent value is an empty list. */
  #each(value: unknown, { path, within }: Position): Canvas[] | undefined {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      const only = this.read(value, path, within);
      return only && [only];
    }
    const read = value.map((item, i) => this.read(item, [...path, i], within));
    return read.every((canvas) => canvas !== undefined) ? read : undefined;
  }
}

const SOME = 'a list of at least one signature';
const NO_BODY = 'missing; expected the signature that is called with the results of the header';

/** Reports callbacks of a group: only a chord waits for all its tasks. */
export function checkLinks(canvas: Canvas, { link }: Links, report: Report): void {
  if (link.length === 0 || findLastTask(canvas).kind !== 'group') return;
  report(
    ['options', 'link'],
    'has no effect after a group, whose tasks end separately; ' +
      'use a chord, which calls its body with all results: {chord: {header: […], body: …}}',
  );
}

const OPTIONS_SCHEMA = z.strictObject({ options: linkedOptionsSchema });
const OPTION_KEYS = readKeySchema(z.strictObject({ options: deepOptionsSchema }))!;

const LATER =
  'expected a duration: workers publish this task and apply the duration then; ' +
  "set an instant, or next, beside the entry's schedule";

interface SignatureOptionsRead {
  readonly own: MessageOptions | undefined;
  readonly raw: unknown;
  /** Celery's `clone(immutable=True)` writes the flag among the options. */
  readonly immutable: boolean;
}

/** Reads the options of a signature, and reports errors with paths from the signature. */
function readSignatureOptions(options: unknown, zone: string, report: Report, warn: Report): SignatureOptionsRead {
  if (options === undefined || options === null) return { own: {}, raw: {}, immutable: false };
  const { immutable, ...others }: Record<string, unknown> = isMap(options) ? options : {};
  const stray = immutable === true || immutable === false;
  const given = { options: stray ? others : options };
  let found = 0;
  const note: Report = (path, message) => {
    found += 1;
    report(pathAsWritten(path, given, OPTION_KEYS), message);
  };
  const input = withStamps(normalizeKeys(given, OPTION_KEYS, [], note), note);
  const valid = parse(OPTIONS_SCHEMA, input, { path: [], keys: OPTION_KEYS, report: note });
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
function optionAsWritten(path: Path, signature: unknown): Path {
  return pathAsWritten(path, signature, OPTION_KEYS);
}

/** The options without callbacks, which are read separately. */
export function withoutLinks({ ...options }: LinkedOptions): OptionsInput {
  delete options.link;
  delete options.linkError;
  return options;
}
