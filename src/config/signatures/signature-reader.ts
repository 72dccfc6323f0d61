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
import { expected, parse, valueAt, type Path, type Report } from '../validate.ts';
import { pathAsWritten, normalizeKeys, readKeySchema, type KeySchema } from '../keys/key-schema.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { isMap } from '../../util/is-map.ts';
import { FORMS, SIGNATURE_FORMS, deepOptionsSchema, linkedOptionsSchema, type LinkedOptions } from './schema.ts';
import type { MessageOptions } from '../../celery/message/message.ts';
import { checkSentHeaders } from '../options/headers.ts';
import { readOptions, type OptionsInput } from '../options/options.ts';
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
  readonly report: Report;
  readonly warn: Report;
}

type Raw = Readonly<Record<string, unknown>>;
type Kind = keyof typeof FORMS;

interface Form {
  readonly kind: Kind;
  /** `task` also for a canvas that Celery has serialized, as a task with its parts in `kwargs`. */
  readonly schema: Kind;
}

interface Position {
  readonly path: Path;
  readonly within: readonly unknown[];
}

/** Reads signatures in the forms of users and of Celery, and reports all errors in them. */
export class SignatureReader {
  readonly #context: SignatureContext;

  constructor(context: SignatureContext) {
    this.#context = context;
  }

  /** Returns `undefined` after an error. */
  read(value: unknown, path: Path, within: readonly unknown[] = []): Canvas | undefined {
    const map = typeof value === 'string' && value ? { task: value } : value;
    const form = isMap(map) ? findForm(map) : null;
    const { report } = this.#context;
    if (within.includes(value)) {
      report(path, 'contains itself');
    } else if (within.length > MAX_DEPTH) {
      report(path, `nested deeper than ${MAX_DEPTH} levels`);
    } else if (!isMap(map) || !form) {
      report(path, expected(SIGNATURE_FORMS, value));
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
      this.#context.report([...place.path, ...pathAsWritten(path, map, keys)], message);
    };
    const raw = normalizeKeys(map, keys, [], note) as Raw;
    parse(FORMS[form.schema], raw, { path: [], keys, report: note });
    checkSerialized(form, raw, note);
    const whole = this.#readForm(form, raw, place, note);
    const warn: Report = (path, message) => this.#context.warn([...place.path, ...optionAsWritten(path, map)], message);
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
    const isSerialized = form.schema === 'task';
    const at = (path: Path): Position => ({ ...place, path: [...place.path, ...path] });
    if (form.kind === 'chord') {
      const parts = isSerialized ? 'kwargs' : 'chord';
      const header = this.#each(valueAt(raw, [parts, 'header']), at([parts, 'header']));
      const body = valueAt(raw, [parts, 'body']);
      if (header?.length === 0) note([parts, 'header'], 'missing; expected at least one signature');
      if (body === undefined || body === null) note([parts, 'body'], NO_BODY);
      const last = body ? this.read(body, [...place.path, parts, 'body'], place.within) : undefined;
      return header && last ? makeChord(header, last) : undefined;
    }
    const path = isSerialized ? ['kwargs', 'tasks'] : [form.kind];
    const tasks = valueAt(raw, path);
    if (!Array.isArray(tasks) || tasks.length === 0) {
      // For a user's form the schema has already reported the error.
      if (Array.isArray(tasks) || isSerialized) note(path, expected(SOME, tasks));
      return undefined;
    }
    const [first, ...rest] = this.#each(tasks, at(path)) ?? [];
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

const KEYS = Object.fromEntries(
  Object.entries(FORMS).map(([form, schema]) => [form, readKeySchema(schema)!]),
) as Record<Kind, KeySchema>;

const KINDS = ['chain', 'group', 'chord'] as const;

const CANVAS_TASK = /^celery\.(chain|group|chord)$/;

/** Returns `null` for a map that is not exactly one signature. */
function findForm(map: Raw): Form | null {
  const kinds = KINDS.filter((kind) => Object.hasOwn(map, kind));
  if (kinds.length + Number(Object.hasOwn(map, 'task')) !== 1) return null;
  const [kind] = kinds;
  if (kind) return { kind, schema: kind };
  const type = map['subtask_type'] ?? map['subtaskType'];
  const named = typeof map['task'] === 'string' ? CANVAS_TASK.exec(map['task'])?.[1] : undefined;
  return { kind: KINDS.find((each) => each === type || each === named) ?? 'task', schema: 'task' };
}

/** Celery's types of signatures that are sent as one task. */
const SINGLE = ['map', 'starmap', 'xmap', 'xstarmap'];

/** Reports errors that only serialized signatures of Celery can have. `raw` has canonical names. */
function checkSerialized(form: Form, raw: Raw, report: Report): void {
  const { subtaskType: type, args, kwargs } = raw;
  if (typeof type === 'string' && form.kind === 'task' && !SINGLE.includes(type)) {
    const known = [...KINDS, ...SINGLE];
    const allowed = `null, ${known.join(', ')}${didYouMean(type, known)}`;
    const chunks = type === 'chunks' ? ' (write the group that Celery makes of it)' : '';
    report(['subtaskType'], expected(allowed, type) + chunks);
  }
  if (form.schema !== 'task' || form.kind === 'task') return;
  if (Array.isArray(args) && args.length > 0) {
    report(['args'], `a ${form.kind} has no arguments of its own; they belong to its tasks`);
  }
  const own = isMap(kwargs) ? kwargs['kwargs'] : undefined;
  if (isMap(own) && Object.keys(own).length > 0) {
    report(['kwargs', 'kwargs'], 'a chord has no arguments of its own; they belong to its tasks');
  }
}

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

/** Reads the options of a signature, and reports errors with paths from the signature. */
function readSignatureOptions(options: unknown, zone: string, report: Report, warn: Report) {
  if (options === undefined || options === null) return { own: {} as MessageOptions, raw: {}, immutable: false };
  // Celery's `clone(immutable=True)` writes the flag among the options.
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
  checkSentHeaders(raw, note);
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
