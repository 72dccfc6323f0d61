/**
 * What keeps passwords out of everything that is shown: URLs, errors, and what servers send back. Each
 * function takes time that grows with the length of its text and no faster.
 */

/** A `;` inside a password has no scheme after it. */
const BETWEEN_URLS = /;(?=[a-z][a-z0-9+.-]*:)/i;
const SCHEME = /^([a-z][a-z0-9+.-]*:\/\/\/?)?(.*)$/is;
const SECRET_NAME = /pass|pwd|secret|token|key/i;

/**
 * The URL with every password in it as `**`: after the user, and in query parameters that sound like
 * one. People put passwords into URLs without escaping them, so whatever could belong to one goes:
 * everything up to the last `@`. Better to hide too much of an odd URL than a piece of its password.
 */
export function maskUrl(url: string): string {
  return url.split(BETWEEN_URLS).map(maskOne).join(';');
}

/** A text with what looks like a URL in it masked as `maskUrl` does, wherever it stands. */
export function maskText(text: string): string {
  if (!text.includes('@') && !text.includes('://')) return text;
  // Spaces and quotes end a URL in a sentence; brackets may be of a password.
  return text
    .split(/([\s"'`]+)/)
    .map((part) => (part.includes('@') || part.includes('://') ? maskWord(part) : part))
    .join('');
}

/** What stands before the scheme, such as a bracket, is no part of the URL. */
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

/** `redis://:secret`, where the `@host` was forgotten: after the colon stands no port. */
function maskStrayPassword(rest: string, scheme: string): string {
  if (scheme === '' || scheme.endsWith(':///')) return rest;
  return rest.replace(/^([^:/?#[\]@]*):(?!\d*(?:[/?#,]|$))[^?]*/s, '$1:**');
}

/** The values of secret parameters, each up to the next `&`. */
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

/** Shorter ones are looked for as words of their own: `pw` is a piece of many words. */
const SHORT = 8;

/** A function that puts `**` for the passwords of these URLs, and for these passwords, in what a server sends back. */
export function createMasker(
  urls: readonly string[],
  passwords: readonly (string | undefined)[] = [],
): (text: string) => string {
  const all = [...urls.flatMap(passwordsIn), ...passwords].filter((each) => each !== undefined);
  const secrets = [...new Set(all)].filter((each) => each !== '').sort(longestFirst);
  return (text) => secrets.reduce(conceal, text);
}

function conceal(text: string, secret: string): string {
  if (secret.length >= SHORT) return text.replaceAll(secret, '**');
  const letters = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return text.replace(new RegExp(String.raw`(?<!\w)${letters}(?!\w)`, 'gs'), '**');
}

function longestFirst(a: string, b: string): number {
  return b.length - a.length;
}

/**
 * As they are written, and as they are sent. A password that equals its user's name (`guest:guest`) is left out:
 * the name is shown anyway, and an error that hides it does not say which user lacks a right.
 */
function passwordsIn(url: string): string[] {
  return url.split(BETWEEN_URLS).flatMap((one) => {
    const [, , rest = ''] = SCHEME.exec(one) ?? [];
    const [at, colon] = [rest.lastIndexOf('@'), rest.indexOf(':')];
    const password = at > colon && colon >= 0 ? rest.slice(colon + 1, at) : '';
    const inUser = password === rest.slice(0, colon) ? [] : [password];
    // One by one: Node's time for a long query grows with its square.
    const parameters = (/\?(.*)$/s.exec(rest)?.[1] ?? '').split('&');
    const secret = parameters.filter((each) => SECRET_NAME.test(each.split('=', 1)[0]!));
    const inQuery = secret.flatMap((each) => [...new URLSearchParams(each).values()]);
    return [...inUser, ...inQuery].flatMap((each) => [each, decodedOrNone(each)]);
  });
}

function decodedOrNone(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
