import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveSources } from '../../../src/config/resolve.ts';
import { readYaml } from '../../../src/config/source/yaml.ts';
import { assemble } from '../../../src/import/assemble.ts';
import { compareEntries } from '../../../src/import/compare.ts';
import { importTables } from '../../../src/import/crontab/import.ts';
import type { TableFormat } from '../../../src/import/crontab/parse.ts';
import { writeYaml } from '../../../src/import/write/yaml.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/crontab');
const OPTIONS = { timezone: 'Europe/Oslo', user: undefined, findLastRun: () => undefined };

function importText(text: string, format: TableFormat = 'user', user?: string) {
  return assemble(importTables([{ path: 't', text, format }], { ...OPTIONS, user }), false);
}
const entriesOf = (...args: Parameters<typeof importText>) =>
  importText(...args).config.beatSchedule;
const leftOf = (...args: Parameters<typeof importText>) =>
  importText(...args).left.map(({ place, reason }) => `${place.slice(2)}: ${reason}`);

describe('import of a crontab', () => {
  test('a plain line becomes a shell entry that skips missed runs, as cron does', () => {
    expect(importText('*/15 2-4 1,15 jan,MAR mon-fri  /usr/bin/backup  --all')).toMatchObject({
      config: {
        timezone: 'Europe/Oslo',
        beatSchedule: {
          backup: {
            schedule: { cron: '*/15 2-4 1,15 jan,MAR mon-fri' },
            shell: '/usr/bin/backup  --all',
            missed: 'skip',
          },
        },
      },
      left: [],
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
    expect(entries['first']!.shell).toBe('first');
    expect(entries['second']!.shell).toEqual({
      ...{ command: 'second', shell: '/bin/bash', cwd: '/srv/shop' },
      env: { HOME: '/srv/shop', QUOTED: '  a b ' },
    });
    expect(entries['third']!.shell).toMatchObject({ cwd: '/root' });
  });

  test('CRON_TZ is the zone of the lines below it, and TZ a variable of their commands', () => {
    const entries = entriesOf('CRON_TZ=Asia/Tokyo\nTZ=UTC\n0 1 * * * a\nCRON_TZ=\n0 1 * * * b');
    expect(entries['a']).toMatchObject({ timezone: 'Asia/Tokyo', shell: { env: { TZ: 'UTC' } } });
    expect(entries['b']).not.toHaveProperty('timezone');
  });

  test('a percent sign begins the standard input, and an escaped one is part of the command', () => {
    const entries = entriesOf('0 1 * * * mail -s "$(date +\\%F)" joe%Hello%100\\% sure');
    expect(entries['mail']!.shell).toEqual({
      command: 'mail -s "$(date +%F)" joe',
      stdin: 'Hello\n100% sure\n',
    });
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
    expect(entriesOf('@hourly joe a b', 'system')['a']!.shell).toEqual({
      ...{ command: 'a b', user: 'joe' },
    });
    expect(entriesOf('@hourly a', 'user', 'joe')['a']!.shell).toMatchObject({ user: 'joe' });
  });

  test('jobs of anacron are intervals that catch up one missed run', () => {
    const table =
      '1 5 cron.daily run-parts a\n7\t10\tweekly b\n@monthly 15 m c\n@never 1 x d\n1 x y z';
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
      { path: 'b', text: '@daily c', format: 'user' as const },
    ];
    const day = Date.parse('2026-11-20T23:00:00Z');
    const findLastRun = (id: string) => (id === 'known' ? day : undefined);
    const found = importTables(tables, { ...OPTIONS, findLastRun });
    expect(assemble(found, true).config.beatSchedule).toEqual({
      known: { schedule: '1d', shell: 'a', missed: 'once', lastRunAt: '2026-11-20T23:00:00.000Z' },
      new: { schedule: '1d', shell: 'b', missed: 'once' },
      c: { schedule: { cron: '@daily' }, shell: 'c', missed: 'skip' },
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
CRON_TZ=Mars/Base
0 3 * * * a
CRON_TZ=
0 4 * * * good`;
    expect(Object.keys(entriesOf(table))).toEqual(['good']);
    expect(leftOf(table)).toEqual([
      '1: beat sends no mail: the output is in the result of the task',
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
      expect.stringMatching(/^14: timezone: .*Mars/),
    ]);
    expect(leftOf('@daily joe', 'system')).toEqual(['1: expected a user and a command']);
  });

  test("Debian's files are imported completely", () => {
    const cronD = readdirSync(join(FIXTURES, 'cron.d')).map((name) => `cron.d/${name}`);
    const read = (path: string, format: TableFormat) => ({
      ...{ path, format, text: readFileSync(join(FIXTURES, path), 'utf8') },
    });
    const files = ['crontab', ...cronD].map((path) => read(path, 'system'));
    const all = assemble(importTables([...files, read('anacrontab', 'anacron')], OPTIONS), false);
    expect(all.left).toEqual([]);
    expect(Object.keys(all.config.beatSchedule)).toHaveLength(14);
    const comparison = compareEntries(all.entries, {
      ...{ count: 3, after: new Date('2026-10-24T22:00:00Z') },
    });
    expect(comparison).toHaveLength(12);
    for (const { instants } of comparison) {
      for (const { source, result } of instants) expect(result).toEqual(source);
    }
  });

  test('the written file is valid for any input', () => {
    const word = fc.constantFrom(
      ...['*', '5', '*/2', '1-5', 'mon', '@daily', '%', '\\%', '#', 'A=b', 'CRON_TZ=UTC', '"', "'"],
      ...[
        'cmd',
        '{{dueAt}}',
        '\n',
        '\n',
        '\0',
        '\ud800',
        '😀',
        '=',
        'root',
        '__proto__',
        '\t',
        '\\',
      ],
    );
    const format = fc.constantFrom<TableFormat>('user', 'system', 'anacron');
    const table = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(table, format, (text, how) => {
        const { config, left } = importText(text, how);
        const written = readYaml(writeYaml(config, ['Imported.']), 'jobs.yaml');
        expect(resolveSources([written]).entries.length).toBeGreaterThanOrEqual(
          Object.keys(config.beatSchedule).length,
        );
        for (const { place } of left) expect(place).toMatch(/^t:[1-9]/);
      }),
    );
  });
});
