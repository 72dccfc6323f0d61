import type { Left } from '../found.ts';

export interface CronJob extends Surroundings {
  readonly line: number;
  /** Five fields, a nickname such as `@daily`, or in anacron's table a number of days. */
  readonly when: string;
  readonly user: string | undefined;
  readonly id: string | undefined;
  readonly command: string;
  /** The text after the first unescaped `%`, with line breaks. */
  readonly stdin: string | undefined;
  /** The comment directly above the line. */
  readonly comment: string | undefined;
}

/** For cron, only blanks and tabs are white space. */
const WHEN = /^[ \t]*(@[^ \t]+|(?:[^ \t]+[ \t]+){4}[^ \t]+)(?:[ \t]+(.*))?$/;
const ANACRON = /^\s*(\S+)\s+(\S+)\s+(\S+)\s+(.*)$/;

/** The longest command of Debian's cron, in bytes, and its longest table, in lines. */
const MAX_COMMAND = 998;
const MAX_LINES = 10_000;

/** White space for JavaScript, but not for cron. */
const BOM = '\uFEFF';
/** The replacement for bytes that are not UTF-8. */
const UNDECODED = '\uFFFD';
const CR_REASON =
  'ends with a carriage return, as others may: cron passes it to the command, or rejects the line, and beat ignores it; write line breaks of Unix';
const LONG_REASON = `Debian's cron ignores a table of more than ${MAX_LINES} lines: its jobs may not have run there`;

/** Reads a table as crontab(5) and anacrontab(5) describe it. A line that is not valid is left out, with the reason. */
export function parseTable(text: string, options: TableOptions) {
  const jobs: CronJob[] = [];
  const left: LeftLine[] = [...checkTable(text, options)];
  let surroundings = NOTHING_SET;
  let comments: string[] = [];
  const lines = text.split(/\r?\n/);
  for (const [i, raw] of lines.entries()) {
    const line = i + 1;
    const report = (problem: Problem) => void left.push({ line, ...problem });
    const comment = /^[ \t]*#\s?(.*)$/.exec(raw);
    if (comment) {
      comments.push(comment[1]!.trim());
      continue;
    }
    const above = comments.filter(Boolean).join('\n');
    comments = [];
    if (/^[ \t]*$/.test(raw)) continue;
    const problem = findProblem(raw, line === lines.length, options);
    if (problem) {
      report(problem);
      continue;
    }
    const variable = parseVariable(raw);
    if (variable) {
      surroundings = setVariable(variable, surroundings, { ...options, line, report });
      continue;
    }
    const job = options.format === 'anacron' ? readAnacron(raw) : readCron(raw, options);
    if (typeof job === 'string') {
      report({ reason: job, isRejected: true });
      continue;
    }
    const { note, ...parts } = job;
    if (note !== undefined) report({ kind: 'different', reason: note });
    jobs.push({ line, ...parts, ...surroundings, comment: above === '' ? undefined : above });
  }
  return { jobs, left };
}

function checkTable(text: string, { format, cron }: TableOptions): readonly LeftLine[] {
  const lines = text.split('\n');
  const found: LeftLine[] = [];
  const returned = lines.findIndex((line) => line.endsWith('\r'));
  if (returned >= 0) found.push({ line: returned + 1, kind: 'different', reason: CR_REASON });
  const isTooLong = lines.length - 1 > MAX_LINES && cron !== 'cronie' && format !== 'anacron';
  if (isTooLong) found.push({ line: MAX_LINES + 1, kind: 'note', reason: LONG_REASON });
  return found;
}

/** Why cron or the import rejects a line, apart from its fields. */
function findProblem(raw: string, isLast: boolean, { format }: TableOptions): Problem | undefined {
  const reject = (reason: string): Problem => ({ reason, isRejected: true });
  if (raw.startsWith(BOM)) return reject('begins with a byte order mark, which is not white space for cron');
  if (isLast && format !== 'anacron') return reject('cron does not read a last line without a line break');
  if (raw.endsWith('\\')) return reject('ends with a backslash, and cron has no continuation lines: write one line');
  if (raw.includes(UNDECODED)) return { reason: 'has bytes that are not UTF-8: write the table in UTF-8' };
  return undefined;
}

type JobParts = Pick<CronJob, 'when' | 'user' | 'id' | 'command' | 'stdin'> & { readonly note?: string | undefined };

function readCron(raw: string, { format, cron, owner }: TableOptions): JobParts | string {
  const isSilent = /^\s*-/.test(raw);
  if (isSilent && cron !== 'cronie') return 'begins with "-", which is valid only for cronie: --cron cronie';
  if (isSilent && format === 'user' && owner !== 'root') {
    return 'begins with "-", which cronie accepts only from root: --user root';
  }
  const [, when, rest = ''] = WHEN.exec(raw.replace(/^\s*-/, '')) ?? [];
  if (when === undefined) return 'expected five fields or a nickname, and a command';
  const [, user, inSystem = ''] = /^([^ \t]+)[ \t]+(.*)$/.exec(rest) ?? [];
  if (format === 'system' && user === undefined) return 'expected a user and a command';
  const command = format === 'system' ? inSystem : rest;
  if (command.trim() === '') return 'expected a command';
  if (cron !== 'cronie' && Buffer.byteLength(command) > MAX_COMMAND) {
    return `the command is longer than ${MAX_COMMAND} bytes, which is valid only for cronie: --cron cronie`;
  }
  if (command.startsWith('*')) return 'the command begins with "*": expected five fields before it';
  return {
    when: when.split(/[ \t]+/).join(' '),
    user: format === 'system' ? user : undefined,
    id: undefined,
    ...splitInput(command, cron),
  };
}

function readAnacron(raw: string): JobParts | string {
  const [, when, delay, id, command] = ANACRON.exec(raw) ?? [];
  if (when === undefined) return 'expected a period, a delay, a name and a command';
  if (!/^\d+$/.test(delay!)) return `the delay ${delay} is not a number of minutes`;
  return { when, user: undefined, id, command: command!, stdin: undefined };
}

/** Splits a command at the first unescaped `%`. Debian's cron halves double backslashes, cronie does not. */
function splitInput(text: string, cron: Cron | undefined): Pick<JobParts, 'command' | 'stdin' | 'note'> {
  const escaped = cron === 'cronie' ? /\\(%)|\\[^]/g : /\\([%\\])|\\[^]/g;
  const end = /^(?:\\[^]|[^\\%]|\\$)*/.exec(text)![0].length;
  const command = text.slice(0, end);
  const note =
    "Debian's cron makes one backslash of two, cronie leaves both: imported as from Debian's; --cron says which one it was";
  return {
    command: command.replace(escaped, (found, char: string | undefined) => char ?? found),
    stdin: readInput(text.slice(end + 1)),
    note: cron === undefined && /^(?:\\[^\\]|[^\\])*\\\\/.test(command) ? note : undefined,
  };
}

/** The text after the first `%`. Other `%` are line breaks, and a missing last line break is added. */
function readInput(text: string): string | undefined {
  if (text === '') return undefined;
  const input = text.replace(/(?<!\\)%|\\%/g, (found) => (found === '%' ? '\n' : '%'));
  return input.endsWith('\n') ? input : `${input}\n`;
}

/** The variables and settings from the lines above a job. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly cronTz: { readonly value: string; readonly line: number } | undefined;
  /** `undefined` if the table does not say who receives the output; empty for no mail. */
  readonly mailTo: string | undefined;
}

const NOTHING_SET: Surroundings = { env: {}, cronTz: undefined, mailTo: undefined };

const VARIABLE = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s"'=]+))\s*=\s*(.*?)\s*$/;

/** Parses a line that sets a variable; `null` for another one. `isBare`: nothing follows the equals sign, not even quotes. */
function parseVariable(line: string) {
  // Fields of a job begin with a digit, a star or `@`; names of variables do not.
  if (/^\s*[\d*@-]/.test(line)) return null;
  const [whole, double, single, plain, value = ''] = VARIABLE.exec(line) ?? [];
  if (whole === undefined) return null;
  const name = double ?? single ?? plain!;
  const isQuoted = /^(?:"[^"]*"|'[^']*')$/.test(value);
  return { name, value: isQuoted ? value.slice(1, -1) : value, isBare: value === '' };
}

export const MAIL_RECIPE = 'docs/alerts.md#mail-as-from-cron shows how to send it';

/** Why a variable of cron itself is left out. */
const FOR_CRON: Readonly<Record<string, string>> = {
  MAILTO: `beat sends no mail, the output is in the result of the task: ${MAIL_RECIPE}`,
  MAILFROM: '',
  RANDOM_DELAY: 'beat does not delay runs at random',
  START_HOURS_RANGE: 'write a cron schedule with these hours',
};

/** Variables that cron sets itself, after those of the table. */
const FORCED: Readonly<Record<Cron, readonly string[]>> = { debian: ['LOGNAME'], cronie: ['LOGNAME', 'USER'] };

function setVariable(
  { name, value, isBare }: NonNullable<ReturnType<typeof parseVariable>>,
  before: Surroundings,
  { format, cron, line, report }: TableOptions & { readonly line: number; readonly report: (problem: Problem) => void },
): Surroundings {
  if (isBare && format !== 'anacron' && cron !== 'cronie') {
    report({ reason: `Debian's cron rejects a variable without a value: write ${name}=""`, isRejected: true });
  }
  if (name === 'CRON_TZ' && format !== 'anacron') {
    if (cron !== 'debian') return { ...before, cronTz: value === '' ? undefined : { value, line } };
    report({ kind: 'note', reason: `Debian's cron does not follow it: its jobs run in the zone of the host` });
  }
  if (Object.hasOwn(FOR_CRON, name)) {
    if (value !== '' && FOR_CRON[name] !== '') report({ reason: FOR_CRON[name]! });
    return name === 'MAILTO' ? { ...before, mailTo: value } : before;
  }
  if (format !== 'anacron' && FORCED[cron ?? 'debian'].includes(name)) {
    report({ kind: 'note', reason: `cron sets ${name} to the user of the job` });
    return before;
  }
  return { ...before, env: { ...before.env, [name]: value } };
}

/** The layout of a table: of a user, of the system with a user in each line, or of anacron. */
export type TableFormat = 'user' | 'system' | 'anacron';

/** Why a line is left out, or is different under beat. */
export interface Problem extends Pick<Left, 'kind' | 'reason'> {
  /** Whether cron rejects the line too. */
  readonly isRejected?: true;
}

interface LeftLine extends Problem {
  readonly line: number;
}

interface TableOptions {
  readonly format: TableFormat;
  readonly cron: Cron | undefined;
  /** The user who owns the table; `undefined` if unknown, and for tables that name users. */
  readonly owner: string | undefined;
}

/** The crons whose tables differ: Vixie's as Debian and Ubuntu have it, and cronie of Fedora, RHEL, SUSE and Arch. */
export const CRONS = ['debian', 'cronie'] as const;
export type Cron = (typeof CRONS)[number];
