/** The characters that mean something to a regular expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g;

/**
 * A regular expression for a whole name that matches a glob of Python's `fnmatch`: `*` is any text, `?`
 * one character, `[abc]` one of these, `[!abc]` one of the others. A `[` that nothing closes is itself.
 */
export function globPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at]!;
    const set = sign === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(glob.slice(at)) : null;
    if (set) {
      source += setOf(set[2]!, set[1] === '!');
      at += set[0].length - 1;
    } else {
      source += sign === '*' ? '.*' : sign === '?' ? '.' : escape(sign);
    }
  }
  return new RegExp(`^(?:${source})$`, 'su');
}

/** A range that runs backwards holds nothing; a set of nothing matches nothing, and its opposite anything. */
function setOf(members: string, others: boolean): string {
  const ranges = members.replace(/(.)-(.)/gsu, (range, from: string, to: string) =>
    from > to ? '' : `\0${range}`,
  );
  if (ranges === '') return others ? '.' : '(?!)';
  const inside = ranges.replace(
    /\0(.)-(.)|(.)/gsu,
    (_, from?: string, to?: string, one?: string) =>
      one === undefined ? `${escape(from!)}-${escape(to!)}` : escape(one),
  );
  return `[${others ? '^' : ''}${inside}]`;
}

function escape(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}
