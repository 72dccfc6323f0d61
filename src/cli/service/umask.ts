import { ConfigError } from '../../util/errors.ts';

/**
 * What `--umask` means, as Celery reads it: octal where it begins with a zero, else decimal. Throws a
 * `ConfigError` for what is neither, or more than 0777.
 */
export function parseUmask(text: string): number {
  const octal = /^0(?:o?[0-7]+)?$/i.test(text);
  const mask = octal ? parseInt(text.replace(/^0o/i, ''), 8) : Number(text);
  if ((octal || /^[1-9]\d*$/.test(text)) && mask <= 0o777) return mask;
  throw new ConfigError(`--umask takes an octal number from 000 to 0777, like 027, not "${text}"`);
}

/** As umasks are written: `027`. */
export function showUmask(mask: number): string {
  return `0${mask.toString(8).padStart(2, '0')}`;
}
