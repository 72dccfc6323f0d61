import { z } from 'zod';
import { named, option, required } from '../values/option.ts';
import { duration, MAP, name, whole } from '../values/scalars.ts';

/** The most bytes that Linux passes to a program as one argument or environment variable, without the final NUL. */
const MAX_ARGUMENT = 131_071;

/** The longest name and value of a variable, which fit together with the "=" between them. */
const MAX_NAME = 200;
const MAX_VALUE = 130_000;

const COMMAND = `a command without NUL characters, of 1 to ${MAX_ARGUMENT} bytes`;
const NAME = 'text without NUL characters that is not empty';
const VALUE = `text without NUL characters, of at most ${MAX_VALUE} bytes`;
const VARIABLE_NAME = `a name of 1 to ${MAX_NAME} characters without NUL and "="`;

const hasNul = (text: string) => text.includes('\0');

const command = () => {
  const fits = (text: string) => !hasNul(text) && Buffer.byteLength(text) <= MAX_ARGUMENT;
  return z.string(COMMAND).min(1, COMMAND).refine(fits, COMMAND);
};
const plainName = () =>
  z
    .string(NAME)
    .min(1, NAME)
    .refine((text) => !hasNul(text), NAME);

const environment = () => {
  const isName = (text: string) =>
    text !== '' && text.length <= MAX_NAME && !hasNul(text) && !text.includes('=');
  const fits = (text: string) => !hasNul(text) && Buffer.byteLength(text) <= MAX_VALUE;
  return z.record(z.string().refine(isName), z.string(VALUE).refine(fits, VALUE), {
    error: ({ code }) => (code === 'invalid_key' ? VARIABLE_NAME : MAP),
  });
};

/** A command with its surroundings. */
export const shellSchema = named(
  z.strictObject(
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
        {
          otherwise: 'that of the worker',
          example: '/srv/shop',
        },
      ),
      env: option(environment(), "Environment variables, beside the worker's own.", {
        example: { LANG: 'C.UTF-8' },
      }),
      stdin: option(z.string('text'), 'Standard input of the command.', {
        otherwise: 'empty',
        example: 'select 1;',
      }),
      timeout: option(
        duration(),
        'How long the command may run before its process group receives SIGTERM, and SIGKILL 10 seconds later.',
        { otherwise: 'without a limit', example: '1h' },
      ),
      user: option(plainName(), 'The user that runs the command; the worker must be root.', {
        otherwise: 'that of the worker',
        example: 'postgres',
      }),
      maxOutput: option(
        whole(0, 2 ** 30, 'a whole number from 0 to 1073741824'),
        'The most output that the result contains, of standard output and of standard error: the last part.',
        { otherwise: '65536', unit: 'bytes', example: 1_000_000 },
      ),
    },
    MAP,
  ),
  'ShellConfig',
  { description: 'A command, and how workers run it.' },
);

/** A command alone. */
export const commandSchema = command();

/** A command, or a map with more. */
export const shellForms = () => z.union([command(), shellSchema], `${COMMAND}, or a map`);

/** The task and the queue of entries that run commands. */
export const shellShape = {
  shellTask: option(name(), 'The task that runs the commands of `shell` entries.', {
    default: 'shell.run',
    example: 'ops.run_command',
  }),
  shellQueue: option(name(), 'The queue of `shell` entries whose options name none.', {
    default: 'shell',
    example: 'commands',
  }),
};
