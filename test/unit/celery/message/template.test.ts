import { Settings as LuxonSettings } from 'luxon';
import { composeTask } from '../canvas/support.ts';
import { describe, expect, test } from 'vitest';
import { compileTemplate } from '../../../../src/celery/message/template.ts';
import { lazy } from '../../../../src/index.ts';

const context = {
  entry: 'report',
  dueAt: new Date('2026-03-29T22:30:00.250Z'), // half past midnight in Oslo, on the day after
  taskId: 'id',
};

function filled(text: string, zone = 'UTC'): string | null {
  return compileTemplate(text, zone)?.(context) ?? null;
}

describe('a template', () => {
  test.each([
    ['{{dueAt}}', '2026-03-29T22:30:00.250Z'],
    ['{{ due_at }}', '2026-03-29T22:30:00.250Z'],
    ['{{dueAt | yyyy-MM-dd}}', '2026-03-29'],
    ['{{dueAt | yyyy-MM-dd | Europe/Oslo}}', '2026-03-30'],
    ['{{dueAt | date | europe/oslo}}', '2026-03-30'],
    ['{{dueAt | iso | Europe/Oslo}}', '2026-03-30T00:30:00.250+02:00'],
    ['{{dueAt | epoch}}', '1774823400'],
    ["{{dueAt | EEE d MMM yyyy 'at' HH:mm}}", 'Sun 29 Mar 2026 at 22:30'],
    ['{{dueAt - 1d | date}}', '2026-03-28'],
    ['{{dueAt-1mo | yyyy-MM}}', '2026-02'],
    ['{{dueAt + 1y 2h 30m}}', '2027-03-30T01:00:00.250Z'],
    ['of {{entry}}, {{dueAt|date}}..{{dueAt + 1w|date}}', 'of report, 2026-03-29..2026-04-05'],
  ])('%s is rendered', (text, result) => {
    expect(filled(text)).toBe(result);
  });

  test('counts calendar days in its zone and elapsed hours over a clock change', () => {
    // On the 29th Oslo has no hour from two to three.
    expect(filled('{{dueAt - 1d | iso | Europe/Oslo}}')).toBe('2026-03-29T00:30:00.250+01:00');
    expect(filled('{{dueAt - 24h | iso | Europe/Oslo}}')).toBe('2026-03-28T23:30:00.250+01:00');
  });

  test('renders names of days and months in English and Latin digits on every host', () => {
    const { defaultLocale } = LuxonSettings;
    LuxonSettings.defaultLocale = 'ar-EG';
    try {
      expect(filled('{{dueAt | EEEE d MMMM}}')).toBe('Sunday 29 March');
    } finally {
      LuxonSettings.defaultLocale = defaultLocale;
    }
  });

  test('with a format is in the zone of the schedule, without one in UTC', () => {
    expect(filled('{{dueAt | HH:mm}}', 'Asia/Tokyo')).toBe('07:30');
    expect(filled('{{dueAt}}', 'Asia/Tokyo')).toBe('2026-03-29T22:30:00.250Z');
  });

  test.each([['no braces'], ['{{ user.name }}'], ['{{}}'], ['{{ x | upper }}'], ['{{dueAt'], ['{dueAt}']])(
    '%s is passed to the task unchanged',
    (text) => {
      expect(compileTemplate(text, 'UTC')).toBeNull();
    },
  );

  test('is not rendered after a backslash, which is removed', () => {
    expect(filled('\\{{dueAt}} {{entry}} {{other}}')).toBe('{{dueAt}} report {{other}}');
  });

  test('is truncated in the error if it is long', () => {
    const long = `{{dueAt |${' '.repeat(150)}%}}`;
    expect(() => compileTemplate(long, 'UTC')).toThrow(/^\{\{dueAt \|.{1,80}: "%" is not a date token/);
  });

  test.each([
    ['{{dueat}}', /unknown; did you mean "dueAt"\? \(\\\{\{dueat}} is the text itself\)/],
    ['{{dueAt | %Y-%m-%d}}', /"%" is not a date token; formats are like yyyy-MM-dd HH:mm/],
    ['{{dueAt | YYYY-MM-DD}}', /"YYYY" is not a date token/],
    ['{{dueAt | yyyy-MM-ddTHH:mm}}', /"T" is not a date token; .* other letters go in quotes/],
    ['{{dueAt | date | Europe/Olso}}', /Europe\/Oslo/],
    ['{{dueAt - 1 day}}', /expected after dueAt a sign and numbers/],
    ['{{dueAt - 1q}}', /unknown unit "q"/],
    ['{{dueAt 1d}}', /expected after dueAt/],
    ['{{dueAt | }}', /the format is empty/],
    ['{{dueAt | a | UTC | b}}', /expected \{\{dueAt \| format \| zone}}/],
    ['{{entry | date}}', /the entry's name has no format/],
    ['{{dueAt | toString}}', /is not a date token/],
    ['{{dueAt | __proto__}}', /is not a date token/],
    ['{{dueAt | constructor}}', /is not a date token/],
    ['{{dueAt - 1constructor}}', /unknown unit "constructor"; expected a sign and numbers/],
    ['{{dueAt + 99999999999y}}', /more than 1000 years away from dueAt/],
    ['{{dueAt - 300000y}}', /more than 1000 years away from dueAt/],
    ['{{dueAt - 600y 600y}}', /more than 1000 years away from dueAt/],
  ])('%s is rejected', (text, reason) => {
    expect(() => compileTemplate(text, 'UTC')).toThrow(reason);
  });

  test.each([
    ['a number beyond all numbers', `{{dueAt + ${'9'.repeat(180)}s}}`, /more than 1000 years/],
    // A pattern that backtracks would not come to an end on this.
    ['fifty steps and a stray sign', `{{dueAt - ${'1d '.repeat(50)}!}}`, /expected after/],
    ['a thousand steps', `{{dueAt - ${'1d '.repeat(1_000)}}}`, /longer than 200 characters/],
    ['a format of 9 kB', `{{dueAt | ${'yyyy '.repeat(1_800)}}}`, /longer than 200 characters/],
  ])('with %s is rejected', (_, text, reason) => {
    expect(() => compileTemplate(text, 'UTC')).toThrow(reason);
  });
});

/** The positional arguments that a worker gets, as JSON. */
function argumentsFor(...args: unknown[]): unknown {
  const { messages } = composeTask('t', { entry: { args } });
  return (JSON.parse(messages[0]!.body.toString()) as [unknown])[0];
}

const DUE = '2026-11-21T05:44:00.000Z';

describe('rendering for an occurrence', () => {
  test('applies anywhere in the arguments: in lists, in maps, in maps without a prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { at: '{{dueAt}}' });
    expect(argumentsFor('{{dueAt}}', [['{{dueAt}}']], { a: { b: '{{dueAt}}' } }, bare)).toEqual([
      DUE,
      [[DUE]],
      { a: { b: DUE } },
      { at: DUE },
    ]);
  });

  test('returns values without functions and templates unchanged', () => {
    const plain = [1, null, true, 'text', { a: [] }];
    expect(
      argumentsFor(
        ...plain,
        lazy(() => 1),
      ),
    ).toEqual([...plain, 1]);
  });

  test('calls a function once even if it is used in several places', () => {
    let asked = 0;
    const count = lazy(() => ++asked);
    expect(argumentsFor(count, [count], { k: count })).toEqual([1, [1], { k: 1 }]);
  });

  test.each([
    [new Error('no rates today'), 'the function threw: no rates today'],
    [new TypeError('x is undefined'), 'the function threw: TypeError: x is undefined'],
    ['a text', 'the function threw: a text'],
  ])('is an error with the path of a function that throws: %s', (thrown, message) => {
    const failing = lazy(() => {
      // Anything may be thrown by a user's function.
      throw thrown as Error;
    });
    expect(() => argumentsFor('a', { rate: failing })).toThrow(
      expect.objectContaining({ message: `args[1].rate: ${message}`, cause: thrown }),
    );
  });

  test('is an error if a function returns a promise', () => {
    const later = lazy((): unknown => Promise.reject(new Error('no db')));
    expect(() => argumentsFor([later])).toThrow('args[0][0]: the function returned a promise; it must be synchronous');
  });
});
