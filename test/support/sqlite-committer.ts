/**
 * A process that begins a term on a SQLite file, prints `term <number>`, and commits one run of each entry
 * after another, printing `committed <run>` for each, until it is killed.
 * Arguments: the file, the number of entries, the number of commits (0: endless).
 */
import { writeSync } from 'node:fs';
import { openFile, makeRun } from './sqlite.ts';

const [path = '', width = '1', commits = '0'] = process.argv.slice(2);
const entries = Array.from({ length: Number(width) }, (_, i) => `entry-${i}`);

const { ledger } = openFile(path);
const term = await ledger.beginTerm();
writeSync(1, `term ${term}\n`);

const done = (await ledger.load()).get('entry-0')?.runCount ?? 0;
const last = Number(commits) === 0 ? Infinity : done + Number(commits);
for (let run = done + 1; run <= last; run++) {
  const { kind } = await ledger.commit({ token: term, changes: entries.map((entry) => makeRun(entry, run)) });
  writeSync(1, `${kind} ${run}\n`);
}
