// Which module may import which. Each rule says what it protects. Imports of types count too.
import { PURE, ROOMS } from './boundaries.js';

const literal = (text) => text.replace(/\./g, '\\.');
const below = (paths) => `^src/(${paths.map((path) => literal(path) + (path.endsWith('/') ? '' : '$')).join('|')})`;

const PURE_FILES = below(PURE);
const DRIVERS = '^src/drivers/(amqp|memory|redis|sql|sqs)/';
const ENTRY_POINTS = '^src/(index|testing|metrics|cli/beat)\\.ts$';

/** Packages that one folder alone imports, and why. */
const homes = [
  ['amqplib', '^src/drivers/amqp/', 'every AMQP method call is in one folder'],
  ['@aws-sdk', '^src/drivers/sqs/', 'every request to Amazon SQS is in one folder'],
  ['mongodb', '^src/drivers/mongodb/', 'every request to MongoDB is in one folder'],
  ['ioredis|redlock', '^src/drivers/redis/', 'every Redis command and key name is in one folder'],
  ['prom-client', '^src/observe/metrics/', 'metrics and their labels are in one folder'],
  ['pg|mysql2', '^src/drivers/sql/', 'every SQL statement for a server is in one folder'],
  [
    'zod',
    '^src/(config|http/api|entries/commands|read-models|observe/alerts)/|^src/(util/(shape|zod-issues)|shell-worker/job|contracts/events/alert)\\.ts$',
    'outside these, a configuration, a request, the arguments of a job or a public shape is a typed value',
  ],
  ['jsonc-parser', '^src/config/', 'outside config/, a configuration is a typed value'],
  ['yaml', '^src/(config/|import/|celery/message/serializers\\.ts$|util/decode/)', 'it is for files and for messages'],
  ['@msgpack', '^src/(celery/message/serializers\\.ts$|util/decode/)', 'one folder encodes, one decodes'],
  ['lzma1', '^src/celery/message/compression\\.ts$', 'all compression of messages is in one file'],
  ['hono|@hono', '^src/http/', 'no other folder answers requests'],
  ['birpc', '^src/cli/service/', 'only the server of HTTP runs in a thread of its own'],
  ['commander', '^src/cli/', 'the library is used without a command line'],
  ['pino|pino-pretty', '^src/observe/', 'the log subscribes to events; no other code logs'],
  ['luxon', '^src/(schedule|config|celery/message|cli)/', 'time zones belong to schedules and to output'],
  ['cronstrue', '^src/schedule/', 'grammars belong to the schedules'],
  ['ical\\.js', '^src/config/calendars/', 'calendar files are calendars of the configuration'],
  ['date-holidays', '^src/config/calendars/', 'holidays are calendars of the configuration'],
  ['astronomy-engine', '^src/schedule/', 'solar events are schedules'],
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...ROOMS.map(({ name }, i) => ({
      name: `room-${name}`,
      comment: `src/${name}/ imports only the rooms before it in boundaries.js, so that imports point in one direction.`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: {
        path: '^src/',
        pathNot: below(ROOMS.slice(0, i + 1).map((room) => `${room.name}/`)),
      },
    })),
    {
      name: 'known-rooms',
      comment: 'A new folder of src gets its place in boundaries.js.',
      severity: 'error',
      from: {},
      to: {
        path: '^src/',
        pathNot: [below(ROOMS.map(({ name }) => `${name}/`)), '^src/[^/]+\\.ts$'],
      },
    },
    {
      name: 'pure-imports-pure',
      comment: 'Decisions can be tested as tables only while no code below them does I/O.',
      severity: 'error',
      from: { path: PURE_FILES },
      to: {
        dynamic: false,
        pathNot: [
          PURE_FILES,
          '^node_modules/(@types/)?(luxon|yaml|@msgpack/msgpack|lzma1|leven|cron-parser|cronstrue|astronomy-engine|tinyqueue|zod)/',
          '^(node:)?(buffer|crypto|events|module|util|util/types|zlib)$',
        ],
      },
    },
    ...homes.map(([packages, home, reason]) => ({
      name: `home-of-${packages.split('|')[0]}`,
      comment: `Only ${home} imports ${packages}: ${reason}.`,
      severity: 'error',
      from: { path: '^src/', pathNot: home },
      to: { path: `^node_modules/(@types/)?(${packages})/` },
    })),
    {
      name: 'home-of-sqlite',
      comment: 'Only the connection and the checks of the file open a database of SQLite.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/drivers/sql/sqlite/' },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'drivers-are-independent',
      comment: 'A driver that imports another cannot be read, replaced or removed alone.',
      severity: 'error',
      from: { path: '^src/drivers/(amqp|memory|redis|sql|sqs)/' },
      to: { path: DRIVERS, pathNot: '^src/drivers/$1/' },
    },
    {
      name: 'drivers-are-loaded-by-scheme',
      comment:
        'Only the table imports a driver, when a URL names it. testing.ts imports the memory driver, on which tests of users run.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [DRIVERS, '^src/drivers/table\\.ts$', '^src/testing\\.ts$'],
      },
      to: { path: DRIVERS },
    },
    {
      name: 'testing-loads-memory-only',
      comment: "A user's unit test loads neither a Redis client nor a database.",
      severity: 'error',
      from: { path: '^src/testing\\.ts$' },
      to: { path: '^src/drivers/(amqp|redis|sql)/' },
    },
    {
      name: 'contracts-reach-no-driver',
      comment: 'A contract that depends on an implementation is not a contract.',
      severity: 'error',
      from: { path: '^src/contracts/' },
      to: { path: DRIVERS, reachable: true },
    },
    {
      name: 'src-imports-src-only',
      comment: 'The published package must not depend on tests, benches or scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|chaos|mutation|scripts|simulation|schedules)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'Users do not have them. Packages of types leave no trace in the build.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Optional peer dependencies: beat loads them for a provider of traces, for holidays in a calendar, and for SQS.
        pathNot: [
          '^node_modules/@types/',
          '^node_modules/(@opentelemetry/api|date-holidays|@aws-sdk/client-sqs|mongodb)/',
        ],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Files in a cycle can only be understood together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file without imports in either direction is dead code.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(src|test)/',
        pathNot: ['\\.test\\.ts$', '\\.d\\.mts$', '^src/http/assets/'],
      },
      to: {},
    },
    {
      name: 'no-dead-files',
      comment: 'A file that no entry point reaches is not shipped. Browsers load the static files of the dashboard.',
      severity: 'error',
      from: { path: ENTRY_POINTS },
      to: { path: '^src/', pathNot: [ENTRY_POINTS, '^src/http/assets/'], reachable: false },
    },
    {
      name: 'resolvable',
      comment: 'An import of a missing module fails only when it is reached.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(bundle|dist)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count: readers follow them as they follow code.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
