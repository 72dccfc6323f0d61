import { hostname } from 'node:os';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** What a node of beat is called in Celery, unless `-n` says otherwise. */
const DEFAULT_NAME = 'celerybeat';

/**
 * Puts host and node name where `-f` and `--pidfile` have `%h` (host), `%d` (its domain), `%n` (name) or
 * `%p` (`name@host`), as Celery does for its workers; `%i` and `%I`, the index of a worker's process, are
 * 0 and nothing. `node` is what `-n` gave. Throws a `ConfigError` for any other letter after a `%`.
 */
export function expand(flag: string, path: string, node = '', host = hostname()): string {
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
      `${flag} ${path}: "${written}" stands for nothing${hint}; allowed: ${allowed.join(', ')}`,
    );
  });
}
