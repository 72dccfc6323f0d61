import { parseEndpoint, type Endpoint } from '../../../drivers/endpoint.ts';
import { findSchemes, type Driver } from '../../../drivers/table.ts';
import { ConfigError } from '../../../util/errors.ts';

/** The server of a URL that a driver with this capability can read. Throws a `ConfigError` for any other. */
export function parseSource(url: string, capability: keyof Driver): Endpoint {
  const endpoint = parseEndpoint(url);
  if (endpoint.driver?.[capability]) return endpoint;
  const { scheme, masked } = endpoint;
  const allowed = findSchemes((driver) => driver[capability] !== undefined);
  const found = scheme === '' ? `"${masked}" is not a URL` : `unsupported URL scheme "${scheme}"`;
  throw new ConfigError(`${found}; allowed: ${allowed.map((name) => `${name}://`).join(', ')}`);
}

/** Runs `read`; its errors name the URL of the command line instead of the setting that usually has it. */
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
