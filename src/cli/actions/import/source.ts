import { readFileSync } from 'node:fs';
import { parseEndpoint, type Endpoint } from '../../../drivers/endpoint.ts';
import { findSchemes, type Driver } from '../../../drivers/table.ts';
import type { Found } from '../../../import/found.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import type { ImportFlags } from './run-import.ts';

/** Flags of an import that reads a store, or asks the Celery app that uses the store. */
export interface SourceFlags extends ImportFlags {
  readonly app?: string;
  readonly python?: string;
  readonly workdir?: string;
}

const OF_APP = { python: '--python', workdir: '--workdir' };

/**
 * Whether the source is an app; otherwise it is a URL. The flags `ofUrl` apply only to a URL. Throws a `ConfigError` if
 * both or neither are given, and for a flag of the other source.
 */
export function isApp(
  command: string,
  url: string | undefined,
  flags: SourceFlags,
  ofUrl: Readonly<Record<string, string>>,
): boolean {
  const withApp = flags.app !== undefined;
  if (withApp === (url !== undefined)) {
    const reason = withApp ? ', got both; the settings of the app name its URL' : '';
    throw new ConfigError(`beat import ${command}: expected either a URL or -A/--app${reason}`);
  }
  for (const [key, flag] of Object.entries(withApp ? ofUrl : OF_APP)) {
    if (flags[key as keyof SourceFlags] === undefined) continue;
    throw new ConfigError(`${flag}: applies to ${withApp ? 'a URL' : '-A/--app'}`);
  }
  return withApp;
}

/** Adds a note about what the store does not contain, with the command that imports it. */
export function withoutApp(found: Found, store: 'tables' | 'keys', command: string): Found {
  const reason = `the ${store} contain neither settings, queues and routes, nor the options that tasks declare in Python, nor changes of beat_schedule since the last start of celery beat; beat import ${command} -A proj imports all of them`;
  return { ...found, left: [{ place: 'app', reason }, ...found.left] };
}

/** Parses a URL whose driver has this capability. Throws a `ConfigError` for any other URL. */
export function parseSource(url: string, capability: keyof Driver): Endpoint {
  const endpoint = parseEndpoint(url);
  if (endpoint.driver?.[capability]) return endpoint;
  const { scheme, masked } = endpoint;
  const allowed = findSchemes((driver) => driver[capability] !== undefined);
  const found = scheme === '' ? `"${masked}" is not a URL` : `unsupported URL scheme "${scheme}"`;
  throw new ConfigError(`${found}; allowed: ${allowed.map((name) => `${name}://`).join(', ')}`);
}

/** Runs `read`; its errors name the URL of the command line instead of a setting. */
export async function withUrlErrors<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.errors.map(({ path: [first, ...rest], ...each }) => ({
        ...each,
        path: first === undefined || first === 'brokerUrl' ? rest : [first, ...rest],
      })),
    );
  }
}

/** Reads a file, or standard input for `-`. Throws a `ConfigError` that begins with `what`. */
export function readInput(path: string, what: string): { readonly path: string; readonly text: string } {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    return { path: path === '-' ? 'standard input' : path, text };
  } catch (error) {
    throw new ConfigError(`${what} cannot be read: ${describeError(error)}`);
  }
}
