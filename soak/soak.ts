// Runs instances of the built beat for a long time under load, commands, reloads and takeovers, and says whether memory,
// descriptors and lateness stay level: npm run soak -- --minutes 60. Exits with 1 if a line rises, or a run is lost or doubled.
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Program } from '../chaos/program.ts';
import build from '../test/support/build.ts';
import { drawChart } from './chart.ts';
import { judgeLines, makePanels } from './lines.ts';
import { PLAN } from './plan.ts';
import { findViolations, formatReport } from './report.ts';
import { runSoak, type SoakResult } from './run-soak.ts';

interface Options {
  readonly minutes: number;
  readonly out: string;
  readonly from?: string;
}

const options = new Command('npm run soak --')
  .description('Runs beat for a long time under load and disturbances, and measures whether it stays level.')
  .option('--minutes <number>', 'how long it is measured', parseMinutes, PLAN.minutes)
  .addOption(new Option('--broker <name>', 'the broker and store').choices(['redis']).default('redis'))
  .option('--out <name>', 'the beginning of the names of the files: NAME.json and NAME.svg', 'soak')
  .option('--from <file>', 'run nothing: draw and judge the samples of an earlier soak')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();

const result = options.from === undefined ? await run() : readResult(options.from);
const panels = makePanels(result);
const judged = judgeLines(panels);
writeFileSync(`${options.out}.svg`, drawChart(result, panels));
console.log(formatReport(result, judged));
console.log(`chart: ${options.out}.svg`);
const broken = Object.values(findViolations(result)).some((found) => found.length > 0);
process.exitCode = broken || judged.some(({ isLevel }) => !isLevel) ? 1 : 0;

async function run(): Promise<SoakResult> {
  build();
  // A copy, so that a later build does not change it.
  using program = new Program();
  const plan = { ...PLAN, minutes: options.minutes };
  const measured = await runSoak(plan, program.script, (line) => process.stderr.write(`${line}\n`));
  writeFileSync(`${options.out}.json`, `${JSON.stringify(measured)}\n`);
  return measured;
}

function readResult(file: string): SoakResult {
  return JSON.parse(readFileSync(file, 'utf8')) as SoakResult;
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (Number.isFinite(minutes) && minutes > 0) return minutes;
  throw new InvalidArgumentError('Expected a number above 0.');
}
