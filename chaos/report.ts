import { count, percentile } from '../bench/stats.ts';
import type { CheckResult } from './checker.ts';
import type { Scenario } from './scenario.ts';

/** A finished run. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly result: CheckResult;
}

export function isClean({ violations }: CheckResult): boolean {
  return Object.values(violations).every((found) => found.length === 0);
}

/** Returns one line about a run, and below it a line for each violation. */
export function formatRun({ scenario, result }: Outcome): string {
  const { seed, instances, entries, faults } = scenario;
  const { figures, violations } = result;
  const { sent, skipped, unlogged, repeated, gap, applied, rejected, latest } = figures;
  const parts = [
    `${instances} instances, ${Object.keys(entries).length} entries, ${faults.length} faults`,
    `${sent} published, ${skipped} skipped`,
    `${applied} commands applied, ${rejected} rejected`,
    ...(unlogged > 0 ? [`${unlogged} skipped without a log line`] : []),
    ...(repeated > 0 ? [`${repeated} repeated`] : []),
    `longest time without a leader ${formatSeconds(gap)}`,
    `latest run beside hostile inputs ${count(latest)} ms`,
  ];
  const bad = Object.entries(violations).filter(([, found]) => found.length > 0);
  const end = bad.length === 0 ? 'ok' : bad.map(([kind, found]) => `${found.length} ${kind}`).join(', ');
  const details = bad.flatMap(([kind, found]) => found.map((text) => `    ${kind}: ${text}`));
  return [`seed ${seed}: ${parts.join('; ')}: ${end}`, ...details].join('\n');
}

/** Returns a table of the figures over all runs. */
export function formatSummary(outcomes: readonly Outcome[]): string {
  const results = outcomes.map(({ result }) => result);
  const figures = results.map((result) => result.figures);
  const violations = results.map((result) => result.violations);
  const rows: [string, string][] = [
    ['runs', count(outcomes.length)],
    ['failed', count(results.filter((result) => !isClean(result)).length)],
    ['faults', count(sum(outcomes.map(({ scenario }) => scenario.faults.length)))],
    ['published', count(sum(figures.map(({ sent }) => sent)))],
    ['skipped, logged', count(sum(figures.map(({ skipped }) => skipped)))],
    ['skipped, not logged', count(sum(figures.map(({ unlogged }) => unlogged)))],
    ['repeated, same task id', count(sum(figures.map(({ repeated }) => repeated)))],
    ['received by the worker', count(sum(figures.map(({ received }) => received)))],
    ['commands applied', count(sum(figures.map(({ applied }) => applied)))],
    ['commands rejected', count(sum(figures.map(({ rejected }) => rejected)))],
    ['commands unanswered or applied twice', count(sum(violations.map((each) => each.commands.length)))],
    ['lost', count(sum(violations.map(({ lost }) => lost.length)))],
    ['doubled', count(sum(violations.map(({ doubled }) => doubled.length)))],
    ['wrong', count(sum(violations.map(({ wrong }) => wrong.length)))],
    ['overlapping, or skipped for no run', count(sum(violations.map(({ overlaps }) => overlaps.length)))],
    ['two leaders published', count(sum(violations.map(({ leaders }) => leaders.length)))],
    ['late because of hostile inputs', count(sum(violations.map(({ late }) => late.length)))],
    ['different in the simulation', count(sum(violations.map(({ simulation }) => simulation.length)))],
    ['crashed, hung or stuck', count(sum(violations.map(({ crashes }) => crashes.length)))],
    ['latest run beside hostile inputs', formatSpread(figures.map(({ latest }) => latest))],
    ['longest time without a leader', formatSpread(figures.map(({ gap }) => gap))],
    ['takeover after SIGKILL', formatSpread(figures.flatMap(({ afterKill }) => afterKill))],
    ['takeover after SIGTERM', formatSpread(figures.flatMap(({ afterStop }) => afterStop))],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function formatSpread(values: readonly number[]): string {
  if (values.length === 0) return 'not measured';
  const at = (percent: number) => `${count(percentile(values, percent))} ms`;
  return `median ${at(50)}, p90 ${at(90)}, maximum ${at(100)} (${values.length} times)`;
}

function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
