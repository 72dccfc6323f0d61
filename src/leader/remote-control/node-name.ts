import { didYouMean } from '../../util/did-you-mean.ts';
import { ConfigError } from '../../util/errors.ts';

/** The name half of Celery's own name for beat. */
const DEFAULT_NAME = 'celerybeat';

/**
 * The name under which beat answers: `celerybeat@HOST` unless `-n` names another. A name without `@` is that of a
 * host, as in Celery. Expands `%h` (host), `%n` (the host's first label) and `%d` (its domain). Throws a `ConfigError`
 * for any other letter after a `%`.
 */
export function formatNodeName(given: string | undefined, host: string): string {
  const at = given?.indexOf('@') ?? -1;
  const name = at > 0 ? given!.slice(0, at) : DEFAULT_NAME;
  const named = at >= 0 ? given!.slice(at + 1) : (given ?? '');
  const on = named === '' ? host : named;
  const [first = '', ...domain] = host.split('.');
  const values: Readonly<Record<string, string>> = {
    ...{ h: host, n: first, d: domain.join('.') },
    ...{ i: '0', I: '', '%': '%' },
  };
  return `${name}@${on}`.replace(/%(.)/g, (written, letter: string) => {
    const value = values[letter];
    if (value !== undefined) return value;
    const allowed = Object.keys(values).map((known) => `%${known}`);
    const hint = didYouMean(written, allowed);
    throw new ConfigError(
      `--hostname ${given}: unknown placeholder "${written}"${hint}; allowed: ${allowed.join(', ')}`,
    );
  });
}
