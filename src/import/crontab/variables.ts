import type { Cron } from './dialect.ts';
import type { LeftLine, TableFormat } from './table.ts';

/** What the lines above a job set. */
export interface Surroundings {
  /** Variables of the command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cronTz: { readonly value: string; readonly line: number } | undefined;
  /** `undefined` if the table does not say who receives the output; empty for no mail. */
  readonly mailTo: string | undefined;
}

export const NOTHING_SET: Surroundings = { env: {}, cronTz: undefined, mailTo: undefined };

type Problem = Omit<LeftLine, 'line'>;

interface Variable {
  readonly name: string;
  readonly value: string;
  /** Nothing follows the equals sign, not even quotes. */
  readonly isBare: boolean;
}

const VARIABLE = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s"'=]+))\s*=\s*(.*?)\s*$/;

/** Parses a line that sets a variable; `null` for another one. */
export function parseVariable(line: string): Variable | null {
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

/** Variables that cron sets after the table did. */
const FORCED: Readonly<Record<Cron, readonly string[]>> = {
  debian: ['LOGNAME'],
  cronie: ['LOGNAME', 'USER'],
};

/** The surroundings after a line that sets a variable, and what becomes of it. */
export function setVariable(
  { name, value, isBare }: Variable,
  before: Surroundings,
  { format, cron, line }: { format: TableFormat; cron: Cron | undefined; line: number },
): { readonly after: Surroundings; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  if (isBare && format !== 'anacron' && cron !== 'cronie') {
    problems.push({
      reason: `Debian's cron rejects a variable without a value: write ${name}=""`,
      isRejected: true,
    });
  }
  if (name === 'CRON_TZ' && format !== 'anacron') {
    const cronTz = value === '' ? undefined : { value, line };
    if (cron !== 'debian') return { after: { ...before, cronTz }, problems };
    const reason = `Debian's cron does not follow it: its jobs run in the zone of the host`;
    problems.push({ kind: 'note', reason });
  }
  if (Object.hasOwn(FOR_CRON, name)) {
    if (value !== '' && FOR_CRON[name] !== '') problems.push({ reason: FOR_CRON[name]! });
    return { after: name === 'MAILTO' ? { ...before, mailTo: value } : before, problems };
  }
  if (format !== 'anacron' && FORCED[cron ?? 'debian'].includes(name)) {
    problems.push({ kind: 'note', reason: `cron sets ${name} to the user of the job` });
    return { after: before, problems };
  }
  return { after: { ...before, env: { ...before.env, [name]: value } }, problems };
}
