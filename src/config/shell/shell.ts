import { z } from 'zod';
import { option, required, type ShapeOutput, MAP, whole, parseDuration, mapOf } from '../values/option.ts';
import { omit, withoutAbsent } from '../../util/keys.ts';
import { isMap } from '../../util/is-map.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import type { Settings } from '../settings.ts';
import { parse, type Report } from '../validate.ts';

/** The most bytes that Linux passes to a program as one argument or environment variable, without the final NUL. */
const MAX_ARGUMENT = 131_071;

/** The longest name and value of a variable, which fit together with the "=" between them. */
const MAX_NAME = 200;
const MAX_VALUE = 130_000;

const COMMAND = `a command without NUL characters, of 1 to ${MAX_ARGUMENT} bytes`;
const NAME = 'text without NUL characters that is not empty';
const VALUE = `text without NUL characters, of at most ${MAX_VALUE} bytes`;
const VARIABLE_NAME = `a name of 1 to ${MAX_NAME} characters without NUL and "="`;

const isPlain = (text: string) => !text.includes('\0');

const command = () => {
  const fits = (text: string) => isPlain(text) && Buffer.byteLength(text) <= MAX_ARGUMENT;
  return z.string(COMMAND).min(1, COMMAND).refine(fits, COMMAND);
};
const plainName = () => z.string(NAME).min(1, NAME).refine(isPlain, NAME);

const environment = () => {
  const isName = (text: string) => text !== '' && text.length <= MAX_NAME && isPlain(text) && !text.includes('=');
  const fits = (text: string) => isPlain(text) && Buffer.byteLength(text) <= MAX_VALUE;
  return z.record(z.string().refine(isName), z.string(VALUE).refine(fits, VALUE), {
    error: ({ code }) => (code === 'invalid_key' ? VARIABLE_NAME : MAP),
  });
};

export const shellSchema = mapOf(
  'ShellConfig',
  {
    command: required(command(), 'The command, which the shell runs.', {
      example: 'pg_dump shop | gzip > /backup/shop.gz',
    }),
    shell: option(plainName(), 'The shell on the host of the worker: `SHELL -c COMMAND`.', {
      otherwise: '`/bin/sh`',
      example: '/bin/bash',
    }),
    cwd: option(
      plainName(),
      'Working directory on the host of the worker; `~` is the home of the user that runs the command.',
      { otherwise: 'that of the worker', example: '/srv/shop' },
    ),
    env: option(environment(), "Environment variables, beside the worker's own.", { example: { LANG: 'C.UTF-8' } }),
    stdin: option(z.string('text'), 'Standard input of the command.', { otherwise: 'empty', example: 'select 1;' }),
    timeout: option.duration(
      'How long the command may run before its process group receives SIGTERM, and SIGKILL 10 seconds later.',
      { otherwise: 'without a limit', example: '1h' },
    ),
    user: option(plainName(), 'The user that runs the command; the worker must be root.', {
      otherwise: 'that of the worker',
      example: 'postgres',
    }),
    maxOutput: option(
      whole(0, 2 ** 30),
      'The most output that the result contains, of standard output and of standard error: the last part.',
      { otherwise: '65536', unit: 'bytes', example: 1_000_000 },
    ),
  },
  { description: 'A command, and how workers run it.' },
);

const commandSchema = command();

export const shellForms = () => z.union([command(), shellSchema], `${COMMAND}, or a map`);

export const shellShape = {
  shellTask: option.nonEmpty('The task that runs the commands of `shell` entries.', {
    default: 'shell.run',
    example: 'ops.run_command',
  }),
  shellQueue: option.nonEmpty('The queue of `shell` entries whose options name none.', {
    default: 'shell',
    example: 'commands',
  }),
};

export function readShellSettings({
  shellTask = 'shell.run',
  shellQueue = 'shell',
}: ShapeOutput<typeof shellShape>): Settings['shell'] {
  return { task: shellTask, queue: shellQueue };
}

const TASK_KEYS = ['task', 'args', 'kwargs'];

/** Replaces `shell` by its task. Commands are no templates: workers run only known ones, and `{{` is common in them. */
export function expandShell(entry: unknown, shell: Settings['shell'], keys: KeySchema | undefined, report: Report) {
  if (!isMap(entry) || !Object.hasOwn(entry, 'shell')) return { input: entry, command: undefined };
  const { shell: given, ...rest } = entry;
  for (const key of TASK_KEYS) {
    if (rest[key] !== undefined) report([key], 'is present beside shell; keep one of them');
  }
  const input: Record<string, unknown> = { ...omit(rest, TASK_KEYS), task: shell.task };
  if (!namesDestination(input['options'])) {
    input['options'] = { ...(input['options'] as object | undefined), queue: shell.queue };
  }
  return { input, command: readCommand(given, keys, report) };
}

/** Whether the options name where to publish. Invalid options count as such; their schema reports them. */
function namesDestination(options: unknown): boolean {
  if (options === undefined) return false;
  return !isMap(options) || options['queue'] !== undefined || options['exchange'] !== undefined;
}

/** The keyword arguments of the task; empty after an error. */
function readCommand(given: unknown, keys: KeySchema | undefined, report: Report): Readonly<Record<string, unknown>> {
  const context = { path: ['shell'], keys, report };
  if (!isMap(given)) {
    const command = parse(commandSchema, given, context);
    return command === undefined ? {} : { command };
  }
  const input = parse(shellSchema, given, context);
  if (!input) return {};
  const { timeout, maxOutput, ...rest } = input;
  const seconds = timeout === undefined ? undefined : parseDuration(timeout)! / 1_000;
  return withoutAbsent({ ...rest, timeout: seconds, max_output: maxOutput });
}

/** The keyword arguments of all shell entries: the commands that workers may run. */
export function listDeclaredJobs({ entries, shell }: Pick<Settings, 'entries' | 'shell'>) {
  return entries.filter(({ task }) => task === shell.task).map(({ kwargs }) => kwargs);
}
