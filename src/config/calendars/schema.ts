import { z } from 'zod';
import { named, option, MAP, name, mapOf } from '../values/option.ts';

const texts = (allowed: string) => z.union([z.string(), z.array(z.string())], allowed);

const COUNTRY = 'the code of a country, such as DE, or of a part of it, such as US-CA';
const ICS = 'the path of a calendar file, or a list of them';

export const calendarShape = {
  dates: option(
    texts('a date or a list of dates'),
    'Dates, ranges of dates with both ends included, and days of each year (`12-25`).',
    { example: ['2030-12-24/2031-01-02', '05-17'] },
  ),
  weekdays: option(texts('weekdays such as sat,sun or mon-fri'), 'Days of the week, as in the last field of `cron`.', {
    example: 'sat,sun',
  }),
  cron: option(
    texts('a cron expression of five fields, or a list of them'),
    'Every minute that an expression of five fields matches.',
    { example: '* 22-23 * * fri' },
  ),
  holidays: option(
    texts(COUNTRY),
    'Public holidays of a country or of a part of it, by its ISO 3166 code. Needs the package date-holidays.',
    { example: 'DE-BY' },
  ),
  businessDays: option(
    z.string(COUNTRY),
    'Days of a country that are neither public holidays nor weekend. Needs the package date-holidays.',
    { example: 'US-CA' },
  ),
  ics: option(
    z.union([name(), z.array(name())], ICS),
    'Calendar files (iCalendar, `.ics`), whose events it contains; paths start from the folder of the configuration file. Only in the setting `calendars`.',
    { example: './holidays.ics' },
  ),
};

/** A calendar: the instants that are in any of its parts. */
const calendarSchema = mapOf('CalendarConfig', calendarShape, {
  description: 'A set of days and times: what is in any of its parts.',
});

const reference = () => z.union([name(), calendarSchema]);
const REFERENCES = 'the name of a calendar, a map such as {dates: [2030-12-24]}, or a list of these';
const references = () =>
  named(z.union([name(), calendarSchema, z.array(reference())], REFERENCES), 'CalendarReferences', {
    description: 'The name of a calendar of the setting `calendars`, a calendar, or a list of both.',
  });

export const calendarsShape = {
  calendars: option(
    z.record(name(), calendarSchema, MAP),
    'Calendars by name, for `only` and `exclude` of entries. See [time](time.md#calendars).',
    { otherwise: 'none', example: { holidays: { dates: ['12-25', '01-01'] } } },
  ),
};

export const selectionShape = {
  only: option(references(), 'Calendars: an occurrence must be in each of them. See [time](time.md#calendars).', {
    otherwise: 'all times',
    example: { weekdays: 'mon-fri' },
  }),
  exclude: option(references(), 'Calendars: an occurrence must be in none of them. See [time](time.md#calendars).', {
    otherwise: 'none',
    example: { dates: ['12-25'] },
  }),
};

export type CalendarInput = z.output<typeof calendarSchema>;
export type CalendarReferences = NonNullable<z.output<typeof selectionShape.only>>;
