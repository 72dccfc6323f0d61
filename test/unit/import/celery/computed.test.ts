import { describe, expect, test } from 'vitest';
import { findComputed } from '../../../../src/import/celery/computed.ts';
import type { Exported } from '../../../../src/import/celery/exported.ts';

function makeExport(
  entries: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  settings: Exported['settings'] = {},
): Exported {
  return {
    ...{ celery: '5.7.0', scheduler: 'celery.beat.PersistentScheduler', problems: [], settings },
    entries: Object.entries(entries).map(([name, entry]) => ({ name, installed: false, entry, messages: [] })),
  };
}

const ENTRY = { task: 'tidy', schedule: 60, args: [1, { at: 'x' }], kwargs: { a: 1 } };
const ADVICE =
  "Celery's beat does so at each start, and the file has what the import found; write a constant, a template such as {{dueAt}}, or lazy() in TypeScript";
/** The places and what they have, without the advice. */
const found = (first: Exported, second: Exported) =>
  findComputed(first, second).map(({ kind, place, reason }) => {
    expect([kind, reason.endsWith(`; ${ADVICE}`)]).toEqual(['note', true]);
    return `${place}: ${reason.slice(0, -ADVICE.length - 2)}`;
  });

describe('values that a project computes while it loads', () => {
  test('are none if two exports are equal', () => {
    const same = () => makeExport({ tidy: { ...ENTRY } }, { timezone: 'UTC' });
    expect(findComputed(same(), same())).toEqual([]);
  });

  test.each([
    ['schedule was', { schedule: 61 }],
    ['args[0] was', { args: [2, { at: 'x' }] }],
    ['args[1].at was', { args: [1, { at: 'y' }] }],
    ['args was', { args: [1] }],
    ['kwargs.a was', { kwargs: {} }],
    ['kwargs.b was', { kwargs: { a: 1, b: 2 } }],
    ['kwargs was', { kwargs: [1] }],
    ['schedule, args[0], kwargs.a were', { schedule: 61, args: [2, { at: 'x' }], kwargs: { a: 2 } }],
    ['task, schedule, args[0] and 2 more were', { task: 'b', schedule: 1, args: [2, { at: 'y' }], kwargs: { a: 2 } }],
  ])('are listed with their paths: %s', (paths, change) => {
    const second = makeExport({ other: ENTRY, tidy: { ...ENTRY, ...change } });
    expect(found(makeExport({ other: ENTRY, tidy: ENTRY }), second)).toEqual([
      `entry tidy: ${paths} computed while the project was loaded`,
    ]);
  });

  test('may be names of entries', () => {
    expect(found(makeExport({ 'tidy-1': ENTRY }), makeExport({ 'tidy-2': ENTRY }))).toEqual([
      'entry tidy-1: its name was computed while the project was loaded',
    ]);
  });

  test('may be settings', () => {
    const settings = { timezone: 'UTC', result_expires: 60 };
    expect(found(makeExport({}, settings), makeExport({}, { ...settings, result_expires: 61 }))).toEqual([
      'app: the setting result_expires was computed while the project was loaded',
    ]);
  });
});
