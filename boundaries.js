// The architecture as data: the rooms at the top of src, lowest first, and which code is pure. ESLint and
// dependency-cruiser make their rules from it. A room imports only rooms before it. Pure code has no clock, I/O,
// randomness or `async`, and imports only pure code.

/**
 * `holds` is also the first line of the room's README. `pure` is true for a room without code that acts; otherwise it
 * lists the pure files and folders of the room.
 */
export const ROOMS = [
  {
    name: 'util',
    holds: 'What every room may use: clock, errors, bounded decoders of foreign bytes.',
    pure: [
      'clock.ts',
      'decode/',
      'diagnostic.ts',
      'did-you-mean.ts',
      'errors.ts',
      'expected.ts',
      'format-duration.ts',
      'format-iso.ts',
      'intervals.ts',
      'is-map.ts',
      'keys.ts',
      'mask.ts',
      'memoize.ts',
      'on-demand.ts',
      'promise.ts',
      'shape.ts',
      'steps.ts',
      'thousands.ts',
      'visible.ts',
      'zod-issues.ts',
    ],
  },
  {
    name: 'schedule',
    holds: 'The rules for instants: crontab, cron, intervals, solar, rrule, calendars, time zones.',
    pure: true,
  },
  {
    name: 'celery',
    holds: 'The messages that Celery workers consume: their fields, canvases, routing and envelopes.',
    pure: true,
  },
  {
    name: 'contracts',
    holds: 'What drivers and listeners implement: stores, brokers, events.',
    pure: true,
  },
  {
    name: 'generated',
    holds: 'The types of a configuration, which `npm run schema` writes from the schemas of config.',
    pure: true,
  },
  {
    name: 'entries',
    holds:
      'The entries as they are now, and every decision about them: what is due, which messages, what a command does.',
    pure: true,
  },
  {
    name: 'read-models',
    holds: 'Status, history and explanations of entries, as command line, HTTP and client show them.',
    pure: [
      'configuration/shapes.ts',
      'history/account.ts',
      'history/explain.ts',
      'history/join-runs.ts',
      'history/shapes.ts',
      'history/view.ts',
      'status/entry-status.ts',
      'status/shapes.ts',
    ],
  },
  {
    name: 'drivers',
    holds: 'The stores and brokers: Redis, SQL, AMQP, files, memory; a table maps URL schemes to them.',
    pure: ['endpoint.ts', 'foreign-schemes.ts', 'redis/kombu.ts', 'table.ts'],
  },
  {
    name: 'config',
    holds: 'Reads and validates the configuration: files, Celery settings, command-line values.',
    pure: [],
  },
  {
    name: 'client',
    holds: 'Sends commands to the leader, and reads status and history for programs.',
    pure: [],
  },
  {
    name: 'observe',
    holds: 'Listens to events: log, metrics, traces, alerts.',
    pure: [],
  },
  {
    name: 'leader',
    holds: 'Runs an instance: leadership, ticks, the command inbox, the outbox, outcomes, reload.',
    pure: ['outcomes/followed-runs.ts'],
  },
  {
    name: 'shell-worker',
    holds: 'Consumes the messages of shell entries and runs their jobs.',
    pure: ['job.ts', 'task.ts'],
  },
  {
    name: 'import',
    holds: 'Turns crontabs, Celery apps, RedBeat, Django and Kubernetes schedules into a configuration.',
    pure: [
      'celery/compare-messages.ts',
      'celery/exported.ts',
      'crontab/cron-line.ts',
      'crontab/parse.ts',
      'django/schedule.ts',
      'django/tables.ts',
      'django/timing.ts',
      'found.ts',
    ],
  },
  {
    name: 'http',
    holds: 'The HTTP API and the dashboard.',
    pure: [],
  },
  {
    name: 'cli',
    holds: 'The command line.',
    pure: [],
  },
];

/** The pure files and folders, as paths below `src/`. */
export const PURE = ROOMS.flatMap(({ name, pure }) =>
  pure === true ? [`${name}/`] : pure.map((path) => `${name}/${path}`),
);
