import type { EncodeMessage, Message } from './message.ts';
import type { Run } from './run.ts';

/** The values in which the messages of one form differ. */
export interface FormValues {
  readonly taskId: string;
  readonly entry: string;
  /** ISO 8601. */
  readonly dueAt: string;
  /** Base64. */
  readonly body: string;
  readonly argsrepr: string;
  readonly kwargsrepr: string;
  /** ISO 8601, as is `expires`. */
  readonly eta: string | null;
  readonly expires: string | null;
  /** Milliseconds as text; `null` for a message that does not expire. */
  readonly expiration: string | null;
}

/**
 * Begins the blanks, which are in the places of values. With a character beyond Latin-1, each text of a form would take
 * two bytes for a character.
 */
const MARK = 'blank of a message: ';

const BLANKS = {
  taskId: `${MARK}taskId`,
  entry: `${MARK}entry`,
  dueAt: `${MARK}dueAt`,
  body: 'blankOfTheMessagesBody00',
  argsrepr: `${MARK}argsrepr`,
  kwargsrepr: `${MARK}kwargsrepr`,
  eta: `${MARK}eta`,
  expires: `${MARK}expires`,
  expiration: `${MARK}expiration`,
  deliveryTag: `${MARK}deliveryTag`,
} as const satisfies FormValues & { deliveryTag: string };

type BlankName = keyof typeof BLANKS;

const NAMES: ReadonlyMap<unknown, BlankName> = new Map(
  Object.entries(BLANKS).map(([name, blank]) => [blank, name as BlankName]),
);

/** Whether a form could take a part of this text for a blank. */
export function hasBlank(text: string): boolean {
  return text.includes(MARK) || text.includes(BLANKS.body);
}

/** The message of a form without its run, which only a filled one has. */
type Specimen = Omit<Message, 'run' | 'encodeAs' | 'prepare'>;

/** A text, and the value that follows it; `null` at the end. */
interface Segment {
  readonly text: string;
  readonly next: BlankName | null;
}

/**
 * Everything that is equal in the messages of entries with the same task and options. It is serialized once; a message is
 * then its values, filled in.
 */
export class MessageForm {
  /** A message with blanks in place of the values. */
  readonly #specimen: Specimen;
  readonly #hasEta: boolean;
  readonly #expires: boolean;
  readonly #texts = new Map<EncodeMessage, readonly Segment[]>();

  /** `build` is called once. `has` says which values a message with these options has. */
  constructor(build: (values: FormValues) => Specimen, has: { readonly eta: boolean; readonly expires: boolean }) {
    this.#hasEta = has.eta;
    this.#expires = has.expires;
    this.#specimen = build({
      ...BLANKS,
      eta: this.#hasEta ? BLANKS.eta : null,
      expires: this.#expires ? BLANKS.expires : null,
      expiration: this.#expires ? BLANKS.expiration : null,
    });
  }

  /** Returns the message with these values; `null` if they have no place in this form. */
  fill(values: FormValues, run: Run): Message | null {
    const fits = (values.eta !== null) === this.#hasEta && (values.expires !== null) === this.#expires;
    return fits ? new FilledMessage(this, this.#specimen, values, run) : null;
  }

  /** Encodes the message with these values as `encode` would, which writes each value as a JSON text. */
  encode(encode: EncodeMessage, values: FormValues, deliveryTag: string): string {
    let segments = this.#texts.get(encode);
    if (!segments) this.#texts.set(encode, (segments = split(encode(this.#specimen, BLANKS.deliveryTag))));
    let text = '';
    for (const { text: constant, next } of segments) {
      text += constant;
      if (next) text += JSON.stringify(next === 'deliveryTag' ? deliveryTag : values[next]);
    }
    return text;
  }
}

function split(text: string): readonly Segment[] {
  const parts = text.split(new RegExp(`"(${Object.values(BLANKS).join('|')})"`));
  const segments: Segment[] = [];
  for (let i = 0; i < parts.length; i += 2) segments.push({ text: parts[i]!, next: NAMES.get(parts[i + 1]) ?? null });
  return segments;
}

/** A message whose fields are computed when they are read: stores write the text of its form. */
export class FilledMessage implements Message {
  readonly form: MessageForm;
  readonly values: FormValues;
  readonly run: Run;
  readonly #specimen: Specimen;
  #prepared: { readonly encode: EncodeMessage; readonly text: string } | undefined;

  constructor(form: MessageForm, specimen: Specimen, values: FormValues, run: Run) {
    this.form = form;
    this.values = values;
    this.run = run;
    this.#specimen = specimen;
  }

  prepare(encode: EncodeMessage, deliveryTag: string): number {
    const text = this.form.encode(encode, this.values, deliveryTag);
    this.#prepared = { encode, text };
    // Counting the bytes also joins the parts of the text in memory.
    return Buffer.byteLength(text);
  }

  encodeAs(encode: EncodeMessage, deliveryTag: string): string {
    const prepared = this.#prepared;
    if (prepared?.encode === encode) {
      // Each delivery has a tag of its own.
      this.#prepared = undefined;
      return prepared.text;
    }
    return this.form.encode(encode, this.values, deliveryTag);
  }

  get taskId(): string {
    return this.values.taskId;
  }

  get destination(): Message['destination'] {
    return this.#specimen.destination;
  }

  get priority(): number {
    return this.#specimen.priority;
  }

  get headers(): Message['headers'] {
    return this.#fill(this.#specimen.headers);
  }

  get properties(): Message['properties'] {
    return this.#fill(this.#specimen.properties);
  }

  get body(): Buffer {
    return Buffer.from(this.values.body, 'base64');
  }

  get contentType(): string {
    return this.#specimen.contentType;
  }

  get contentEncoding(): string {
    return this.#specimen.contentEncoding;
  }

  #fill<T extends object>(fields: T): T {
    const filled = Object.entries(fields).map(([key, value]: [string, unknown]) => {
      const name = NAMES.get(value);
      return [key, name === undefined || name === 'deliveryTag' ? value : this.values[name]];
    });
    return Object.fromEntries(filled) as T;
  }
}
