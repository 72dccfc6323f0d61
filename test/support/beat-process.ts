import { join } from 'node:path';
import { Child, type Exit } from './child.ts';
import { Journal } from './journal.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The built command, and its source, which needs no build. */
export const BUILT = join(ROOT, 'dist/cli/beat.js');
export const SOURCE = join(ROOT, 'src/cli/beat.ts');

/** One JSON line of the log. */
export interface LogLine {
  readonly level: string;
  /** ISO 8601. */
  readonly time: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The log line of a published run. */
export interface SentLine extends LogLine {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  readonly queue: string;
  /** ISO 8601. */
  readonly dueAt: string;
  readonly latenessMs: number;
  readonly term: number;
}

export interface BeatProcessOptions {
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command; default: the built one. */
  readonly script?: string;
  /** The Node executable; default: the one that runs the tests. */
  readonly node?: string;
  /** Selects the log lines to store, for a process that runs for long; default: all. */
  readonly keep?: (line: LogLine) => boolean;
  /** A command that replaces itself with the one that follows it, such as `nsenter`. */
  readonly within?: readonly string[];
}

/** `beat` in a process of its own; tests wait for its log lines. */
export class BeatProcess extends Child {
  readonly log: Journal<LogLine>;
  /** The lines of standard output that are not JSON. */
  readonly lines: Journal<string>;
  readonly errors: string[];

  constructor({ cwd, env = {}, keep = () => true, ...options }: BeatProcessOptions) {
    const log = new Journal<LogLine>();
    const text = new Journal<string>();
    const errors: string[] = [];
    const parseLine = (line: string) => {
      if (!line.startsWith('{')) return void text.add(line);
      const parsed = JSON.parse(line) as LogLine;
      if (keep(parsed)) log.add(parsed);
    };
    super(...makeCommand(options), { cwd, env, lines: { 1: parseLine, 2: (line) => errors.push(line) } });
    this.log = log;
    this.lines = text;
    this.errors = errors;
    void this.exited.then(({ code, signal }) => {
      log.end(`beat ended (${signal ?? code}${errors.map((line) => `\n${line}`).join('')})`);
    });
  }

  get text(): string {
    return this.lines.all.join('\n');
  }

  /** The runs that it logged as published. */
  get sent(): SentLine[] {
    return this.log.all.filter((line): line is SentLine => line.event === 'sent');
  }

  /** The role that it logged last; `undefined` before the first. */
  get role(): 'leading' | 'following' | undefined {
    const line = this.log.all.findLast(({ event }) => event === 'leading' || event === 'following');
    return line?.event as 'leading' | 'following' | undefined;
  }

  /** Returns the first log line of the event, from index `from` on, and waits for it. */
  async waitForEvent(event: string, from = 0): Promise<LogLine> {
    return this.log.first(event, (line) => line.event === event, from);
  }

  /** Waits until that many more runs are published, counted from now. */
  async waitForRuns(more: number): Promise<void> {
    const wanted = this.sent.length + more;
    await this.log.until(`${wanted} runs sent`, () => this.sent.length >= wanted || undefined);
  }
}

export interface CommandResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command until it ends. */
export async function runBeat(
  args: readonly string[],
  { cwd, env = {}, ...options }: Omit<BeatProcessOptions, 'args'>,
): Promise<CommandResult> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  await using child = new Child(...makeCommand({ ...options, args }), {
    cwd,
    env,
    lines: { 1: (line) => stdout.push(line), 2: (line) => stderr.push(line) },
  });
  const exit = await child.exited;
  return { ...exit, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
}

function makeCommand(options: Omit<BeatProcessOptions, 'cwd' | 'env'>): [string, string[]] {
  const { args = [], script = BUILT, node = process.execPath, within = [] } = options;
  const [command = node, ...rest] = [...within, node, script, ...args];
  return [command, rest];
}
