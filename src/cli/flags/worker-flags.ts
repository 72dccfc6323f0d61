import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';

/** The flags of `beat worker`, and of `beat start --with-worker`. */
export interface WorkerFlags {
  readonly concurrency: number;
  /** By default the queue of the setting `shellQueue`. */
  readonly queues?: readonly string[];
  readonly allow: 'declared' | 'any';
  readonly acks: 'late' | 'early';
}

/** Commands mostly wait: for a database, a disk, another host. */
const LEAST_CONCURRENCY = 4;

export function addWorkerFlags(command: Command, group?: string): void {
  const concurrency = Math.max(availableParallelism(), LEAST_CONCURRENCY);
  const options = [
    new Option('--concurrency <count>', 'how many commands run at the same time')
      .default(concurrency)
      .argParser(parseCount),
    new Option('-Q, --queues <names>', 'the queues, with commas (default: the setting shellQueue)') //
      .argParser(parseNames),
    new Option('--allow <commands>', 'run the commands that the configuration declares, or any')
      .choices(['declared', 'any'])
      .default('declared'),
    new Option(
      '--acks <when>',
      'acknowledge after the command, so that it runs again if the worker is killed; or before, so that it is lost',
    )
      .choices(['late', 'early'])
      .default('late'),
  ];
  for (const option of options)
    command.addOption(group === undefined ? option : option.helpGroup(group));
}

/** The arguments that set these flags, for another process. */
export function formatWorkerFlags({ concurrency, queues, allow, acks }: WorkerFlags): string[] {
  return [
    ...['--concurrency', String(concurrency), '--allow', allow, '--acks', acks],
    ...(queues ? ['--queues', queues.join(',')] : []),
  ];
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError('Allowed: a whole number from 1 to 1000.');
}

function parseNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return [...new Set(names)];
  throw new InvalidArgumentError('Allowed: names of queues with commas between them.');
}
