import type { BeatConfig } from 'celery-beat';
import { canvasRows } from './canvas.ts';
import { encodingRows } from './encoding.ts';
import { lazyRows } from './lazy.ts';
import { optionRows } from './options.ts';
import { DEFAULTS, routingRows, ROUTING, TOPIC } from './routing.ts';
import type { Cell, Row } from './row.ts';

/** To add a row, write it into one of these; each says under which settings it is sent. */
export const ROWS: readonly Row[] = [
  ...optionRows,
  ...routingRows,
  ...encodingRows,
  ...lazyRows,
  ...canvasRows,
];

/** What stands beside the rows in a config, one beat for each. */
export const SETTINGS = {
  common: {},
  routes: ROUTING,
  defaults: DEFAULTS,
  'topic by default': TOPIC,
  'protocol 1': { taskProtocol: 1 },
  yaml: { taskSerializer: 'yaml', taskCompression: 'gzip' },
} satisfies Readonly<Record<string, BeatConfig>>;

export type SettingsName = keyof typeof SETTINGS;

/** The rows that a cell can play. */
export function rowsOf(cell: Cell): Row[] {
  return ROWS.filter((row) => !row.not?.(cell));
}

/** What a beat is told beside the name of its settings. */
export interface Setup {
  readonly cell: Cell;
  readonly results: string;
  /** Milliseconds after reading the config at which everything in it is due, once. */
  readonly lead: number;
}

/** The config of one beat, read at `now`: all rows that the cell can play under these settings. */
export function configOf(
  name: SettingsName,
  { cell, results, lead }: Setup,
  now: number,
): BeatConfig {
  const schedule = { at: new Date(now + lead) };
  const rows = rowsOf(cell).filter(({ settings = 'common' }) => settings === name);
  const entries = rows.map(({ name: row, entry }) => [row, { schedule, ...marked(row, entry) }]);
  return {
    keyPrefix: `matrix-${name}-${lead}`,
    taskQueueMaxPriority: 10,
    resultBackend: results,
    ...SETTINGS[name],
    beatSchedule: Object.fromEntries(entries) as NonNullable<BeatConfig['beatSchedule']>,
  };
}

/** By its arguments each run says which row it is of; a canvas has that in its signatures. */
function marked(row: string, entry: Row['entry']): Row['entry'] {
  if (typeof entry.task !== 'string') return entry;
  const { kwargs = {} } = entry;
  return typeof kwargs === 'object' && !Array.isArray(kwargs)
    ? { ...entry, kwargs: { ...kwargs, row } }
    : entry;
}
