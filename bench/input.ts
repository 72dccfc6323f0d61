import { readJson } from '../src/config/source/json.ts';
import { readYaml } from '../src/config/source/yaml.ts';
import { resolveSources } from '../src/config/resolve.ts';
import type { Source } from '../src/config/source/source.ts';
import { ConfigError } from '../src/util/errors.ts';
import { atMost, type Bench } from './table.ts';

/** Seconds of the processor. */
const LONGEST = 2;

type Shape = (i: number) => readonly [name: string, value: unknown];

/** Configurations of the given size whose processing could take quadratic time. */
const INPUTS: Readonly<Record<string, (count: number) => Source>> = {
  'entries × routes': (count) =>
    json({
      taskRoutes: makeMap(count, (i) => [`app${i}.*`, 'q']),
      beatSchedule: makeMap(count, (i) => [`e${i}`, { task: `app${i}.x`, schedule: 5 }]),
    }),
  'unknown keys': (count) => json(makeMap(count, (i) => [`unknown${i}`, 1])),
  'invalid entries': (count) => json({ beatSchedule: makeMap(count, (i) => [`e${i}`, {}]) }),
  'YAML anchors': (count) => {
    const rows = Array.from({ length: count }, (_, i) => `x-a${i}: &a${i} 1\nx-b${i}: *a${i}\n`);
    return readYaml(rows.join(''), 'f.yaml');
  },
  'bytes of a template': (count) => {
    const entry = { task: 't', schedule: 5, args: [`{{${' '.repeat(10 * count)}}}`] };
    return json({ beatSchedule: { e: entry } });
  },
  'bytes of a zone': (count) => json({ timezone: 'a'.repeat(10 * count) }),
};

/** How long the processor works on configurations that are large or wrong in many places. */
export const input: Bench = ({ quick }) => {
  const count = quick ? 2_000 : 10_000;
  return Object.entries(INPUTS).map(([name, make]) => {
    const before = process.cpuUsage();
    read(make(count));
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    const show = (value: number) => `${value.toFixed(2)} s`;
    const amount = name.startsWith('bytes') ? 10 * count : count;
    const what = `${amount} ${name}`;
    return { bench: 'input', what, figure: show(seconds), wanted: atMost(LONGEST, seconds, show) };
  });
};

function read(source: Source): void {
  try {
    resolveSources([source]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
  }
}

function json(config: object): Source {
  return readJson(JSON.stringify(config, null, 1), 'f.json');
}

function makeMap(count: number, shape: Shape): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => shape(i)));
}
