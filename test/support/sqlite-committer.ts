/**
 * Run as a process of its own: begins a term on the file, prints `term <number>`, and commits one run of
 * each entry after the other, printing `committed <run>` for each answer, until it is killed.
 * Arguments: the file, how many entries, how many commits (0 for no end).
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
  const { kind } = await ledger.commit({
    token: term,
    changes: entries.map((entry) => makeRun(entry, run)),
  });
  writeSync(1, `${kind} ${run}\n`);
}
