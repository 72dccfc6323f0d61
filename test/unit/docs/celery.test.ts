import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkCeleryFlags } from '../../../src/cli/flags/celery-flags.ts';
import { main } from '../../../src/cli/main.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { entrySchema } from '../../../src/config/entry/schema.ts';
import { topSchema } from '../../../src/config/schema.ts';
import { linkedOptionsSchema } from '../../../src/config/signatures/schema.ts';
import { transportSchema } from '../../../src/config/broker/connection.ts';
import { snakeCase, listSpellings } from '../../../src/config/keys/spellings.ts';
import { formatDiagnostic } from '../../../src/util/diagnostic.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { captureWrites } from '../../support/capture-writes.ts';
import { FACTS } from './celery.facts.ts';
import type { Fact } from './fact.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/celery.md', ROOT), 'utf8');

type Table = keyof typeof FACTS;

const HEADINGS: Readonly<Record<Table, string>> = {
  settings: '## Settings',
  workers: '### Settings of the workers',
  own: "### Settings of beat's own",
  transport: '### broker_transport_options',
  fields: '## Fields of an entry',
  options: '## Options',
  schedules: '## Schedules',
  flags: '## Flags',
};

const VERDICTS = ['supported', 'different', 'ignored', 'rejected', "beat's own", 'for workers'];

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly text: string;
}

/** The rows of the table under a heading. */
function rowsOf(table: Table): Row[] {
  const from = PAGE.indexOf(`\n${HEADINGS[table]}\n`);
  const after = PAGE.slice(from + 1 + HEADINGS[table].length);
  const section = after.split(/\n#+ /, 1)[0]!;
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [name = '', verdict = '', text = ''] = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { name: name.replaceAll('`', ''), verdict, text };
  });
}

const TABLES = Object.keys(FACTS) as Table[];
const factOf = (table: Table, name: string) => (FACTS[table] as Record<string, Fact>)[name];

const BROKER = { broker_url: 'redis://localhost' };
const ENTRY = { task: 'tasks.add', schedule: 60 };
const withEntry = (entry: object) => ({ ...BROKER, beat_schedule: { e: { ...ENTRY, ...entry } } });

/** Returns a configuration with the example of the row. */
function configOf(table: Table, { name }: Row, example = factOf(table, name)!.example): object {
  const { config } = factOf(table, name)!;
  switch (table) {
    case 'settings':
    case 'own':
      return { ...BROKER, [name]: example };
    case 'workers':
      return { ...BROKER, ...config };
    case 'transport':
      return { ...BROKER, broker_transport_options: { [name]: example } };
    case 'fields':
      return {
        ...withEntry({ ...(name === 'shell' && { task: null }), ...config, [name]: example }),
        ...(name === 'overlap' && { result_backend: 'redis://localhost' }),
      };
    case 'options':
      return withEntry({ options: { [name]: example, ...COMPANY[name] } });
    default:
      return withEntry({ schedule: example });
  }
}

/** Further options that some options require. */
const COMPANY: Readonly<Record<string, object>> = {
  exchange: { routing_key: 'jobs' },
  exchange_type: { exchange: 'jobs', routing_key: 'jobs.clean' },
  routing_key: { exchange: 'jobs' },
};

interface Outcome {
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

function outcomeOf(config: object): Outcome {
  try {
    const { warnings } = resolveSettings(config);
    return { problems: [], notes: warnings.map(formatDiagnostic) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.errors.map(formatDiagnostic), notes: [] };
  }
}

const IN_CONFIG = TABLES.filter((table) => table !== 'flags').flatMap((table) =>
  rowsOf(table).map((row) => ({ table, row, verdict: row.verdict, name: row.name })),
);

test.each(TABLES)('docs/celery.md: the table of %s and its facts have the same names', (table) => {
  const rows = rowsOf(table);
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(FACTS[table]));
  expect(rows.filter(({ verdict }) => !VERDICTS.includes(verdict))).toEqual([]);
});

const accepted = IN_CONFIG.filter(({ verdict }) => !['rejected'].includes(verdict));
test.each(accepted)('docs/celery.md: $name is $verdict (in $table)', ({ table, row }) => {
  const { problems, notes } = outcomeOf(configOf(table, row));
  expect(problems).toEqual([]);
  const own = notes.filter((note) => /: ignored|: not looked at|^ignored, as settings of the workers/.test(note));
  if (!['ignored', 'for workers'].includes(row.verdict)) expect(own).toEqual([]);
  else if (table !== 'transport' && !SILENT.has(row.name)) expect(own).toHaveLength(1);
});

const rejected = IN_CONFIG.filter(({ verdict }) => verdict === 'rejected');
test.each(rejected)('docs/celery.md: $name is rejected (in $table)', ({ table, row }) => {
  const { problems } = outcomeOf(configOf(table, row));
  expect(problems).toEqual([expect.stringMatching(/: .*(?:not supported|does not support): ./)]);
});

const wrong = IN_CONFIG.flatMap(({ table, row, name }) =>
  (factOf(table, name)?.rejects ?? []).map((value) => ({ table, row, name, value })),
);
test.each(wrong)('docs/celery.md: $name is rejected with the value $value (in $table)', (fact) => {
  const { problems } = outcomeOf(configOf(fact.table, fact.row, fact.value));
  expect(problems).toHaveLength(1);
  if (fact.table !== 'schedules') expect(problems[0]).toMatch(new RegExp(`${fact.name}\\b`));
});

test('docs/celery.md: lists everything that beat reads', () => {
  const missing = (keys: readonly string[], ...tables: readonly Table[]) => {
    const named = tables.flatMap((table) => rowsOf(table).map(({ name }) => name));
    return keys.filter((key) => !named.includes(snakeCase(key)));
  };
  const shapeOf = (schema: { shape: object }) => Object.keys(schema.shape);
  expect(missing(shapeOf(topSchema), 'settings', 'own')).toEqual([]);
  expect(missing(shapeOf(transportSchema), 'transport')).toEqual([]);
  expect(missing(shapeOf(linkedOptionsSchema), 'options')).toEqual([]);
  expect(missing(Object.keys(entrySchema.shape), 'fields')).toEqual([]);
});

test('docs/celery.md: lists all settings of Celery', () => {
  const file = new URL('test/conformance/celery-settings.json', ROOT);
  const celerys = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object);
  const named = new Set([...rowsOf('settings')].map(({ name }) => name));
  const others = rowsOf('workers').flatMap(({ name }) => name.split(', '));
  const families = others.flatMap((name) => /^(\w+_)\*/.exec(name)?.[1] ?? []);
  const isNamed = (name: string) =>
    named.has(name) || others.includes(name) || families.some((family) => name.startsWith(family));
  expect(celerys.filter((name) => !isNamed(name))).toEqual([]);
});

test('docs/celery.md: names existing tests, which mention the row', () => {
  const promised = TABLES.flatMap((table) =>
    rowsOf(table)
      .filter(({ verdict }) => ['supported', 'different', "beat's own"].includes(verdict))
      .map(({ name }) => ({ table, name, test: factOf(table, name)?.test })),
  );
  const wrong = promised.filter(({ table, name, test }) => {
    if (test === undefined || !existsSync(new URL(test, ROOT))) return true;
    const text = readFileSync(new URL(test, ROOT), 'utf8');
    return !wordsFor(table, name).some((word) => text.includes(word));
  });
  expect(wrong).toEqual([]);
});

/** Options that get a warning only for certain values. */
const SILENT = new Set(['retry', 'retry_policy']);

function wordsFor(table: Table, name: string): readonly string[] {
  if (name === 'a number') return ['number'];
  if (table === 'flags') return name.split(', ');
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const key = name === 'beat_cron_starting_deadline' ? 'startingDeadline' : camel;
  return listSpellings(key, table === 'settings');
}

describe('docs/celery.md, of flags', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('docs/celery.md: has one row for each flag of `beat`', async () => {
    let help = '';
    captureWrites('stdout', (text) => {
      help += text;
    });
    await main(['--help']);
    await main(['start', '--help']);
    const flags = [...help.matchAll(/^ {2}((?:-\w, )?--[\w-]+)/gm)].map(([, flag]) => flag!);
    const named = rowsOf('flags').map(({ name }) => name);
    expect(flags.length).toBeGreaterThan(20);
    expect(named.toSorted()).toEqual([...new Set(flags)].toSorted());
  });

  test.each(['django', 'redbeat.RedBeatScheduler', 'proj.sched:Mine'])(
    'docs/celery.md: another scheduler is rejected: %s',
    (scheduler) => {
      expect(() => checkCeleryFlags({ scheduler })).toThrow(/beatSchedule/);
    },
  );
});
