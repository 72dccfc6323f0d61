/** Masks passwords in URLs, error messages and responses of servers. Each function runs in linear time. */

/** Separates URLs: a `;` inside a password is not followed by a scheme. */
const BETWEEN_URLS = /;(?=[a-z][a-z0-9+.-]*:)/i;
const SCHEME = /^([a-z][a-z0-9+.-]*:\/\/\/?)?(.*)$/is;
const SECRET_NAME = /pass|pwd|secret|token|key/i;

/**
 * Replaces every password in a URL with `**`: after the user name, and in query parameters whose names suggest a
 * secret. Users often do not escape passwords, so everything up to the last `@` is masked: hiding too much of a
 * malformed URL is better than showing a part of its password.
 */
export function maskUrl(url: string): string {
  return url.split(BETWEEN_URLS).map(maskOne).join(';');
}

/** Masks every URL in a text, as `maskUrl` does. */
export function maskText(text: string): string {
  if (!text.includes('@') && !text.includes('://')) return text;
  // Spaces and quotes end a URL in a sentence; brackets may be part of a password.
  return text
    .split(/([\s"'`]+)/)
    .map((part) => (part.includes('@') || part.includes('://') ? maskWord(part) : part))
    .join('');
}

/** Characters before the scheme, such as a bracket, are not part of the URL. */
function maskWord(word: string): string {
  let start = word.indexOf('://');
  if (start < 0) return maskUrl(word);
  while (start > 0 && /[a-z0-9+.-]/i.test(word[start - 1]!)) start -= 1;
  return word.slice(0, start) + maskUrl(word.slice(start));
}

function maskOne(url: string): string {
  const [, scheme = '', rest = ''] = SCHEME.exec(url) ?? [];
  const at = rest.lastIndexOf('@');
  const colon = rest.indexOf(':');
  if (at >= 0 && colon >= 0 && colon < at) {
    return `${scheme}${rest.slice(0, colon)}:**${maskParameters(rest.slice(at))}`;
  }
  return scheme + maskParameters(maskStrayPassword(rest, scheme));
}

/** Masks `redis://:secret`, where `@host` is missing: the text after the colon is not a port. */
function maskStrayPassword(rest: string, scheme: string): string {
  if (scheme === '' || scheme.endsWith(':///')) return rest;
  return rest.replace(/^([^:/?#[\]@]*):(?!\d*(?:[/?#,]|$))[^?]*/s, '$1:**');
}

/** Masks the values of secret query parameters, each up to the next `&`. */
function maskParameters(text: string): string {
  let masked = '';
  let isHidden = false;
  for (const part of text.split(/(?=[?&;])/)) {
    if (isHidden && !part.startsWith('&')) continue;
    const equals = part.indexOf('=');
    const isFirst = masked === '' && !/^[?&;]/.test(part);
    isHidden = !isFirst && equals > 0 && SECRET_NAME.test(part.slice(0, equals));
    masked += isHidden ? `${part.slice(0, equals)}=**` : part;
  }
  return masked;
}

/** Shorter passwords are masked only as whole words: `pw` is part of many words. */
const SHORT = 8;

/** Returns a function that masks these passwords, and the passwords of these URLs, in responses of servers. */
export function createMasker(
  urls: readonly string[],
  passwords: readonly (string | undefined)[] = [],
): (text: string) => string {
  const all = [...urls.flatMap(listPasswords), ...passwords].filter((each) => each !== undefined);
  const secrets = [...new Set(all)].filter((each) => each !== '').sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce(maskSecret, text);
}

function maskSecret(text: string, secret: string): string {
  if (secret.length >= SHORT) return text.replaceAll(secret, '**');
  const letters = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return text.replace(new RegExp(String.raw`(?<!\w)${letters}(?!\w)`, 'gs'), '**');
}

/** Lists passwords as written and decoded, but none that equals its user (`guest:guest`), which errors must show. */
function listPasswords(url: string): string[] {
  return url.split(BETWEEN_URLS).flatMap((one) => {
    const [, , rest = ''] = SCHEME.exec(one) ?? [];
    const [at, colon] = [rest.lastIndexOf('@'), rest.indexOf(':')];
    const password = at > colon && colon >= 0 ? rest.slice(colon + 1, at) : '';
    const inUser = password === rest.slice(0, colon) ? [] : [password];
    // Parse each parameter alone: URLSearchParams takes quadratic time for a long query.
    const parameters = (/\?(.*)$/s.exec(rest)?.[1] ?? '').split('&');
    const secret = parameters.filter((each) => SECRET_NAME.test(each.split('=', 1)[0]!));
    const inQuery = secret.flatMap((each) => [...new URLSearchParams(each).values()]);
    return [...inUser, ...inQuery].flatMap((each) => [each, tryDecode(each)]);
  });
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
