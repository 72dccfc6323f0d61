/** A part of a text: literal text, or the name of a variable that only the host of the worker knows. */
export type Piece = string | { readonly name: string };

export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  /** Whether the value of a variable comes from elsewhere. */
  readonly isElsewhere: (name: string) => boolean;
}

const REFERENCE = /\$(?:\$|\(([^)]+)\))/g;

/** Replaces `$(NAME)` for known variables, and `$$` by `$`, as Kubernetes does. No text is empty or next to another one. */
export function expand(text: string, { values, isElsewhere }: Variables): readonly Piece[] {
  const pieces: Piece[] = [];
  let before = '';
  let end = 0;
  for (const { 0: found, 1: name, index } of text.matchAll(REFERENCE)) {
    before += text.slice(end, index);
    end = index + found.length;
    if (name === undefined) before += '$';
    else if (values.has(name)) before += values.get(name)!;
    else if (!isElsewhere(name)) before += found;
    else {
      pieces.push(before, { name });
      before = '';
    }
  }
  return [...pieces, before + text.slice(end)].filter((piece) => piece !== '');
}

/** The text of the pieces; `null` if one is the name of a variable. */
export function joinPieces(pieces: readonly Piece[]): string | null {
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : null;
}

export function namesOf(pieces: readonly Piece[]): readonly string[] {
  return pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]));
}

/** Quotes the pieces as one word of a POSIX shell. */
export function quoteWord(pieces: readonly Piece[]): string {
  const words = pieces.map((piece) => (typeof piece === 'string' ? quote(piece) : `"$${piece.name}"`));
  return words.join('') || quote('');
}

/** Writes a script of a POSIX shell. Variables are inserted so that the quotes around them keep their effect. */
export function writeScript(pieces: readonly Piece[]): string {
  let quoted: '' | '"' | "'" = '';
  return pieces
    .map((piece, i) => {
      if (typeof piece === 'string') {
        quoted = scanQuotes(piece, quoted);
        return piece;
      }
      if (quoted === "'") return `'"$${piece.name}"'`;
      if (quoted === '') return `"$${piece.name}"`;
      const next = pieces[i + 1];
      return typeof next === 'string' && /^\w/.test(next) ? `\${${piece.name}}` : `$${piece.name}`;
    })
    .join('');
}

/** The quote that is open at the end of a part of a script. */
function scanQuotes(text: string, open: '' | '"' | "'"): '' | '"' | "'" {
  let quoted = open;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '\\' && quoted !== "'") i += 1;
    else if (char === quoted) quoted = '';
    else if (quoted === '' && (char === '"' || char === "'")) quoted = char;
  }
  return quoted;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
