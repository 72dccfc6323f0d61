// Runs one bench and writes its result to a file: node bench/run-bench.ts NAME FILE [--quick]
// It loads the benches beside it by name, so that a copy of this file also runs those of an older tree.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.ts';
import type { Bench, Row } from './table.ts';

/** What the process writes. */
export type BenchResult = { readonly rows: readonly Row[] } | { readonly error: string };

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [name = '', path = ''] = positionals;
// Programs that a bench started end with this process only if it exits by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const result = await run().catch((error: unknown): BenchResult => {
  return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
});
writeFileSync(path, JSON.stringify(result));
// A connection or a timer that a bench left open must not hold up the next one.
process.exit(0);

async function run(): Promise<BenchResult> {
  const { file, name: exported } = BENCHES[name]!;
  const module = (await import(`./${file}`)) as Readonly<Record<string, Bench | undefined>>;
  const bench = module[exported];
  if (!bench) throw new Error(`bench/${file} does not export ${exported}`);
  return { rows: await bench(values) };
}
