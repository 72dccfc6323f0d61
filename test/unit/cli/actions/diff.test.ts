import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../support/command.ts';
import { ConfigFolder } from '../../../support/config-folder.ts';

new ConfigFolder();

/** Compares two files with these entries, which are YAML in the flow style. */
async function diff(before: string, after: string, ...flags: string[]) {
  for (const [file, entries] of [
    ['old.yaml', before],
    ['new.yaml', after],
  ] as const) {
    writeFileSync(file, `resultExpires: null\ntimezone: Europe/Oslo\nbeatSchedule: ${entries}\n`);
  }
  return runCommand('diff', 'old.yaml', 'new.yaml', ...flags);
}

describe('beat diff:', () => {
  test('exits with 0 if both configurations mean the same', async () => {
    const answer = await diff(
      '{a: {task: t, schedule: 60}}',
      '{a: {task: t, schedule: {timedelta: {minutes: 1}}, enabled: true}}',
    );
    expect(answer).toEqual({ code: 0, stdout: 'no differences\n', stderr: '' });
  });

  test('lists entries that are added, removed and edited, field by field, and exits with 1', async () => {
    const { code, stdout, stderr } = await diff(
      "{gone: {task: t, schedule: '1h', enabled: false}, a: {task: t, schedule: {cron: '0 4 * * *'}, options: {queue: q}, kwargs: {password: one, url: 'redis://u:secret@h'}}}",
      "{a: {task: u, schedule: {cron: '30 4 * * *'}, options: {queue: r, priority: 3}, kwargs: {password: two, url: 'redis://u:other@h'}}, new: {task: t, schedule: {cron: '0 5 * * *'}}}",
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const [entries, occurrences] = stdout.split('\n\n');
    expect(entries!.split('\n')).toEqual([
      '+ new: t, at 05:00 (Europe/Oslo)',
      '- gone: t, every hour, disabled',
      '~ a',
      '    task: "t" → "u"',
      '    kwargs.password: "**" → "**"',
      '    kwargs.url: "redis://u:**@h" → "redis://u:**@h"',
      '    options.queue: "q" → "r"',
      '    options.priority: none → 3',
      '    schedule: at 04:00 (Europe/Oslo) → at 04:30 (Europe/Oslo)',
    ]);
    expect(occurrences!.trimEnd().split('\n')).toEqual([
      'Next 24 hours:',
      expect.stringMatching(/^ {2}a: \+1: \d{4}-\d\d-\d\d 04:30:00 \+0[12]:00 Europe\/Oslo$/),
      expect.stringMatching(/^ {2}a: -1: \d{4}-\d\d-\d\d 04:00:00 \+0[12]:00 Europe\/Oslo$/),
      expect.stringMatching(/^ {2}new: \+1: \d{4}-\d\d-\d\d 05:00:00 \+0[12]:00 Europe\/Oslo$/),
    ]);
  });

  test('prints JSON with counts and the first instants of what appears and disappears', async () => {
    const { code, stdout } = await diff(
      "{a: {task: t, schedule: {cron: '*/10 * * * *'}}}",
      "{a: {task: t, schedule: {cron: '*/5 * * * *'}}}",
      ...['--json', '--hours', '2'],
    );
    expect(code).toBe(1);
    const json = JSON.parse(stdout) as { after: string; until: string; occurrences: { appear: { first: string[] } }[] };
    expect(Date.parse(json.until) - Date.parse(json.after)).toBe(7_200_000);
    expect(json).toMatchObject({
      added: [],
      removed: [],
      edited: [
        {
          entry: 'a',
          fields: [
            {
              field: 'schedule',
              before: 'cron(*/10 * * * *) elapsed Europe/Oslo',
              after: 'cron(*/5 * * * *) elapsed Europe/Oslo',
            },
          ],
        },
      ],
      occurrences: [{ entry: 'a', appear: { count: 12 }, disappear: { count: 0, first: [] }, partial: false }],
      notCompared: [],
    });
    for (const at of json.occurrences[0]!.appear.first) expect(at).toMatch(/:\d5:00\.000Z$/);
  });

  test('reports that an edit leaves the runs as they are', async () => {
    const { stdout } = await diff('{a: {task: t, schedule: 60}}', '{a: {task: u, schedule: 60}}');
    expect(stdout).toBe('~ a\n    task: "t" → "u"\n\nNext 24 hours: the same runs\n');
  });

  test('does not compare functions, and names the entries that have them', async () => {
    for (const file of ['old.mjs', 'new.mjs']) {
      const args = "{[Symbol.for('beat.lazy')]: true, compute: () => [1]}";
      writeFileSync(
        file,
        `export default {resultExpires: null, beatSchedule: {a: {task: 't', schedule: 60, args: ${args}}}}`,
      );
    }
    expect(await runCommand('diff', 'old.mjs', 'new.mjs')).toEqual({
      code: 0,
      stdout: 'no differences\n',
      stderr: 'beat: functions are not compared: a\n',
    });
  });

  test('exits with 2 after the errors of both configurations, and for a wrong --hours', async () => {
    const { code, stdout, stderr } = await diff('{a: {task: t}}', '{b: {schedule: 60}}');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('old.yaml:3: beatSchedule.a.schedule: missing');
    expect(stderr).toContain('new.yaml:3: beatSchedule.b.task: missing');
    const wrong = await runCommand('diff', 'old.yaml', 'new.yaml', '--hours', '0');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect((await runCommand('diff', 'old.yaml')).code).toBe(2);
  });
});
