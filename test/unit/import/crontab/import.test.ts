import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { resolveSources } from '../../../../src/config/resolve.ts';
import { readYaml } from '../../../../src/config/source/yaml.ts';
import { assemble } from '../../../../src/import/assemble.ts';
import { compareEntries } from '../../../../src/import/compare.ts';
import { importTables, type CrontabOptions } from '../../../../src/import/crontab/import.ts';
import type { TableFormat } from '../../../../src/import/crontab/parse.ts';
import { writeConfig } from '../../../../src/import/write.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/crontab');
const USERS = ['root', 'joe', 'mail', 'games'];
const OPTIONS: CrontabOptions = {
  timezone: 'Europe/Oslo',
  user: undefined,
  cron: undefined,
  host: { isUser: (name) => USERS.includes(name), isProgram: (name) => name === 'mail' },
  now: Date.parse('2026-01-01T00:00:00Z'),
  findLastRun: () => undefined,
};

/** Imports a table whose last line has a line break. */
function importText(text: string, format: TableFormat = 'user', more: Partial<CrontabOptions> = {}) {
  return importRaw(`${text}\n`, format, more);
}

function importRaw(text: string, format: TableFormat = 'user', more: Partial<CrontabOptions> = {}) {
  return assemble(importTables([{ path: 't', text, format }], { ...OPTIONS, ...more }), false);
}
const entriesOf = (...args: Parameters<typeof importText>) => importText(...args).config.beatSchedule;
const formatLeft = ({ left }: ReturnType<typeof importText>) =>
  left
    .filter(({ reason }) => !reason.startsWith('cron mails'))
    .map(({ place, kind, reason }) => `${place.slice(2)}: ${kind ? `${kind}: ` : ''}${reason}`);
const leftOf = (...args: Parameters<typeof importText>) => formatLeft(importText(...args));

describe('import of a crontab', () => {
  test('a plain line becomes a shell entry that skips missed runs, as cron does', () => {
    expect(importText('*/15 2-4 1,15 jan,MAR mon-fri  /usr/bin/backup  --all')).toMatchObject({
      config: {
        timezone: 'Europe/Oslo',
        beatSchedule: {
          backup: {
            schedule: { cron: '*/15 2-4 1,15 jan,MAR mon-fri' },
            shell: { command: '/usr/bin/backup  --all', cwd: '~' },
            missed: 'skip',
          },
        },
      },
    });
  });

  test('variables apply to the lines below them', () => {
    const table = `0 1 * * * first
SHELL=/bin/bash
HOME = /srv/shop
"QUOTED"='  a b '
0 2 * * * second
HOME=/root
0 3 * * * third`;
    const entries = entriesOf(table);
    expect(entries['first']!.shell).toEqual({ command: 'first', cwd: '~' });
    expect(entries['second']!.shell).toEqual({
      command: 'second',
      shell: '/bin/bash',
      cwd: '/srv/shop',
      env: { HOME: '/srv/shop', QUOTED: '  a b ' },
    });
    expect(entries['third']!.shell).toMatchObject({ cwd: '/root' });
  });

  const ZONED = 'CRON_TZ=Asia/Tokyo\nTZ=UTC\n0 1 * * * a\nCRON_TZ=""\n0 1 * * * b';

  test('with cronie CRON_TZ is the zone of the lines below it, and TZ a variable of their commands', () => {
    const entries = entriesOf(ZONED, 'user', { cron: 'cronie' });
    expect(entries['a']).toMatchObject({ timezone: 'Asia/Tokyo', shell: { env: { TZ: 'UTC' } } });
    expect(entries['b']).not.toHaveProperty('timezone');
    expect(leftOf(ZONED, 'user', { cron: 'cronie' })).toEqual([]);
  });

  test("with Debian's cron, CRON_TZ is only a variable of the commands, and a note says so", () => {
    const entries = entriesOf(ZONED, 'user', { cron: 'debian' });
    expect(entries['a']).not.toHaveProperty('timezone');
    expect(entries['a']).toMatchObject({ shell: { env: { CRON_TZ: 'Asia/Tokyo' } } });
    expect(leftOf(ZONED, 'user', { cron: 'debian' })[0]).toMatch(/^1: note: Debian's cron does not/);
  });

  test('with an unknown cron, the jobs below a CRON_TZ with another zone are left out until --cron names the cron', () => {
    expect(Object.keys(entriesOf(ZONED))).toEqual(['b']);
    expect(leftOf(ZONED)).toEqual([
      expect.stringMatching(
        /^3: the zone of this job .* CRON_TZ=Asia\/Tokyo in line 1, .* --cron cronie or --cron debian/,
      ),
    ]);
    expect(leftOf('CRON_TZ=Europe/Oslo\n0 1 * * * a')).toEqual([]);
  });

  test.each([
    ['0 1-3 * * *', '0 1,2,3 * * *'],
    ['5-55/25 2 * * *', '5,30,55 2 * * *'],
    ['0 9-17 * * *', '0 9-17 * * *'],
    ['*/20 2 * * *', '*/20 2 * * *'],
  ])('the instants of %s are those of cron also when clocks change', (when, expression) => {
    const { config, left, entries } = importText(`${when} a`);
    expect(config.beatSchedule['a']!.schedule).toEqual({ cron: expression });
    expect(left.filter(({ kind }) => kind !== 'note')).toEqual([]);
    for (const after of ['2026-03-28T12:00:00Z', '2026-10-24T12:00:00Z']) {
      for (const { instants } of compareEntries(entries, { count: 20, after: new Date(after) }))
        for (const { source, result } of instants) expect(result).toEqual(source);
    }
  });

  test('runs of CRON_TZ that cronie skips or repeats when clocks change are listed', () => {
    const table = 'CRON_TZ=Europe/Oslo\n30 2 * * * a\n30 4 * * * b';
    expect(leftOf(table, 'user', { cron: 'cronie', timezone: 'UTC' })).toEqual([
      '2: different: when clocks change, cron and beat differ: only beat has a run at 2026-03-29T01:00:00.000Z',
    ]);
  });

  test('a percent sign begins the standard input, and an escaped one is part of the command', () => {
    const entries = entriesOf('0 1 * * * send -s "$(date +\\%F)" joe%Hello%100\\% sure');
    expect(entries['send']!.shell).toMatchObject({ command: 'send -s "$(date +%F)" joe', stdin: 'Hello\n100% sure\n' });
  });

  // As Debian's cron 3.0pl1-162 started them.
  test.each([
    ['a%', 'a', undefined],
    ['a%b%', 'a', 'b\n'],
    [String.raw`a%x\\%y\z\%q`, 'a', String.raw`x\%y\z%q` + '\n'],
    [String.raw`a '\\b' 'c\d'`, String.raw`a '\b' 'c\d'`, undefined],
    [String.raw`a \\%b`, String.raw`a \ `.trimEnd(), 'b\n'],
  ])("%s has the command and the input of Debian's cron", (text, command, stdin) => {
    const { shell } = entriesOf(`0 1 * * * ${text}`, 'user', { cron: 'debian' })['a']!;
    expect(shell).toEqual({ command, cwd: '~', ...(stdin !== undefined && { stdin }) });
  });

  test('cronie leaves two backslashes, and a line says so if the cron is unknown', () => {
    const line = String.raw`0 1 * * * a \\ b`;
    expect(entriesOf(line, 'user', { cron: 'cronie' })['a']!.shell).toMatchObject({ command: String.raw`a \\ b` });
    expect(leftOf(line)).toEqual([expect.stringMatching(/^1: different: Debian's cron makes one/)]);
  });

  test('the comment directly above a line becomes its description', () => {
    const entries = entriesOf('# Title\n\n# Every night,\n#   at one\n0 1 * * * a\n0 2 * * * b');
    expect(entries['a']!.description).toBe('Every night,\nat one');
    expect(entries['b']).not.toHaveProperty('description');
  });

  test('equal programs have names with numbers', () => {
    const table = '0 1 * * * cd /srv && /usr/bin/ruby a\n0 2 * * * ruby b\n@daily . ./x';
    expect(Object.keys(entriesOf(table))).toEqual(['srv', 'ruby', 'x']);
    expect(Object.keys(entriesOf('0 1 * * * ruby a\n0 2 * * * ruby b\n0 3 * * * [ ]'))).toEqual([
      ...['ruby', 'ruby-2', 'command'],
    ]);
  });

  test('lines of the system name a user; --user is the user of the others', () => {
    expect(entriesOf('@hourly joe a b', 'system')['a']!.shell).toEqual({ command: 'a b', cwd: '~', user: 'joe' });
    const { shell } = entriesOf('@hourly a', 'user', { user: 'joe' })['a']!;
    expect(shell).toMatchObject({ user: 'joe' });
  });

  test('jobs of anacron are intervals that catch up one missed run', () => {
    const table = '1 5 cron.daily run-parts a\n7\t10\tweekly b\n@monthly 15 m c\n@never 1 x d\n1 x y z';
    expect(importText(table, 'anacron').config.beatSchedule).toEqual({
      'cron.daily': { schedule: '1d', shell: 'run-parts a', missed: 'once' },
      weekly: { schedule: '7d', shell: 'b', missed: 'once' },
      m: { schedule: { cron: '@monthly' }, shell: 'c', missed: 'once' },
    });
    expect(leftOf(table, 'anacron')).toEqual([
      '4: the period @never is neither a number of days nor @monthly',
      '5: the delay x is not a number of minutes',
    ]);
  });

  test('the last runs of anacron are what their entries count from, and those of cron are unknown', () => {
    const tables = [
      { path: 'a', text: '1 5 known a\n1 5 new b', format: 'anacron' as const },
      { path: 'b', text: '@daily c\n', format: 'user' as const },
    ];
    const day = Date.parse('2026-11-20T23:00:00Z');
    const findLastRun = (id: string) => (id === 'known' ? day : undefined);
    const found = importTables(tables, { ...OPTIONS, findLastRun });
    expect(assemble(found, true).config.beatSchedule).toEqual({
      known: { schedule: '1d', shell: 'a', missed: 'once', lastRunAt: '2026-11-20T23:00:00.000Z' },
      new: { schedule: '1d', shell: 'b', missed: 'once' },
      c: { schedule: { cron: '@daily' }, missed: 'skip', shell: { command: 'c', cwd: '~' } },
    });
    expect(assemble(found, false).config.beatSchedule['known']).not.toHaveProperty('lastRunAt');
  });

  test('each line that cannot be carried over is listed, and the others are imported', () => {
    const table = `MAILTO=root
MAILTO=""
@reboot a
@sometimes a
0 1 * * a
0 1 * * *
61 * * * * a
0 1 L * * a
H 1 * * * a
5/10 * * * * a
0 1 * * fri#1 a
0 2 * * * a \\
0 22-2 * * * a
0 2 * * fri-sun a
0 0 1 * * * a
CRON_TZ=Mars/Base
0 3 * * * a
CRON_TZ=""
0 4 * * * good`;
    expect(Object.keys(entriesOf(table, 'user', { cron: 'cronie' }))).toEqual(['good']);
    expect(leftOf(table, 'user', { cron: 'cronie' })).toEqual([
      '1: beat sends no mail, the output is in the result of the task: docs/alerts.md#mail-as-from-cron shows how to send it',
      '3: beat has no runs at the start of a host',
      expect.stringMatching(/^4: @sometimes: expected one of @yearly/),
      '5: expected a command',
      '6: expected a command',
      expect.stringMatching(/^7: schedule\.cron: .*61/),
      '8: the field L is not one of crontab(5)',
      '9: the field H is not one of crontab(5)',
      '10: the field 5/10 is not one of crontab(5)',
      '11: the field fri#1 is not one of crontab(5)',
      '12: ends with a backslash, and cron has no continuation lines: write one line',
      expect.stringMatching(/^13: the range 22-2 runs backwards: Debian's cron never matches it/),
      expect.stringMatching(/^14: the range fri-sun runs backwards/),
      '15: the command begins with "*": expected five fields before it',
      expect.stringMatching(/^17: timezone: .*Mars/),
    ]);
    expect(leftOf('@daily joe', 'system')).toEqual(['1: expected a user and a command']);
  });

  const TABLE_IGNORED = expect.stringMatching(/^\d: note: Debian's cron ignores a whole table/) as string;

  test('a byte order mark, a minus sign, an empty variable and a last line without a line break are left out, because cron rejects them', () => {
    expect(formatLeft(importRaw('\uFEFF# c\n0 1 * * * a\n'))).toEqual([
      '1: begins with a byte order mark, which is not white space for cron',
      TABLE_IGNORED,
    ]);
    expect(formatLeft(importRaw('0 1 * * * a\n0 1 * * * b'))).toEqual([
      '2: cron does not read a last line without a line break',
      TABLE_IGNORED,
    ]);
    for (const end of ['# c', '  ']) expect(formatLeft(importRaw(`0 1 * * * a\n${end}`))).toEqual([]);
    expect(leftOf('-*/5 * * * * a')).toEqual(['1: begins with "-", which is valid only for cronie: --cron cronie']);
    expect(leftOf('-*/5 * * * * a', 'user', { cron: 'cronie' })).toEqual([
      '1: begins with "-", which cronie accepts only from root: --user root',
    ]);
    expect(leftOf('-*/5 * * * * root a', 'system', { cron: 'cronie' })).toEqual([]);
    expect(leftOf('MAILTO=', 'user', { cron: 'debian' })).toEqual([
      `1: Debian's cron rejects a variable without a value: write MAILTO=""`,
    ]);
    expect(leftOf('MAILTO=', 'user', { cron: 'cronie' })).toEqual([]);
  });

  test.each(['60 * * * *', '* * L * *', '@Daily', '* * * * 8'])(
    "a line with the fields %s is one for which Debian's cron ignores the whole table",
    (when) => {
      const table = importText(`${when} a\n0 1 * * * b`);
      expect(Object.keys(table.config.beatSchedule)).toEqual(['b']);
      expect(formatLeft(table)).toContainEqual(TABLE_IGNORED);
    },
  );

  test('only blanks and tabs separate fields, as for cron', () => {
    expect(entriesOf('\t0\t1 * * *\troot\t a', 'system')).toMatchObject({
      a: { schedule: { cron: '0 1 * * *' }, shell: { command: 'a', user: 'root' } },
    });
    const table = importText('0\u00A01 * * * * a\n0 1 * * *\u00A0b c\n0 1 * * * d');
    expect(Object.keys(table.config.beatSchedule)).toEqual(['d']);
    expect(formatLeft(table)).toEqual([
      expect.stringMatching(/^1: the field 0\u00A01 is not one of crontab/),
      expect.stringMatching(/^2: the field \*\u00A0b is not one of crontab/),
    ]);
  });

  test('a line with bytes that are not UTF-8 is left out', () => {
    const bytes = Buffer.from('# caf\xe9\n0 1 * * * echo caf\xe9\n0 2 * * * b\n', 'latin1');
    const table = importRaw(bytes.toString('utf8'));
    expect(Object.keys(table.config.beatSchedule)).toEqual(['b']);
    expect(formatLeft(table)).toEqual(['2: has bytes that are not UTF-8: write the table in UTF-8']);
  });

  test('a line that cron never runs, or whose field it reads in part, is left out, and the other lines of its table are imported', () => {
    const never = '@reboot a\n0 0 31 2 * b\n0 22-2 * * * c\n0 1 * * * d';
    expect(leftOf(never)).toHaveLength(3);
    expect(leftOf('0 0 * * mon#2 a\n1,2;3 * * * * b\n0 1 * * * c')).toHaveLength(2);
  });

  test("a command or a table beyond the limits of Debian's cron is listed, unless the cron is cronie", () => {
    const commandOf = (length: number) => `0 1 * * * ${'ä'.repeat(length / 2)}`;
    expect(leftOf(commandOf(998))).toEqual([]);
    expect(leftOf(`${commandOf(1_000)}\n0 2 * * * b`)).toEqual([
      '1: the command is longer than 998 bytes, which is valid only for cronie: --cron cronie',
      TABLE_IGNORED,
    ]);
    expect(leftOf(commandOf(1_000), 'user', { cron: 'cronie' })).toEqual([]);
    const tableOf = (lines: number) => `${'#\n'.repeat(lines - 1)}0 1 * * * a`;
    expect(leftOf(tableOf(10_000))).toEqual([]);
    expect(leftOf(tableOf(10_001))).toEqual([
      expect.stringMatching(/^10001: note: Debian's cron ignores a table of more than 10000 lines/),
    ]);
    expect(leftOf(tableOf(10_001), 'user', { cron: 'cronie' })).toEqual([]);
  });

  test('carriage returns, which cron passes to commands, are removed with one line for the table', () => {
    const table = 'MAILTO=""\r\nA=b\r\n\r\n0 1 * * * a\r\n0 2 * * * b c\r';
    expect(entriesOf(table)).toMatchObject({
      a: { shell: { command: 'a', env: { A: 'b' } } },
      b: { shell: { command: 'b c' } },
    });
    expect(leftOf(table)).toEqual([expect.stringMatching(/^1: different: ends with a carriage return/)]);
  });

  test('ten thousand jobs with the same program and schedule convert the schedule once, and try few names', () => {
    const isTaken = vi.spyOn(Set.prototype, 'has');
    const text = '*/5 * * * * php x\n'.repeat(10_000);
    const { entries } = importTables([{ path: 't', text, format: 'user' }], OPTIONS);
    const tried = isTaken.mock.calls.filter(([name]) => String(name).startsWith('php'));
    isTaken.mockRestore();
    expect(entries.at(-1)!.name).toBe('php-10000');
    expect(tried.length).toBeLessThan(30_000);
    expect(new Set(entries.map(({ upcoming }) => upcoming)).size).toBe(1);
  });

  test.each(['pg_dump shop', '/usr/bin/pg_dump shop', 'games:nogroup a'])(
    'a line of the system with %s in place of the user and command is left',
    (rest) => {
      const table = importText(`0 1 * * * root good\n0 2 * * * ${rest}`, 'system');
      expect(Object.keys(table.config.beatSchedule)).toEqual(['good']);
      const [word = ''] = rest.split(' ');
      expect(formatLeft(table)).toEqual([expect.stringContaining(word), TABLE_IGNORED]);
      expect(formatLeft(table)[0]).toMatch(/^2: /);
    },
  );

  test("a command that begins with a user is left out, unless the user's name is also a program", () => {
    expect(Object.keys(entriesOf('0 1 * * * root a\n0 1 * * * joe b\n0 1 * * * roots c'))).toEqual(['roots']);
    expect(leftOf('0 1 * * * root a')).toEqual([
      '1: the command begins with the user root, as in crontabs of the system: import it with --system',
    ]);
    expect(leftOf('0 1 * * * mail a\n0 2 * * * mail b')).toEqual([
      '1: note: mail is a program and also a user: if the lines of this table name users, import it with --system',
    ]);
  });

  test('cron sets LOGNAME, and cronie also USER, so the values in a table have no effect', () => {
    const table = 'LOGNAME=x\nUSER=y\n0 1 * * * a';
    const shellOf = (cron: 'debian' | 'cronie') => entriesOf(table, 'user', { cron })['a']!.shell;
    expect(shellOf('debian')).toEqual({ command: 'a', cwd: '~', env: { USER: 'y' } });
    expect(shellOf('cronie')).toEqual({ command: 'a', cwd: '~' });
    expect(leftOf(table)).toEqual(['1: note: cron sets LOGNAME to the user of the job']);
  });

  test('without MAILTO one note of each table says that the mail of cron ends', () => {
    const mailOf = (text: string) => importText(text).left.filter(({ reason }) => reason.includes('mails'));
    expect(mailOf('0 1 * * * a\n0 2 * * * b\nMAILTO=""\n0 3 * * * c')).toEqual([
      {
        kind: 'note',
        place: 't:1',
        reason:
          'cron mails the output of 2 jobs to the user, and beat does not: docs/alerts.md#mail-as-from-cron shows how to send it',
      },
    ]);
    expect(mailOf('MAILTO=""\n0 3 * * * c')).toEqual([]);
  });

  test("Debian's files are imported completely", () => {
    const cronD = readdirSync(join(FIXTURES, 'cron.d')).map((name) => `cron.d/${name}`);
    const read = (path: string, format: TableFormat) => ({
      path,
      format,
      text: readFileSync(join(FIXTURES, path), 'utf8'),
    });
    const files = ['crontab', ...cronD].map((path) => read(path, 'system'));
    const all = assemble(importTables([...files, read('anacrontab', 'anacron')], OPTIONS), false);
    expect(all.left.filter(({ kind }) => kind !== 'note')).toEqual([]);
    expect(Object.keys(all.config.beatSchedule)).toHaveLength(14);
    const comparison = compareEntries(all.entries, { count: 3, after: new Date('2026-10-24T22:00:00Z') });
    expect(comparison).toHaveLength(11);
    for (const { instants } of comparison) {
      for (const { source, result } of instants) expect(result).toEqual(source);
    }
  });

  test('the written file is valid for any input', () => {
    const word = fc.constantFrom(
      ...['*', '5', '*/2', '1-5', 'mon', '@daily', '%', '\\%', '#', 'A=b', 'CRON_TZ=UTC', '"', "'"],
      ...['cmd', '{{dueAt}}', '\n', '\n', '\0', '\ud800', '😀', '=', 'root', '__proto__', '\t', '\\'],
    );
    const format = fc.constantFrom<TableFormat>('user', 'system', 'anacron');
    const table = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(table, format, (text, how) => {
        const { config, left } = importText(text, how);
        const written = readYaml(writeConfig(config, 'yaml', ['Imported.']), 'jobs.yaml');
        expect(resolveSources([written]).entries.length).toBeGreaterThanOrEqual(
          Object.keys(config.beatSchedule).length,
        );
        for (const { place } of left) expect(place).toMatch(/^t:[1-9]/);
      }),
    );
  });
});
