/** The command that repairs what is wrong with an entry's record, ready to be copied into a shell. */
export function repairCommand(entry: string): string {
  if (/^[\w.:@%+=,/][\w.:@%+=,/-]*$/.test(entry)) return `beat forget ${entry}`;
  // Without an apostrophe or a sign that a terminal would act on, quotes are enough.
  if (/^[^'\p{C}\p{Zl}\p{Zp}]*$/u.test(entry)) {
    return `beat forget ${entry.startsWith('-') ? '-- ' : ''}'${entry}'`;
  }
  return `beat forget --quoted '${asciiJson(entry)}'`;
}

/** A JSON string of printable ASCII without an apostrophe. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -&(-~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
