import type { BeatConfig } from 'celery-beat';
import { canvasRows } from './canvas.ts';
import { encodingRows } from './encoding.ts';
import { lazyRows } from './lazy.ts';
import { optionRows } from './options.ts';
import { DEFAULTS, routingRows, ROUTING, TOPIC } from './routing.ts';
import type { Cell, Row } from './row.ts';

/** All rows; add a new one to one of these lists. */
export const ROWS: readonly Row[] = [...optionRows, ...routingRows, ...encodingRows, ...lazyRows, ...canvasRows];

/** The settings beside the rows of a configuration; each has a beat of its own. */
export const SETTINGS = {
  common: {},
  routes: ROUTING,
  defaults: DEFAULTS,
  'topic by default': TOPIC,
  'protocol 1': { taskProtocol: 1 },
  yaml: { taskSerializer: 'yaml', taskCompression: 'gzip' },
} satisfies Readonly<Record<string, BeatConfig>>;

export type SettingsName = keyof typeof SETTINGS;

/** Returns the rows that a cell can run. */
export function rowsOf(cell: Cell): Row[] {
  return ROWS.filter((row) => !row.not?.(cell));
}

/** Further parameters of a beat, besides the name of its settings. */
export interface Setup {
  readonly cell: Cell;
  readonly results: string;
  /** Milliseconds from reading the configuration until all entries are due, once. */
  readonly lead: number;
}

/** Creates the configuration of one beat, read at `now`: all rows of the cell under these settings. */
export function configOf(name: SettingsName, { cell, results, lead }: Setup, now: number): BeatConfig {
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

/** Adds the row's name to the arguments; a canvas has it in its signatures. */
function marked(row: string, entry: Row['entry']): Row['entry'] {
  if (typeof entry.task !== 'string') return entry;
  const { kwargs = {} } = entry;
  return typeof kwargs === 'object' && !Array.isArray(kwargs) ? { ...entry, kwargs: { ...kwargs, row } } : entry;
}
