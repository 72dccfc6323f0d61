/** The layout of a table: of a user, of the system with a user in each line, or of anacron. */
export type TableFormat = 'user' | 'system' | 'anacron';

/** One job of a table, as it was written. */
export interface CronJob {
  /** From 1. */
  readonly line: number;
  /** Five fields, a nickname such as `@daily`, or in anacron's table a number of days. */
  readonly when: string;
  readonly user: string | undefined;
  /** The name of a job of anacron. */
  readonly id: string | undefined;
  readonly command: string;
  /** What follows the first unescaped `%`, with line breaks. */
  readonly stdin: string | undefined;
  /** Variables that are set above the line, without `CRON_TZ` and `MAILTO`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timezone: string | undefined;
  /** The comment directly above the line. */
  readonly comment: string | undefined;
}

/** A line that cannot be carried over, with the reason. */
export interface LeftLine {
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

export interface CronTable {
  readonly jobs: readonly CronJob[];
  readonly left: readonly LeftLine[];
}

const VARIABLE = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s"'=]+))\s*=\s*(.*?)\s*$/;

/** Variables of cron itself, which commands do not need. */
const FOR_CRON = ['CRON_TZ', 'MAILTO', 'MAILFROM', 'RANDOM_DELAY', 'START_HOURS_RANGE'];

/** Why a variable that was set is left out; the others of cron itself have another place. */
const LEFT: Readonly<Record<string, string>> = {
  MAILTO: 'beat sends no mail: the output is in the result of the task',
  RANDOM_DELAY: 'beat does not delay runs at random',
  START_HOURS_RANGE: 'write a cron schedule with these hours',
};

const WHEN = /^\s*(@\S+|(?:\S+\s+){4}\S+)(?:\s+(.*))?$/;
const ANACRON = /^\s*(\S+)\s+(\S+)\s+(\S+)\s+(.*)$/;

/** Reads a table as crontab(5) and anacrontab(5) describe it. A line that is not valid is left, with the reason. */
export function parseTable(text: string, format: TableFormat): CronTable {
  const jobs: CronJob[] = [];
  const left: LeftLine[] = [];
  const variables: Record<string, string> = {};
  let timezone: string | undefined;
  let comments: string[] = [];
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = i + 1;
    const leave = (reason: string) => left.push({ line, text: raw.trim(), reason });
    const comment = /^\s*#\s?(.*)$/.exec(raw);
    if (comment) {
      comments.push(comment[1]!.trim());
      continue;
    }
    const above = comments.filter(Boolean).join('\n');
    comments = [];
    if (raw.trim() === '') continue;
    const variable = isJob(raw) ? null : VARIABLE.exec(raw);
    if (variable) {
      const name = variable[1] ?? variable[2] ?? variable[3]!;
      const value = unquote(variable[4]!);
      if (name === 'CRON_TZ') timezone = value === '' ? undefined : value;
      if (!FOR_CRON.includes(name)) variables[name] = value;
      else if (value !== '' && LEFT[name] !== undefined) leave(LEFT[name]);
      continue;
    }
    if (raw.endsWith('\\')) {
      leave('ends with a backslash, and cron has no continuation lines: write one line');
      continue;
    }
    const job = format === 'anacron' ? readAnacron(raw) : readCron(raw, format);
    if (typeof job === 'string') leave(job);
    else {
      const comment = above === '' ? undefined : above;
      jobs.push({ line, ...job, variables: { ...variables }, timezone, comment });
    }
  }
  return { jobs, left };
}

/** Fields of a job begin with a digit, a star or `@`; names of variables do not. */
function isJob(line: string): boolean {
  return /^\s*[\d*@-]/.test(line);
}

type JobParts = Pick<CronJob, 'when' | 'user' | 'id' | 'command' | 'stdin'>;

/** The parts of a line, or why there are none. */
function readCron(raw: string, format: TableFormat): JobParts | string {
  const [, when, rest = ''] = WHEN.exec(raw.replace(/^\s*-/, '')) ?? [];
  if (when === undefined) return 'expected five fields or a nickname, and a command';
  const [, user, inSystem = ''] = /^(\S+)\s+(.*)$/.exec(rest) ?? [];
  if (format === 'system' && user === undefined) return 'expected a user and a command';
  const command = format === 'system' ? inSystem : rest;
  if (command.trim() === '') return 'expected a command';
  return {
    when: when.split(/\s+/).join(' '),
    ...{ user: format === 'system' ? user : undefined, id: undefined },
    ...splitInput(command),
  };
}

function readAnacron(raw: string): JobParts | string {
  const [, when, delay, id, command] = ANACRON.exec(raw) ?? [];
  if (when === undefined) return 'expected a period, a delay, a name and a command';
  if (!/^\d+$/.test(delay!)) return `the delay ${delay} is not a number of minutes`;
  return { when, user: undefined, id, command: command!, stdin: undefined };
}

/** `%` ends the command and is a line break in its standard input; `\%` is a percent sign. */
function splitInput(text: string): Pick<CronJob, 'command' | 'stdin'> {
  const [command = '', ...input] = text
    .split(/(?<!\\)%/)
    .map((part) => part.replaceAll('\\%', '%'));
  return { command, stdin: input.length === 0 ? undefined : `${input.join('\n')}\n` };
}

function unquote(value: string): string {
  return /^(?:"[^"]*"|'[^']*')$/.test(value) ? value.slice(1, -1) : value;
}
