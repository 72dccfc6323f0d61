import { splitUrls } from './urls.ts';

const SCHEME = /^([a-z][a-z0-9+.-]*:\/\/\/?)?(.*)$/is;
const SECRET_PARAMETER = /([?&;](?:[^=&]*(?:pass|pwd|secret|token|key))[^=&]*=)[^&]*/gi;

/**
 * The URL with every password in it as `**`: after the user, and in query parameters that sound like
 * one. People put passwords into URLs without escaping them, so whatever could belong to one goes:
 * everything up to the last `@`. Better to hide too much of an odd URL than a piece of its password.
 */
export function maskUrl(url: string): string {
  return splitUrls(url).map(maskOne).join(';');
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

function maskParameters(text: string): string {
  return text.replace(SECRET_PARAMETER, '$1**');
}
