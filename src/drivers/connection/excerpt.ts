/** Bytes. */
const LENGTH = 60;

const ESCAPES: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };

/** Quotes the first bytes that a peer sent, and escapes all except printable ASCII. */
export function excerpt(bytes: Buffer): string {
  const shown = bytes.subarray(0, LENGTH).toString('latin1');
  const text = shown.replace(/[^ -~]|["\\]/g, (sign) => {
    if (sign === '"' || sign === '\\') return `\\${sign}`;
    return ESCAPES[sign] ?? `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${text}${bytes.length > LENGTH ? '…' : ''}"${recognize(bytes)}`;
}

/** Recognises protocols that often answer on a wrong port. */
function recognize(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, 8);
  if (text.startsWith('HTTP/')) return ', which is HTTP';
  if (text.startsWith('SSH-')) return ', which is SSH';
  if ([0x14, 0x15, 0x16].includes(bytes[0]!) && bytes[1] === 3) return ', which is TLS; configure TLS in the URL';
  return '';
}
