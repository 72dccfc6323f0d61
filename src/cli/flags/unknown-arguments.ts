import { maskUrl } from '../../util/mask.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';

/**
 * A word that is no command comes to the default one, as if it were an argument of it. Throws a
 * `ConfigError` that says what to do instead.
 */
export function refuseWords([word]: readonly string[], commands: readonly string[]): void {
  if (word === undefined) return;
  if (/^[\w.]+=/.test(word)) {
    const [key = '', value = ''] = word.split(/=(.*)/s);
    const shown = maskUrl(value);
    throw new ConfigError(
      `"${key}=${shown}": settings are not read from the command line; put ` +
        `${key.replaceAll('.', '_').replace(/^_/, '')} into the configuration (see --config)`,
    );
  }
  const hint = didYouMean(word, commands) || `; allowed: ${commands.join(', ')}`;
  throw new ConfigError(`unknown command "${maskUrl(word)}"${hint}`);
}
