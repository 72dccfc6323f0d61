import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';

/** Most values of a part of a calendar, or of `between`: a search asks each of them about each occurrence. */
export const MAX_VALUES = 100;

/** Throws a `ConfigError` for a list that is too long: its schedule is read in one go, while runs may be due. */
export function checkLength(values: readonly unknown[], most: number): void {
  if (values.length <= most) return;
  throw new ConfigError(
    `${thousands(values.length)} values are more than the limit of ${thousands(most)}`,
  );
}
