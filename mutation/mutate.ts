import { parseArgs } from 'node:util';
import { isLua } from './collect.ts';
import { draw, listMutants, mutatedText, listSources } from './draw.ts';
import { readEquivalents, stale } from './equivalents.ts';
import type { Mutant } from './mutant.ts';
import type { Result, Verdict } from './protocol.ts';
import { record, type Recording } from './recording.ts';
import { scores, scoreTable, survivor } from './report.ts';
import { Session } from './session.ts';

const HELP = `Changes src in small ways and runs the tests that reach the change: a change that no test notices is a
promise without a test.

  npm run mutate -- --files GLOB... [--seed N] [--count N] [--budget SECONDS] [--json] [--list] [--record]

  --files GLOB   sources to mutate, such as src/drivers/redis or 'src/leader/outbox/*.ts' (repeatable)
  --seed N       decides which mutants are drawn; the same seed draws the same (default 1)
  --count N      how many to draw from each folder below src, and from each driver (default 30)
  --budget S     seconds of tests for each mutant, by the time they take without one (default 60)
  --match TEXT   only mutants whose lines, before or after, contain the text
  --list         prints the mutants that would be drawn and runs nothing
  --record       records again which tests reach which functions, also for unchanged test files
  --json         prints the results as JSON

Nothing is written to the work tree: vitest, and each process that a test starts from src, loads the changed
text instead of the file. Tests of the built command (test/e2e, test/cluster/chaos-*.test.ts) load dist, where
the change is not; they are not run, so what they alone would notice survives here. Of the others those run
that reach the changed function, the quickest first, until one fails.

Mutants that do not type-check are not drawn. Mutants that change nothing observable stand in
mutation/equivalents.json, each with the reason; they are not drawn either. To add one, copy the two lines of
the survivor's diff.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    files: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '30' },
    budget: { type: 'string', default: '60' },
    match: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit();
}
const files = listSources([...values.files, ...positionals]);
if (files.length === 0) refuse('--files names no source below src');
const [seed, count, budget] = [values.seed, values.count, values.budget].map(wholeNumber) as [number, number, number];

const all = listMutants(files);
const known = readEquivalents();
for (const { file, was } of stale(known, all)) {
  console.error(`mutation/equivalents.json: no mutant of ${file} changes this any more: ${was}`);
}
const matching = all.filter(({ was, now }) => was.includes(values.match) || now.includes(values.match));
const drawn = draw(matching, known, { seed, count });
if (values.list) {
  for (const { file, line, kind, was, now } of drawn) console.log(`${file}:${line} ${kind}\n  - ${was}\n  + ${now}`);
  console.log(`${drawn.length} of ${matching.length} mutants of ${files.length} files`);
  process.exit();
}

const recording = await record(values.record);
for (const file of recording.failing) {
  console.error(`${file} fails without any mutant and is left out`);
}
await using session = new Session('mutate');
await checkThatMutantsAreSeen(drawn.find(({ file }) => !isLua(file)));
const results: Result[] = [];
for (const mutant of drawn) {
  const started = performance.now();
  const verdict = await verdictOn(mutant, recording);
  const result = { mutant, verdict, seconds: (performance.now() - started) / 1000 };
  results.push(result);
  if (values.json) continue;
  if (verdict.kind === 'survived') console.log(`\n${survivor(result)}\n`);
  else console.log(findLine(result));
}
const table = scores(results);
if (values.json) console.log(JSON.stringify({ seed, count, scores: table, results }, null, 1));
else console.log(`\nseed ${seed}, ${count} of each folder\n${scoreTable(table)}`);

/**
 * A cache that answers with the file itself would let every mutant survive. Not for a Lua file: a test may load a script
 * and not run it.
 */
async function checkThatMutantsAreSeen(mutant: Mutant | undefined): Promise<void> {
  const [test] = mutant ? recording.testsOf(mutant) : [];
  if (!mutant || !test) return;
  const swap = { file: mutant.file, text: `throw new Error('no mutant');\n` };
  const answer = await session.run({ swap, tests: [test.file] }, 60_000);
  if (!answer?.failure) throw new Error(`${test.file} does not see a change of ${mutant.file}`);
}

async function verdictOn(mutant: Mutant, recorded: Recording): Promise<Verdict> {
  const related = recorded.testsOf(mutant);
  const tests: typeof related = [];
  let cost = 0;
  for (const test of related) {
    // At least one, even beyond the time limit.
    if (tests.length > 0 && cost + test.duration > budget * 1000) continue;
    tests.push(test);
    cost += test.duration;
  }
  const leftOut = related.length - tests.length;
  if (tests.length === 0) return { kind: 'survived', ran: 0, leftOut };
  const swap = { file: mutant.file, text: mutatedText(mutant) };
  // Generous: a busy machine must not pass for a mutant that hangs.
  const limit = Math.ceil(60_000 + 4 * cost);
  const answer = await session.run({ swap, tests: tests.map(({ file }) => file) }, limit);
  if (!answer) return { kind: 'timeout' };
  if (answer.failure) return { kind: 'killed', by: answer.failure };
  const skipped = tests.filter(({ file }) => !answer.files.some((f) => f.file === file && f.tests > 0));
  if (skipped.length > 0) throw new Error(`did not run: ${skipped.map(({ file }) => file).join(', ')}`);
  return { kind: 'survived', ran: tests.length, leftOut };
}

function findLine({ mutant, verdict, seconds }: Result): string {
  const by = verdict.kind === 'killed' ? `${verdict.by.file}: ${verdict.by.title}` : 'the tests did not end';
  return `${mutant.file}:${mutant.line} ${mutant.kind}, killed in ${seconds.toFixed(1)} s by ${by}`;
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : refuse(`"${text}" is not a whole number`);
}

function refuse(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}
