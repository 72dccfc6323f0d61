import { isMap } from '../../util/is-map.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import type { ShellSettings } from '../settings.ts';
import { parse, type Report } from '../validate.ts';
import { parseDuration } from '../values/duration.ts';
import type { ShapeOutput } from '../values/option.ts';
import { commandSchema, shellSchema, type shellShape } from './schema.ts';

/** The settings of entries that run commands, complete. */
export function readShellSettings({
  shellTask = 'shell.run',
  shellQueue = 'shell',
}: ShapeOutput<typeof shellShape>): ShellSettings {
  return { task: shellTask, queue: shellQueue };
}

/** The settings of shell entries, and the keys of a `shell` map. */
interface ShellContext {
  readonly shell: ShellSettings;
  readonly keys: KeySchema | undefined;
}

/** An entry of a task, and the keyword arguments if that task runs a command. */
interface ExpandedEntry {
  readonly input: unknown;
  readonly command: Readonly<Record<string, unknown>> | undefined;
}

/** Keys of a task, which the command replaces. */
const TASK_KEYS = ['task', 'args', 'kwargs'];

/**
 * An entry with `shell` as the entry of a task that runs the command. The command is not a template: workers run
 * only commands that they know, and `{{` is common in commands.
 */
export function expandShell(
  entry: unknown,
  { shell, keys }: ShellContext,
  report: Report,
): ExpandedEntry {
  if (!isMap(entry) || !Object.hasOwn(entry, 'shell')) return { input: entry, command: undefined };
  const { shell: given, ...rest } = entry;
  for (const key of TASK_KEYS) {
    if (rest[key] !== undefined) report([key], 'is present beside shell; keep one of them');
  }
  const own = Object.entries(rest).filter(([key]) => !TASK_KEYS.includes(key));
  const input: Record<string, unknown> = { ...Object.fromEntries(own), task: shell.task };
  if (!namesDestination(input['options'])) {
    input['options'] = { ...(input['options'] as object | undefined), queue: shell.queue };
  }
  return { input, command: readCommand(given, keys, report) };
}

/** Whether the options name where to publish; what is not a map of options is left for their schema to report. */
function namesDestination(options: unknown): boolean {
  if (options === undefined) return false;
  return !isMap(options) || options['queue'] !== undefined || options['exchange'] !== undefined;
}

/** The keyword arguments of the task; empty after an error. */
function readCommand(
  given: unknown,
  keys: KeySchema | undefined,
  report: Report,
): Readonly<Record<string, unknown>> {
  const context = { path: ['shell'], keys, report };
  if (!isMap(given)) {
    const command = parse(commandSchema, given, context);
    return command === undefined ? {} : { command };
  }
  const input = parse(shellSchema, given, context);
  if (!input) return {};
  const { timeout, maxOutput, ...rest } = input;
  return {
    ...rest,
    ...(timeout !== undefined && { timeout: parseDuration(timeout)! / 1_000 }),
    ...(maxOutput !== undefined && { max_output: maxOutput }),
  };
}
