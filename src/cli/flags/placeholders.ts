import { hostname } from 'node:os';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** Celery's default node name for beat. */
const DEFAULT_NAME = 'celerybeat';

/**
 * Expands `%h` (host), `%d` (its domain), `%n` (node name) and `%p` (`name@host`) in `-f` and `--pidfile`,
 * as Celery does for workers; `%i` and `%I`, a worker's process index, become 0 and the empty text. `node`
 * is the value of `-n`. Throws a `ConfigError` for any other letter after a `%`.
 */
export function expandPlaceholders(
  flag: string,
  path: string,
  node = '',
  host = hostname(),
): string {
  const [name = '', given] = node.includes('@') ? node.split(/@(.*)/s) : ['', node];
  const at = given === '' || given === undefined ? host : given;
  const values: Record<string, string> = {
    h: at,
    n: name || DEFAULT_NAME,
    d: /\.(.*)/s.exec(at)?.[1] ?? '',
    p: `${name || DEFAULT_NAME}@${at}`,
    i: '0',
    I: '',
  };
  return path.replace(/%(\w)/g, (written, letter: string) => {
    const value = values[letter];
    if (value !== undefined) return value;
    const allowed = Object.keys(values).map((known) => `%${known}`);
    const hint = didYouMean(written, allowed);
    throw new ConfigError(
      `${flag} ${path}: unknown placeholder "${written}"${hint}; allowed: ${allowed.join(', ')}`,
    );
  });
}
