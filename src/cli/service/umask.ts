import { ConfigError } from '../../util/errors.ts';

/**
 * Parses `--umask` as Celery does: octal with a leading zero, else decimal. Throws a `ConfigError` for
 * anything else and for numbers above 0777.
 */
export function parseUmask(text: string): number {
  const octal = /^0(?:o?[0-7]+)?$/i.test(text);
  const mask = octal ? parseInt(text.replace(/^0o/i, ''), 8) : Number(text);
  if ((octal || /^[1-9]\d*$/.test(text)) && mask <= 0o777) return mask;
  throw new ConfigError(
    `--umask: expected an octal number from 000 to 0777, such as 027, got "${text}"`,
  );
}

/** Formats a umask as `027`. */
export function formatUmask(mask: number): string {
  return `0${mask.toString(8).padStart(2, '0')}`;
}
