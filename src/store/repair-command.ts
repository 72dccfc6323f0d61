/** The shell command that removes an entry's unreadable state. */
export function repairCommand(entry: string): string {
  if (/^[\w.:@%+=,/][\w.:@%+=,/-]*$/.test(entry)) return `beat forget ${entry}`;
  // Single quotes are enough for names without an apostrophe and control characters.
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
