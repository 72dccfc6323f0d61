import type { Definition } from '../../entries/catalog/definition.ts';
import { ConfigError } from '../../util/errors.ts';
import type { SendFlags } from '../actions/send.ts';
import type { Flag } from '../subcommand.ts';

/** Flags that give fields of a stored entry's definition. */
export interface DefinitionFlags extends SendFlags {
  readonly task?: string;
  readonly shell?: string;
  readonly schedule?: string;
  readonly args?: string;
  readonly kwargs?: string;
  readonly options?: string;
  readonly timezone?: string;
  readonly description?: string;
  readonly enable?: boolean;
  readonly definition?: string;
}

export const DEFINITION_FLAGS: readonly Flag[] = [
  ['--task <name>', 'the registered name of the Celery task'],
  ['--shell <command>', 'a shell command that a worker runs, instead of a task'],
  ['--schedule <schedule>', "a duration (5m), a cron line ('0 4 * * *'), or JSON"],
  ['--args <json>', 'positional arguments, a JSON array'],
  ['--kwargs <json>', 'keyword arguments, a JSON object'],
  ['--options <json>', 'options of the message, a JSON object'],
  ['--timezone <zone>', 'IANA name (default: the setting timezone)'],
  ['--description <text>', 'what the entry is for'],
  ['--enable', 'schedule the entry'],
  ['--no-enable', 'do not schedule the entry'],
];

/** Reads a definition; the flag of a field precedes `--definition`. Throws a `ConfigError` with every invalid flag. */
export function readDefinitionFlags(flags: DefinitionFlags): Definition {
  const problems: string[] = [];
  const json = (flag: string, text: string | undefined): unknown => {
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      problems.push(`--${flag}: expected JSON, got ${text}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const more = json('definition', flags.definition);
  if (more !== undefined && (typeof more !== 'object' || more === null || Array.isArray(more))) {
    problems.push('--definition: expected a JSON object');
  }
  const fields = {
    task: flags.task,
    shell: flags.shell,
    schedule: readSchedule(flags.schedule, json),
    args: json('args', flags.args),
    kwargs: json('kwargs', flags.kwargs),
    options: json('options', flags.options),
    timezone: flags.timezone,
    description: flags.description,
    enabled: flags.enable,
  };
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...(more as Definition | undefined), ...Object.fromEntries(given) };
}

/** Parses a schedule: durations have no spaces, cron lines do; `@daily` and similar names are cron lines too. */
function readSchedule(text: string | undefined, json: (flag: string, text: string) => unknown): unknown {
  if (text === undefined) return undefined;
  if (/^\s*(?:\{|[\d.]+\s*$)/.test(text)) return json('schedule', text);
  return /\s|^@/.test(text.trim()) ? { cron: text.trim() } : text;
}
