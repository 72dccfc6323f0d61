/** What the names of files have room for beside the other parts of a message's file. UTF-8 bytes. */
const MAX_QUEUE = 180;

/** Why no file of kombu's file system transport can have the name of this queue in its own; `null` if it can. */
export function explainFileName(queue: string): string | null {
  if (/[/\0]/.test(queue)) return 'contains a character that the name of a file cannot (/ or NUL)';
  const bytes = Buffer.byteLength(queue);
  return bytes > MAX_QUEUE ? `is ${bytes} bytes long; the name of a file has room for ${MAX_QUEUE}` : null;
}
