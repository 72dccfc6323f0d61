/** What `beat forget` removes instead of a state. */
export type RepairedRecord = 'history' | 'audit' | 'outbox';

/**
 * The shell command that removes an entry's unreadable state; with `record`, the unreadable rows of its history, or the
 * unreadable audit row or outbox message of that id.
 */
export function repairCommand(name: string, record?: RepairedRecord): string {
  const command = record === undefined ? 'beat forget' : `beat forget --${record}`;
  if (/^[\w.:@%+=,/][\w.:@%+=,/-]*$/.test(name)) return `${command} ${name}`;
  // Single quotes are enough for names without an apostrophe and control characters.
  if (/^[^'\p{C}\p{Zl}\p{Zp}]*$/u.test(name)) {
    return `${command} ${name.startsWith('-') ? '-- ' : ''}'${name}'`;
  }
  return `${command} --quoted '${asciiJson(name)}'`;
}

/** A JSON string of printable ASCII without an apostrophe. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[^ -&(-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
