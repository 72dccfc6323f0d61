import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/** The name half of Celery's own node name for beat. */
const DEFAULT_NAME = 'celerybeat';

/** Placeholders by letter. `%i` and `%I`, the process index of a worker, are 0 and the empty text in beat. */
type Placeholders = Readonly<Record<string, string>>;

const INDEX: Placeholders = { i: '0', I: '' };

/**
 * Expands `%h` (host), `%d` (its domain), `%n` (node name) and `%p` (`name@host`) in `-f` and `--pidfile`, as Celery does for
 * workers. `node` is the value of `-n`. Throws a `ConfigError` for any other letter after a `%`.
 */
export function expandPlaceholders(flag: string, path: string, node = '', host = hostname()): string {
  const [name = '', given] = node.includes('@') ? node.split(/@(.*)/s) : ['', node];
  const at = given === '' || given === undefined ? host : given;
  const n = name || DEFAULT_NAME;
  const values = { h: at, n, d: /\.(.*)/s.exec(at)?.[1] ?? '', p: `${n}@${at}`, ...INDEX };
  return expand(path, /%(\w)/g, values, `${flag} ${path}`);
}

/**
 * The node name under which beat answers: `celerybeat@HOST` unless `-n` names another. A name without `@` is the name of a
 * host, as in Celery. Expands `%h` (host), `%n` (the first label of the host) and `%d` (its domain). Throws a `ConfigError` for
 * any other character after a `%`.
 */
export function formatNodeName(given: string | undefined, host: string): string {
  const at = given?.indexOf('@') ?? -1;
  const name = at > 0 ? given!.slice(0, at) : DEFAULT_NAME;
  const named = at >= 0 ? given!.slice(at + 1) : (given ?? '');
  const [first = '', ...domain] = host.split('.');
  const values = { h: host, n: first, d: domain.join('.'), ...INDEX, '%': '%' };
  return expand(`${name}@${named || host}`, /%(.)/g, values, `--hostname ${given}`);
}

function expand(text: string, pattern: RegExp, values: Placeholders, where: string): string {
  return text.replace(pattern, (written, letter: string) => {
    const value = values[letter];
    if (value !== undefined) return value;
    const allowed = Object.keys(values).map((known) => `%${known}`);
    const hint = didYouMean(written, allowed);
    throw new ConfigError(`${where}: unknown placeholder "${written}"${hint}; allowed: ${allowed.join(', ')}`);
  });
}

export interface PathFlags {
  readonly logfile?: string;
  readonly pidfile?: string;
  readonly hostname?: string;
}

/** Expands the paths of `--logfile` and `--pidfile`; the log path is made absolute. */
export function resolvePaths({ logfile, pidfile, hostname: node }: PathFlags) {
  return {
    logfile: logfile === undefined ? undefined : resolve(expandPlaceholders('--logfile', logfile, node)),
    pidfile: pidfile === undefined ? undefined : expandPlaceholders('--pidfile', pidfile, node),
  };
}
