// What beat costs, measured on this machine beside what users would run instead.
// npm run bench -- [--only burst,start,…] [--quick] [--json FILE] [--compare REF [--rounds N]]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { buildTree } from '../test/support/build.ts';
import { findService } from '../test/support/services.ts';
import { BENCHES } from './benches.ts';
import { compareRounds, findUnmatched, formatComparisons, type Round } from './compare.ts';
import { findCommit, OtherTree } from './other-tree.ts';
import { runApart } from './run-apart.ts';
import { formatTable, type Row } from './table.ts';

const ROOT = resolve(import.meta.dirname, '..');

interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json?: string;
  readonly compare?: string;
  readonly rounds: number;
}

const options = new Command('npm run bench --')
  .description('Measures beat beside the alternatives, or beside another commit.')
  .option('--only <names>', `the benches: ${Object.keys(BENCHES).join(', ')}`, parseNames, Object.keys(BENCHES))
  .option('--quick', 'take less time and be less accurate', false)
  .option('--json <file>', 'write the result to a file, too')
  .option('--compare <revision>', 'run this tree and that of a commit in turns, and print the ratios')
  .option('--rounds <number>', 'with --compare: how often each bench runs in each tree', parseRounds, 3)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const commit = options.compare === undefined ? null : findCommit(ROOT, options.compare);
if (options.compare !== undefined && commit === null) {
  console.error(`--compare: git knows no commit "${options.compare}"`);
  process.exit(2);
}
const redis = findService('redis-server');
if (redis.path === null) {
  console.error(redis.missing);
  process.exit(1);
}
const before = load();
const errors: string[] = [];
const { result, text } = commit === null ? await measure() : await compare(commit, options.compare!);
const cores = cpus();
const machine = `Node ${process.version}, ${cores.length} × ${cores[0]?.model ?? 'unknown'}`;
console.log(machine);
// On a busy machine only the ratios are meaningful.
console.log(`load average ${before} before, ${load()} after\n`);
console.log(text);
if (options.json !== undefined) {
  const head = { measuredAt: new Date().toISOString(), commit: findSourceCommit(), machine, load: before };
  writeFileSync(options.json, `${JSON.stringify({ ...head, quick: options.quick, ...result }, null, 1)}\n`);
}
for (const error of errors) console.error(error);
process.exitCode = errors.length > 0 ? 1 : 0;

/** Runs each bench in this tree. */
async function measure(): Promise<{ result: object; text: string }> {
  buildTree(ROOT);
  const rows: Row[] = [];
  for (const name of options.only) rows.push(...(await runIn(ROOT, name, 'this tree')));
  return { result: { rows }, text: formatTable(rows) };
}

/** Runs each bench in this tree and in that of the commit, in turns. */
async function compare(other: string, revision: string): Promise<{ result: object; text: string }> {
  using tree = new OtherTree(ROOT, other);
  process.stderr.write(`checked out ${revision} to ${tree.path}\n`);
  tree.install();
  buildTree(ROOT);
  buildTree(tree.path);
  const rounds: Record<string, Round[]> = {};
  for (const name of options.only) {
    const done: Round[] = (rounds[name] = []);
    tree.takeBenches();
    for (let round = 1; round <= options.rounds; round++) {
      const title = `round ${round} of ${options.rounds}`;
      const first = round === 1 ? await runFirst(tree, name, `${revision}, ${title}`) : null;
      const rows = first ?? (await runIn(tree.path, name, `${revision}, ${title}`));
      if (rows.length === 0) break;
      const own = await runIn(ROOT, name, `this tree, ${title}`);
      if (own.length === 0) break;
      done.push({ other: rows, own });
    }
  }
  const all = Object.values(rounds);
  const comparisons = all.flatMap(compareRounds);
  const names = { other: revision, own: 'this tree' };
  const unmatched = all.map(findUnmatched);
  const list = (name: string, rows: readonly Row[]) =>
    rows.map(({ bench, what }) => `only in ${name}: ${bench}, ${what}`);
  const subject = execFileSync('git', ['log', '-1', '--format=%h %s', other], { cwd: ROOT, encoding: 'utf8' }).trim();
  const lines = [
    `${revision}: ${subject}`,
    `ratio: this tree, of ${revision}; better or worse: every one of at least three rounds differs by more than 5 %\n`,
    formatComparisons(comparisons, names),
    ...unmatched.flatMap(({ other: theirs, own }) => [...list(revision, theirs), ...list('this tree', own)]),
  ];
  return { result: { compared: other, comparisons, rounds }, text: lines.join('\n') };
}

/** Runs a bench of this tree in the other one; if that fails, the bench that the other tree has itself. */
async function runFirst(tree: OtherTree, name: string, title: string): Promise<readonly Row[]> {
  process.stderr.write(`${name}: ${title} …\n`);
  const outcome = await runApart(tree.path, name, options.quick);
  if ('rows' in outcome) return outcome.rows;
  const [line] = outcome.error.split('\n');
  process.stderr.write(`  does not run there (${line}); running the bench of that commit instead\n`);
  tree.restoreBenches();
  return runIn(tree.path, name, title);
}

/** Returns no rows for a bench that failed. */
async function runIn(tree: string, name: string, title: string): Promise<readonly Row[]> {
  process.stderr.write(`${name}: ${title} …\n`);
  const outcome = await runApart(tree, name, options.quick);
  if ('rows' in outcome) return outcome.rows;
  errors.push(`${name}, ${title}: ${outcome.error}`);
  return [];
}

function parseNames(text: string): string[] {
  const names = text.split(',');
  const unknown = names.filter((name) => !(name in BENCHES));
  if (unknown.length === 0) return names;
  throw new InvalidArgumentError(`There is no bench ${unknown.join(', ')}.`);
}

function parseRounds(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number of at least 1.');
}

/** The last commit that changed `src`: the benches, which the measurement may have changed, are not measured. */
function findSourceCommit(): string {
  return execFileSync('git', ['log', '-1', '--format=%H', '--', 'src'], { cwd: ROOT, encoding: 'utf8' }).trim();
}

function load(): string {
  return loadavg()[0]!.toFixed(1);
}
