// Who may import whom. Each rule says what would be lost without it. Types count as imports too.

const PURE =
  '^src/(schedule/|routing/|canvas/|message/|broker/(envelope|kombu)\\.ts$|(agenda|entry|errors|mask|memo|nearest|on-demand|plan|problem|promise)\\.ts$)';
const SEAMS = '^src/(broker/broker|config/settings|ledger/ledger|lock/lock|store)\\.ts$';
const ROOMS = '^src/(amqp|memory|redis|sql|sqlite)/';
const DOORS = '^src/(index|testing|cli/beat)\\.ts$';

/** The packages that may be imported from one place only, and why that matters. */
const homes = [
  ['amqplib', '^src/amqp/', 'every AMQP method stands in one room'],
  ['ioredis|redlock', '^src/redis/', 'every Redis command and key name stands in one room'],
  ['pg|mysql2', '^src/sql/', 'every SQL statement for a server stands in one room'],
  ['zod|jsonc-parser', '^src/config/', 'past the edge, a configuration is a typed value'],
  ['yaml', '^src/(config|message/serializers)/', 'it is read from files and written into messages'],
  ['@msgpack', '^src/message/serializers/', 'what a worker reads is written in one place'],
  ['lzma1', '^src/message/compression\\.ts$', 'what a worker unpacks is packed in one place'],
  ['commander', '^src/cli/', 'the library is used without a command line'],
  ['pino|pino-pretty', '^src/observe/', 'logs are one subscriber of the events, never called'],
  [
    'luxon',
    '^src/(schedule|config|message|cli)/',
    'zones are for schedules, and for showing their times',
  ],
  ['cronstrue', '^src/schedule/', 'grammars belong to the schedules'],
  ['astronomy-engine', '^src/schedule/', 'where the sun is decides when things are due'],
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'pure-imports-pure',
      comment:
        'What decides can be tested as a table and read alone only while nothing below it does I/O. The ledger contract is a type here: what a decision is made from.',
      severity: 'error',
      from: { path: PURE },
      to: {
        pathNot: [
          PURE,
          '^src/(ledger/ledger|config/settings)\\.ts$',
          '^node_modules/(@types/)?(luxon|yaml|@msgpack/msgpack|lzma1|cron-parser|cronstrue|astronomy-engine|tinyqueue)/',
          '^(node:)?(crypto|buffer|module|zlib|util/types)$',
        ],
      },
    },
    {
      name: 'pure-takes-contracts-as-types',
      comment: 'A contract file may hold code one day; a pure file wants its shape alone.',
      severity: 'error',
      from: { path: PURE },
      to: { path: SEAMS, dependencyTypesNot: ['type-only'] },
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
      comment: 'Every SQL statement stands in one room.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/sqlite/' },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'rooms-are-apart',
      comment: 'A store that leans on another cannot be read, replaced or removed alone.',
      severity: 'error',
      from: { path: '^src/(amqp|memory|redis|sql|sqlite)/' },
      to: { path: ROOMS, pathNot: '^src/$1/' },
    },
    {
      name: 'one-door-to-the-rooms',
      comment:
        'open-store.ts opens the room that a URL names; whoever else reaches in would bind itself to one store. The memory store is given to users too: their tests run on it.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ROOMS, '^src/open-store\\.ts$', '^src/testing\\.ts$'] },
      to: { path: ROOMS },
    },
    {
      name: 'testing-knows-memory-alone',
      comment: "A user's unit test must load neither a Redis client nor a database.",
      severity: 'error',
      from: { path: '^src/testing\\.ts$' },
      to: { path: '^src/(amqp|redis|sql|sqlite)/' },
    },
    {
      name: 'seams-know-no-room',
      comment: 'A contract that knows an implementation is no contract.',
      severity: 'error',
      from: { path: SEAMS },
      to: { path: ROOMS, reachable: true },
    },
    {
      name: 'nothing-imports-the-command-line',
      comment: 'The command line is one user of the library among others.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'src-stands-alone',
      comment: 'What is published must not reach into tests, benches or scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|schedules)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'They are not there where beat runs. Packages of types leave no trace in the build.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'no-cycles',
      comment: 'Files in a circle are one file in disguise: none can be understood first.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is dead, or is a door that belongs in this list.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^(src|test)/',
        pathNot: ['\\.test\\.ts$'],
      },
      to: {},
    },
    {
      name: 'no-dead-files',
      comment: 'What no door leads to (the package, the test kit, the command) is not shipped.',
      severity: 'error',
      from: { path: DOORS },
      to: { path: '^src/', pathNot: DOORS, reachable: false },
    },
    {
      name: 'resolvable',
      comment: 'A name that leads nowhere fails only when that line is reached.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count: they bind the reader as much as code does.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
