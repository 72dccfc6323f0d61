import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Driver } from './table.ts';

/** Loads a driver. Throws a `ConfigError` for the setting of its URL if the npm package is not installed. */
export async function loadClient<T>(key: string, { title }: Pick<Driver, 'title'>, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const name = findMissingPackage(error);
    if (name === null) throw error;
    const message = `the client of ${title} is not installed: install the npm package ${name}, or build the image with this driver (DRIVERS)`;
    throw new ConfigError([errorAt([key], message)]);
  }
}

function findMissingPackage(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) return null;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1] ?? null;
}
