import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { ConfigError } from '../../../src/util/errors.ts';
import { at } from '../../../src/schedule/at.ts';
import { cron } from '../../../src/schedule/cron/cron.ts';
import { crontab, type CrontabFields } from '../../../src/schedule/crontab.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { solar } from '../../../src/schedule/solar.ts';
import { timedelta, type TimedeltaParts } from '../../../src/schedule/timedelta.ts';

interface CrontabCase {
  crontab: CrontabFields;
  after: string;
  /** Absent if Celery rejects the fields. */
  next?: string;
  error?: string;
}

interface ClockCase {
  cron?: string;
  crontab?: CrontabFields;
  timezone: string;
  after: string;
  due: string[];
}

interface Reading {
  cron: string;
  after: string;
  due: string[];
}

interface Spec {
  cron?: string;
  crontab?: CrontabFields;
  timedelta?: TimedeltaParts;
  relative?: boolean;
  at?: string;
  solar?: Parameters<typeof solar>;
  timezone?: string;
  spec: string;
}

function scheduleOf(one: Spec): Schedule {
  const options = one.timezone === undefined ? {} : { timezone: one.timezone };
  if (one.cron !== undefined) return cron(one.cron, options);
  if (one.at !== undefined) return at(one.at, options);
  if (one.solar) return solar(...one.solar);
  if (one.timedelta) return timedelta(one.timedelta, { relative: one.relative ?? false });
  return crontab(one.crontab, options);
}

function read<T>(file: string): T[] {
  const url = new URL(`../../conformance/${file}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as T);
}

/** Seconds are enough for an instant, as in the recordings. */
function iso(instant: Date | null): string | undefined {
  return instant?.toISOString().replace('.000Z', 'Z');
}

function walk(schedule: Schedule, after: string, count: number): (string | undefined)[] {
  const due: (string | undefined)[] = [];
  for (let at: Date | null = new Date(after); at !== null && due.length < count;) {
    at = schedule.next(at);
    due.push(iso(at));
  }
  return due;
}

describe('recorded answers', () => {
  const cases = read<CrontabCase>('crontab.jsonl');
  const accepted = cases.filter((recorded) => recorded.error === undefined);
  const refused = cases.filter((recorded) => recorded.error !== undefined);

  test('match the recorded files', () => {
    expect([accepted.length, refused.length]).toEqual([1803, 197]);
  });

  test("crontab returns the same instants as Celery's crontab", () => {
    const answers = accepted.map((recorded) => ({
      ...recorded,
      next: iso(crontab(recorded.crontab).next(new Date(recorded.after))),
    }));
    expect(answers).toEqual(accepted);
  });

  test('crontab rejects what Celery rejects', () => {
    for (const { crontab: fields } of refused) {
      expect(() => crontab(fields), JSON.stringify(fields)).toThrow(ConfigError);
    }
  });

  test('cron reads extensions of crontab(5) as other libraries do', () => {
    const recorded = read<Reading>('cron-readings.jsonl');
    expect(recorded).toHaveLength(46);
    const answers = recorded.map((one) => {
      const schedule = cron(one.cron);
      // One more than there is shows that a schedule with years ends with them.
      const ends = one.due.length < 8;
      const due = walk(schedule, one.after, one.due.length + (ends ? 1 : 0));
      return { ...one, due: due.filter((text) => text !== undefined) };
    });
    expect(answers).toEqual(recorded);
  });

  test('the spec of a schedule never changes: ledgers store it to recognise an edited schedule', () => {
    const recorded = read<Spec>('specs.jsonl');
    expect(recorded).toHaveLength(1085);
    expect(recorded.map((one) => ({ ...one, spec: scheduleOf(one).spec }))).toEqual(recorded);
  });

  test('cron and crontab follow the rules for clock changes, minute by minute', () => {
    const recorded = read<ClockCase>('clock-changes.jsonl');
    expect(recorded).toHaveLength(600);
    const answers = recorded.map((one) => {
      const { timezone } = one;
      const schedule = one.cron === undefined ? crontab(one.crontab, { timezone }) : cron(one.cron, { timezone });
      return { ...one, due: walk(schedule, one.after, one.due.length) };
    });
    expect(answers).toEqual(recorded);
  });
});
