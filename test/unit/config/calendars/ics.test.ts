import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigFiles } from '../../../../src/config/config-files.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../../src/util/errors.ts';
import { Folder } from '../../../support/folder.ts';
import { due } from '../../schedule/walk.ts';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const calendar = (...lines: string[]) => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'];
const days = (...texts: string[]) => calendar(...texts.flatMap((day) => event(`DTSTART;VALUE=DATE:${day}`)));

/** A configuration in the folder `etc` beside the calendar file `off.ics`. */
function write(ics: string, entry: object = { schedule: { cron: '0 9 * * *' }, exclude: 'off' }) {
  const config = {
    resultExpires: null,
    calendars: { off: { ics: './off.ics' } },
    beatSchedule: { e: { task: 't', ...entry } },
  };
  folder.write('etc/beat.config.json', JSON.stringify(config, null, 1));
  folder.write('etc/off.ics', ics);
  return new ConfigFiles('etc/beat.config.json', { cwd: folder.path });
}

const read = (...args: Parameters<typeof write>): Promise<Settings> => write(...args).read();
const dueAfter = ({ entries }: Settings, after: string, count: number) => due(entries[0]!.schedule, after, count);

async function errorsOf(ics: string, entry?: object): Promise<string[]> {
  const error: unknown = await read(ics, entry).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError');
  return error.errors.map(formatDiagnostic);
}

describe('a calendar file', () => {
  test('is found from the folder of the configuration, and leaves out its days', async () => {
    const settings = await read(days('20261124', '20261126'));
    expect(dueAfter(settings, '2026-11-23T12:00:00Z', 2)).toEqual(['2026-11-25T09:00Z', '2026-11-27T09:00Z']);
  });

  test('with days has its days in the zone of the schedule', async () => {
    const schedule = { cron: '0 * * * *', timezone: 'Asia/Tokyo' };
    const settings = await read(days('20261124'), { schedule, only: 'off' });
    expect(dueAfter(settings, '2026-11-01T00:00:00Z', 24).at(0)).toBe('2026-11-23T15:00Z');
    expect(dueAfter(settings, '2026-11-01T00:00:00Z', 99)).toHaveLength(24);
  });

  test('with times has its times in the zone of the event, and may span several days', async () => {
    const freeze = event(
      'DTSTART;TZID=America/New_York:20261123T180000',
      'DTEND;TZID=America/New_York:20261126T060000',
    );
    const schedule = { cron: '0 */12 * * *' };
    const settings = await read(calendar(...freeze), { schedule, exclude: 'off' });
    expect(dueAfter(settings, '2026-11-23T00:00:00Z', 3)).toEqual([
      '2026-11-23T12:00Z',
      '2026-11-26T12:00Z',
      '2026-11-27T00:00Z',
    ]);
  });

  test('leaves out cancelled events, and contains events that do not count as busy', async () => {
    const free = event('DTSTART;VALUE=DATE:20261124', 'TRANSP:TRANSPARENT');
    const cancelled = event('DTSTART;VALUE=DATE:20261125', 'STATUS:CANCELLED');
    const settings = await read(calendar(...free, ...cancelled));
    expect(dueAfter(settings, '2026-11-23T12:00:00Z', 1)).toEqual(['2026-11-25T09:00Z']);
  });

  test('uses the newest of several versions of an event, and its changed occurrences', async () => {
    const weekly = ['UID:a', 'DTSTART;VALUE=DATE:20261123'];
    const settings = await read(
      calendar(
        ...event(...weekly, 'SEQUENCE:1', 'RRULE:FREQ=WEEKLY'),
        ...event(...weekly, 'SEQUENCE:0', 'RRULE:FREQ=DAILY'),
        ...event('UID:a', 'RECURRENCE-ID;VALUE=DATE:20261130', 'DTSTART;VALUE=DATE:20261202'),
      ),
      { schedule: { cron: '0 9 * * *' }, only: 'off' },
    );
    expect(dueAfter(settings, '2026-11-01T00:00:00Z', 3)).toEqual([
      '2026-11-23T09:00Z',
      '2026-12-02T09:00Z',
      '2026-12-07T09:00Z',
    ]);
  });

  test('uses the length of each period of RDATE', async () => {
    const times = event(
      ...['DTSTART:20261123T090000Z', 'DTEND:20261123T100000Z'],
      'RDATE;VALUE=PERIOD:20261124T090000Z/20261124T110000Z,20261125T090000Z/PT10M',
    );
    const settings = await read(calendar(...times), { schedule: { cron: '*/30 * * * *' }, only: 'off' });
    expect(dueAfter(settings, '2026-11-01T00:00:00Z', 99)).toEqual([
      ...['2026-11-23T09:00Z', '2026-11-23T09:30Z'],
      ...['2026-11-24T09:00Z', '2026-11-24T09:30Z', '2026-11-24T10:00Z', '2026-11-24T10:30Z'],
      '2026-11-25T09:00Z',
    ]);
  });

  test('lasts elapsed time with DTEND, and calendar days with a duration in days', async () => {
    // The clocks are set back on 25 October 2026.
    const start = 'DTSTART;TZID=Europe/Oslo:20261024T120000';
    const lengths = ['DTEND;TZID=Europe/Oslo:20261025T120000', 'DURATION:P1D', 'DURATION:PT24H'];
    const ends: unknown[] = [];
    for (const length of lengths) {
      const entry = { schedule: { cron: '30 * * * *' }, exclude: 'off' };
      const settings = await read(calendar(...event(start, length)), entry);
      ends.push(...dueAfter(settings, '2026-10-24T10:00:00Z', 1));
    }
    expect(ends).toEqual(['2026-10-25T11:30Z', '2026-10-25T11:30Z', '2026-10-25T10:30Z']);
  });

  test('is an edit of the schedule if its times change, but not if only a title changes', async () => {
    const spec = async (ics: string) => (await read(ics)).entries[0]!.schedule.spec;
    const titled = calendar(...event('SUMMARY:Off', 'DTSTART;VALUE=DATE:20261124'));
    const before = await spec(days('20261124'));
    expect(before).toMatch(/ exclude\(events\([0-9a-f]{32}\)\) UTC$/);
    expect(await spec(titled)).toBe(before);
    expect(await spec(days('20261125'))).not.toBe(before);
  });

  test('may be without events', async () => {
    const settings = await read(calendar());
    expect(dueAfter(settings, '2026-11-23T12:00:00Z', 1)).toEqual(['2026-11-24T09:00Z']);
  });

  test.each<[string, string[]]>([
    ['', ['1 is empty; a calendar file begins with BEGIN:VCALENDAR']],
    ['<html>', ['1 is not a line of a calendar file: "<html>"']],
    ['X-A:1', ['1 is not a calendar file: expected BEGIN:VCALENDAR, got "X-A:1"']],
    ['BEGIN:VCARD\nEND:VCARD', ['1 expected BEGIN:VCALENDAR, got BEGIN:VCARD']],
    ['BEGIN:VCALENDAR\nBEGIN:VEVENT', ['2 BEGIN:VEVENT without END:VEVENT; is the file complete?']],
    ['BEGIN:VCALENDAR\nEND:VEVENT', ['2 END:VEVENT without BEGIN:VEVENT']],
    [
      calendar(
        ...event('SUMMARY:no start'),
        ...event('DTSTART:20261301T000000'),
        ...event('DTSTART;TZID=Nowhere:20261101T000000'),
        ...event('DTSTART:20261101T000000', 'DTEND:20261031T000000'),
        ...event('DTSTART:20261101T000000', 'DTEND;VALUE=DATE:20261103'),
        ...event('DTSTART:20261101T000000', 'DURATION:1h'),
        ...event('DTSTART:20261101T000000', 'DURATION:-PT1H'),
        ...event('DTSTART:20261101T000000', 'RRULE:FREQ=WEEKLI;BYDAY=XX'),
        ...event('DTSTART:20261101T000000', 'RRULE:FREQ=MINUTELY'),
        ...event('DTSTART:20261101T000000', 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY'),
        ...event('DTSTART:20261101T000000', 'EXRULE:FREQ=DAILY'),
        ...event('DTSTART:20261101T000000', 'DTSTART:20261102T000000'),
        ...event('DTSTART:20261101T000000', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20261101T000000'),
      ),
      [
        '3 VEVENT has no DTSTART',
        '7 expected a date such as 20261224 or a time such as 20261224T090000, got "20261301T000000"',
        '10 TZID "Nowhere" is neither an IANA zone nor a VTIMEZONE of the file',
        '14 the event ends before it begins',
        '18 the event begins with a date and ends with a time, or the reverse',
        '22 expected a duration such as P1D or PT2H30M, got "1h"',
        '26 "-PT1H" is negative',
        '30 RRULE: FREQ=WEEKLI is unknown; allowed: YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY; BYDAY=XX: XX is not a weekday such as MO, 1MO or -1FR',
        '34 RRULE: FREQ=MINUTELY is not supported; events recur hourly at most',
        '39 RRULE is there twice',
        '43 EXRULE is not supported; RFC 5545 has EXDATE',
        '47 DTSTART is there twice',
        '51 RANGE=THISANDFUTURE is not supported; end the event with UNTIL, and add another',
      ],
    ],
    [
      calendar(...Array.from({ length: 30 }, () => event('SUMMARY:x')).flat()),
      [...Array.from({ length: 20 }, (_, i) => `${3 + i * 3} VEVENT has no DTSTART`), ' has 10 more errors'],
    ],
    [
      calendar(...Array.from({ length: 501 }, () => event('DTSTART:20261101T000000', 'RRULE:FREQ=DAILY')).flat()),
      ['1 has 501 recurring events, more than 500'],
    ],
    [`BEGIN:VCALENDAR\nX-A:${'x'.repeat(2 ** 21)}`, [' has 2097172 bytes, more than the 2097152 that']],
  ])('that is invalid (case %#) is rejected with its lines', async (ics, problems) => {
    const errors = await errorsOf(ics);
    const expected = problems.map((text) => {
      const [, line, message] = /^(\d*) (.*)$/.exec(text)!;
      const place = line === '' ? './off.ics' : `./off.ics:${line}:`;
      return `etc/beat.config.json:5: calendars.off.ics: ${place} ${message}`;
    });
    expect(errors.slice(0, expected.length)).toEqual(expected.map((text) => expect.stringContaining(text) as string));
  });

  test('that is missing or no file is rejected', async () => {
    const files = write(calendar());
    folder.write('etc/beat.config.json', '{"calendars": {"off": {"ics": ["no.ics", "."]}}}');
    await expect(files.read()).rejects.toThrow(
      'etc/beat.config.json:1: calendars.off.ics: no.ics cannot be read: ENOENT',
    );
    folder.write('etc/beat.config.json', '{"calendars": {"off": {"ics": "."}}}');
    await expect(files.read()).rejects.toThrow('calendars.off.ics: . is a folder, not a file');
  });

  test('that changes counts as a change of the configuration, even after it was invalid', async () => {
    const files = write(days('20261124'));
    const path = join(folder.path, 'etc/off.ics');
    await files.read();
    expect(await files.hasChanged()).toBe(false);
    writeFileSync(path, 'broken');
    expect(await files.hasChanged()).toBe(true);
    await expect(files.read()).rejects.toThrow('./off.ics:1: is not a line of a calendar file');
    expect(await files.hasChanged()).toBe(false);
    writeFileSync(path, days('20261125'));
    expect(await files.hasChanged()).toBe(true);
    expect(dueAfter(await files.read(), '2026-11-23T12:00:00Z', 1)).toEqual(['2026-11-24T09:00Z']);
  });

  test('of a configuration made in code is found from the working directory', () => {
    const path = folder.write('off.ics', days('20261124'));
    const settings = resolveSettings({
      calendars: { off: { ics: path } },
      beatSchedule: { e: { task: 't', schedule: { cron: '0 9 * * *' }, exclude: 'off' } },
    });
    expect(dueAfter(settings, '2026-11-23T12:00:00Z', 1)).toEqual(['2026-11-25T09:00Z']);
  });

  test('belongs to the setting calendars, and stored entries may name it', async () => {
    const schedule = { cron: '0 9 * * *' };
    const inline = { schedule, exclude: { ics: './off.ics' } };
    expect(await errorsOf(days('20261124'), inline)).toEqual([
      'etc/beat.config.json:15: beatSchedule.e.exclude.ics: files belong to the setting calendars: declare calendars: {NAME: {ics: …}}, and write NAME here',
    ]);
    const { definitions } = await read(days('20261124'));
    expect(() => definitions.read('s', { task: 't', ...inline })).toThrow('exclude.ics: files belong');
    const { entry } = definitions.read('s', { task: 't', schedule, exclude: 'off' });
    expect(due(entry.schedule, '2026-11-23T12:00:00Z', 1)).toEqual(['2026-11-25T09:00Z']);
  });
});
