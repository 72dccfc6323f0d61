/** Where a value stands, and those in it. */
export interface JsonPlace {
  readonly line: number;
  readonly inside: Map<string | number, JsonPlace>;
}

/** A key that stands in one map again: `JSON.parse` would silently take the last. */
export interface RepeatedKey {
  readonly path: readonly (string | number)[];
  readonly line: number;
  readonly firstLine: number;
}

/** The first thing in a text that is no JSON. */
export class JsonSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Keys that stand twice. Throws a `JsonSyntaxError` unless the text is JSON, down to the last comma. */
export function repeatedKeys(text: string): readonly RepeatedKey[] {
  const scanner = new Scanner(text, false);
  scanner.scan();
  return scanner.repeated;
}

/** The place of every value in a text that is JSON. */
export function placesIn(text: string): JsonPlace {
  return new Scanner(text, true).scan();
}

const SPACE = String.raw`[ \t\n\r]*`;
const STRING = String.raw`"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])`;
const WORD = String.raw`(?:true|false|null)(?!\w)`;
const JUNK = String.raw`"[^\n]*|[^\s"{}[\],:]+`;
const TOKEN = new RegExp(`${SPACE}(?:(${STRING}|${NUMBER}|${WORD})|([{}[\\],:])|(${JUNK}))?`, 'y');

class Scanner {
  readonly repeated: RepeatedKey[] = [];
  readonly #text: string;
  readonly #keepPlaces: boolean;
  readonly #token = new RegExp(TOKEN);
  readonly #path: (string | number)[] = [];

  /** The token in hand: a scalar, a mark, or junk; all `undefined` at the end. */
  #scalar: string | undefined;
  #mark: string | undefined;
  #junk: string | undefined;
  #start = 0;

  #line = 1;
  #lineSeen = 0;

  constructor(text: string, keepPlaces: boolean) {
    this.#text = text;
    this.#keepPlaces = keepPlaces;
  }

  scan(): JsonPlace {
    const root: JsonPlace = { line: 1, inside: new Map() };
    this.#advance();
    this.#value(root);
    if (this.#start < this.#text.length) this.#wrong('nothing more');
    return root;
  }

  #value(place: JsonPlace | undefined): void {
    if (this.#mark === '{') this.#map(place);
    else if (this.#mark === '[') this.#list(place);
    else if (this.#scalar === undefined) this.#wrong('a value');
    else this.#advance();
  }

  #map(place: JsonPlace | undefined): void {
    const keys = new Map<string, number>();
    this.#advance();
    if (this.#mark !== '}') {
      for (;;) {
        const key = this.#key(keys);
        const below = this.#below(place, key);
        this.#take(':', '":"');
        this.#path.push(key);
        this.#value(below);
        this.#path.pop();
        if (this.#mark !== ',') break;
        this.#advance();
      }
    }
    this.#take('}', '"," or "}"');
  }

  #list(place: JsonPlace | undefined): void {
    this.#advance();
    if (this.#mark !== ']') {
      for (let i = 0; ; i++) {
        this.#path.push(i);
        this.#value(this.#below(place, i));
        this.#path.pop();
        if (this.#mark !== ',') break;
        this.#advance();
      }
    }
    this.#take(']', '"," or "]"');
  }

  #key(keys: Map<string, number>): string {
    if (!this.#scalar?.startsWith('"')) this.#wrong('a key in double quotes');
    const raw = this.#scalar;
    const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    const first = keys.get(key);
    if (first === undefined) keys.set(key, this.#start);
    else {
      const [line, firstLine] = [this.#lineAt(this.#start), this.#lineAt(first)];
      this.repeated.push({ path: [...this.#path, key], line, firstLine });
    }
    return key;
  }

  /** The place of the token in hand; a map's key moves on to its colon. */
  #below(parent: JsonPlace | undefined, key: string | number): JsonPlace | undefined {
    const place = this.#keepPlaces
      ? { line: this.#lineAt(this.#start), inside: new Map<string | number, JsonPlace>() }
      : undefined;
    if (place) parent?.inside.set(key, place);
    if (typeof key === 'string') this.#advance();
    return place;
  }

  #take(mark: string, allowed: string): void {
    if (this.#mark !== mark) this.#wrong(allowed);
    this.#advance();
  }

  #advance(): void {
    const match = this.#token.exec(this.#text)!;
    [, this.#scalar, this.#mark, this.#junk] = match;
    const length = (this.#scalar ?? this.#mark ?? this.#junk ?? '').length;
    this.#start = this.#token.lastIndex - length;
  }

  #wrong(allowed: string): never {
    const got = this.#scalar ?? this.#mark ?? this.#junk;
    const shown = got === undefined ? 'the end of the file' : got.slice(0, 30);
    throw new JsonSyntaxError(
      this.#lineAt(this.#start),
      `is no JSON: expected ${allowed}, got ${shown}`,
    );
  }

  /** Counts on from the last question when the places come in ascending order. */
  #lineAt(offset: number): number {
    if (offset < this.#lineSeen) return this.#text.slice(0, offset).split('\n').length;
    let end = this.#text.indexOf('\n', this.#lineSeen);
    while (end >= 0 && end < offset) {
      this.#line += 1;
      this.#lineSeen = end + 1;
      end = this.#text.indexOf('\n', this.#lineSeen);
    }
    return this.#line;
  }
}
