// What beat costs, measured on this machine beside what users would run instead.
// npm run bench -- [--only burst,start,stored,lateness,next,takeover,input,outcomes,live,audit,start-history,hostile] [--quick]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import build from '../test/support/build.ts';
import { findService } from '../test/support/services.ts';
import { audit } from './audit.ts';
import { burst } from './burst.ts';
import { hostile } from './hostile.ts';
import { input } from './input.ts';
import { lateness } from './lateness.ts';
import { live } from './live.ts';
import { next } from './next.ts';
import { outcomes } from './outcomes.ts';
import { start } from './start.ts';
import { startHistory } from './start-history.ts';
import { storedEntries } from './stored-entries.ts';
import { takeover } from './takeover.ts';
import { formatTable, type Bench, type Row } from './table.ts';

const BENCHES: Record<string, Bench> = {
  burst,
  start,
  stored: storedEntries,
  lateness,
  next,
  takeover,
  input,
  outcomes,
  live,
  audit,
  'start-history': startHistory,
  hostile,
};

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const asked = values.only?.split(',') ?? Object.keys(BENCHES);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
const redis = findService('redis-server');
if (redis.path === null) {
  console.error(redis.missing);
  process.exit(1);
}

build();
const rows: Row[] = [];
const before = load();
for (const name of asked) {
  process.stderr.write(`${name} …\n`);
  rows.push(...(await BENCHES[name]!(values)));
}
const cores = cpus();
console.log(`Node ${process.version}, ${cores.length} × ${cores[0]?.model ?? 'unknown'}`);
// On a busy machine only the ratios are meaningful.
console.log(`load average ${before} before, ${load()} after\n`);
console.log(formatTable(rows));

function load(): string {
  return loadavg()[0]!.toFixed(1);
}
