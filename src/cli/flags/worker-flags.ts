import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';

/** The flags of `beat worker`, and of `beat start --with-worker`. */
export interface WorkerFlags {
  readonly concurrency: number;
  /** By default the queue of the setting `shellQueue`. */
  readonly queues?: readonly string[];
  readonly allow: 'declared' | 'any';
  readonly acks: 'late' | 'early';
}

/** Jobs mostly wait: for a database, a disk, another host. */
const LEAST_CONCURRENCY = 4;

export function workerFlags(): readonly Option[] {
  return [
    new Option('--concurrency <count>', 'how many jobs run at the same time')
      .default(Math.max(availableParallelism(), LEAST_CONCURRENCY))
      .argParser(parseCount),
    new Option('-Q, --queues <names>', 'the queues, with commas (default: the setting shellQueue)') //
      .argParser(parseNames),
    new Option('--allow <jobs>', 'run the jobs that the configuration declares, or any')
      .choices(['declared', 'any'])
      .default('declared'),
    new Option(
      '--acks <when>',
      'acknowledge after the job, so that it runs again if the worker is killed; or before, so that it is lost',
    )
      .choices(['late', 'early'])
      .default('late'),
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
