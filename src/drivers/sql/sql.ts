/** A statement or a part of one, with a `?` in the text for each value. A list is one value. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Builds a statement: other `Sql` in it is inserted as text, and everything else is a value. */
export function sql(texts: TemplateStringsArray, ...inserts: readonly unknown[]): Sql {
  let text = texts[0]!.trimStart();
  const values: unknown[] = [];
  for (const [i, insert] of inserts.entries()) {
    if (isSql(insert)) {
      text += insert.text;
      values.push(...insert.values);
    } else {
      text += '?';
      values.push(insert);
    }
    text += texts[i + 1]!;
  }
  return { text, values };
}

export const raw = (text: string): Sql => ({ text, values: [] });

export function join(parts: readonly Sql[], separator: string): Sql {
  return { text: parts.map(({ text }) => text).join(separator), values: parts.flatMap(({ values }) => values) };
}

function isSql(insert: unknown): insert is Sql {
  return typeof insert === 'object' && insert !== null && 'text' in insert && 'values' in insert;
}
