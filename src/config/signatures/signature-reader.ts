import { findLastTask, NO_LINKS, type Canvas, type Links, type Task } from '../../canvas/canvas.ts';
import {
  makeChord,
  immutable,
  parallel,
  sequence,
  withLinks,
  withOptions,
} from '../../canvas/shape.ts';
import type { SerializerName } from '../../message/serializers/serializer.ts';
import { readArguments } from '../entry/arguments.ts';
import type { OptionTemplates } from '../options/templates.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import { expected, parse, type Path, type Report } from '../validate.ts';
import { pathAsWritten, isMap, normalizeKeys } from '../keys/normalize-keys.ts';
import { FORMS, SIGNATURE_FORMS } from './schema.ts';
import { checkCelerys, formOf, KEYS, valueAt, type Form } from './forms.ts';
import { optionAsWritten, readSignatureOptions } from './options.ts';

/** More than anyone composes. */
const DEEPEST = 32;

export interface SignatureContext {
  /** IANA name: of instants without an offset. */
  readonly zone: string;
  /** IANA name: of dates in templates. */
  readonly scheduleZone: string;
  /** What the arguments are written with. */
  readonly serializer: SerializerName;
  readonly checkAccepted: CheckAccepted;
  /** Takes note of those in options. */
  readonly templates: OptionTemplates;
  /** Reports a warning. */
  readonly warn: Report;
}

type Raw = Readonly<Record<string, unknown>>;

/** Where the reader is. */
interface Place {
  readonly path: Path;
  /** What it has come through. */
  readonly within: readonly unknown[];
}

/** Reads signatures as users write them, and as Celery does. Every problem in them is reported. */
export class SignatureReader {
  readonly #context: SignatureContext;
  readonly #report: Report;

  constructor(context: SignatureContext, report: Report) {
    this.#context = context;
    this.#report = report;
  }

  /** `undefined` after a problem. */
  read(value: unknown, path: Path, within: readonly unknown[] = []): Canvas | undefined {
    const map = typeof value === 'string' && value ? { task: value } : value;
    const form = isMap(map) ? formOf(map) : null;
    if (within.includes(value)) {
      this.#report(path, 'contains itself');
    } else if (within.length > DEEPEST) {
      this.#report(path, `nested deeper than ${DEEPEST} levels`);
    } else if (!isMap(map) || !form) {
      this.#report(path, expected(SIGNATURE_FORMS, value));
    } else {
      return this.#readMap(map, form, { path, within: [...within, value] });
    }
    return undefined;
  }

  /**
   * Callbacks, from options whose names are canonical; `pathTo` says where they stand as written.
   * `undefined` after a problem.
   */
  readLinks(
    options: unknown,
    pathTo: (key: keyof Links) => Path,
    within: Place['within'] = [],
  ): Links | undefined {
    const { link, linkError }: Raw = isMap(options) ? options : {};
    const after = this.#each(link, { path: pathTo('link'), within });
    const onError = this.#each(linkError, { path: pathTo('linkError'), within });
    if (!after || !onError) return undefined;
    return after.length + onError.length > 0 ? { link: after, linkError: onError } : NO_LINKS;
  }

  #readMap(map: Raw, form: Form, place: Place): Canvas | undefined {
    const keys = KEYS[form.schema];
    let found = 0;
    const note: Report = (path, message) => {
      found += 1;
      this.#report([...place.path, ...pathAsWritten(path, map, keys)], message);
    };
    const raw = normalizeKeys(map, keys, [], note) as Raw;
    parse(FORMS[form.schema], raw, { path: [], keys, report: note });
    checkCelerys(form, raw, note);
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
    const made = withLinks(withOptions(whole, options.own), links);
    return raw['immutable'] === true || options.immutable ? immutable(made) : made;
  }

  #readForm(form: Form, raw: Raw, place: Place, note: Report): Canvas | undefined {
    if (form.kind === 'task') return this.#readTask(raw, place, note);
    const at = (path: Path): Place => ({ ...place, path: [...place.path, ...path] });
    if (form.kind === 'chord') {
      const header = this.#each(valueAt(raw, form.header), at(form.header));
      const body = valueAt(raw, form.body);
      if (header?.length === 0) note(form.header, 'missing; expected signatures, one at least');
      if (body === undefined || body === null) note(form.body, NO_BODY);
      const last = body ? this.read(body, [...place.path, ...form.body], place.within) : undefined;
      return header && last ? makeChord(header, last) : undefined;
    }
    const tasks = valueAt(raw, form.tasks);
    if (!Array.isArray(tasks) || tasks.length === 0) {
      // Where the schema sees it, it has told.
      if (Array.isArray(tasks) || form.tasks.length > 1) note(form.tasks, expected(SOME, tasks));
      return undefined;
    }
    const [first, ...rest] = this.#each(tasks, at(form.tasks)) ?? [];
    if (!first) return undefined;
    return form.kind === 'chain' ? sequence([first, ...rest]) : parallel([first, ...rest]);
  }

  #readTask(raw: Raw, { path: at }: Place, note: Report): Task | undefined {
    const { scheduleZone: zone, serializer } = this.#context;
    const given = readArguments(raw, { zone, serializer, at }, note);
    if (typeof raw['task'] !== 'string') return undefined;
    const { task } = raw as { task: string };
    const plain = { options: {}, links: NO_LINKS, immutable: false, reprAs: 'tuple' } as const;
    return { kind: 'task', task, ...given, ...plain };
  }

  /** One signature or a list of them; none for nothing. */
  #each(value: unknown, { path, within }: Place): Canvas[] | undefined {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      const only = this.read(value, path, within);
      return only && [only];
    }
    const read = value.map((item, i) => this.read(item, [...path, i], within));
    return read.every((canvas) => canvas !== undefined) ? read : undefined;
  }
}

const SOME = 'a list of signatures, one at least';
const NO_BODY = 'missing; expected the signature that is called with the results of the header';

/** Nothing can follow a group but in a chord: its tasks end one by one. */
export function checkLinks(canvas: Canvas, { link }: Links, report: Report): void {
  if (link.length === 0 || findLastTask(canvas).kind !== 'group') return;
  report(
    ['options', 'link'],
    'of no use after a group, whose tasks end one by one; ' +
      'a chord calls its body with all results: {chord: {header: […], body: …}}',
  );
}
