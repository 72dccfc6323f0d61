import type { BeatConfig } from 'beat';
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

/** Milliseconds that beat has, after reading its config, until everything in it is due. */
const LEAD = 2_500;

/** The config of one beat: all rows that the cell can play under these settings, due once, at `now` and a bit. */
export function configOf(name: SettingsName, cell: Cell, now: number, results: string): BeatConfig {
  const schedule = { at: new Date(now + LEAD) };
  const rows = rowsOf(cell).filter(({ settings = 'common' }) => settings === name);
  const entries = rows.map(({ name: row, entry }) => [row, { schedule, ...marked(row, entry) }]);
  return {
    keyPrefix: `matrix-${name}`,
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
