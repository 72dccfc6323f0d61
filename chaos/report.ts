import { count, percentile } from '../bench/stats.ts';
import type { Scenario } from './scenario.ts';
import type { Figures, Verdict } from './verdict.ts';

/** A run that came to its end. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
}

export function isClean({ violations }: Verdict): boolean {
  return Object.values(violations).every((found) => found.length === 0);
}

/** One line, and below it every violation. */
export function runLine({ scenario, verdict }: Outcome): string {
  const { seed, beats, entries, blows } = scenario;
  const { figures, violations } = verdict;
  const { sent, skipped, untold, repeated, gap } = figures;
  const parts = [
    `${beats} beats, ${Object.keys(entries).length} entries, ${blows.length} blows`,
    `${sent} sent, ${skipped} skipped`,
    ...(untold > 0 ? [`${untold} untold`] : []),
    ...(repeated > 0 ? [`${repeated} repeated`] : []),
    `longest gap ${seconds(gap)}`,
  ];
  const bad = Object.entries(violations).filter(([, found]) => found.length > 0);
  const end =
    bad.length === 0 ? 'ok' : bad.map(([kind, found]) => `${found.length} ${kind}`).join(', ');
  const details = bad.flatMap(([kind, found]) => found.map((text) => `    ${kind}: ${text}`));
  return [`seed ${seed}: ${parts.join('; ')}: ${end}`, ...details].join('\n');
}

/** Every figure over all runs, one a line. */
export function summary(outcomes: readonly Outcome[]): string {
  const verdicts = outcomes.map(({ verdict }) => verdict);
  const figures = verdicts.map((verdict) => verdict.figures);
  const violations = verdicts.map((verdict) => verdict.violations);
  const rows: [string, string][] = [
    ['runs', count(outcomes.length)],
    ['failed', count(verdicts.filter((verdict) => !isClean(verdict)).length)],
    ['blows', count(sum(outcomes.map(({ scenario }) => scenario.blows.length)))],
    ['sent', count(sum(figures.map(({ sent }) => sent)))],
    ['skipped, with a reason', count(sum(figures.map(({ skipped }) => skipped)))],
    ['skipped, untold', count(sum(figures.map(({ untold }) => untold)))],
    ['repeated, same id', count(sum(figures.map(({ repeated }) => repeated)))],
    ['lost', count(sum(violations.map(({ lost }) => lost.length)))],
    ['doubled', count(sum(violations.map(({ doubled }) => doubled.length)))],
    ['wrong', count(sum(violations.map(({ wrong }) => wrong.length)))],
    ['two leaders wrote', count(sum(violations.map(({ leaders }) => leaders.length)))],
    ['died, hung or stuck', count(sum(violations.map(({ faults }) => faults.length)))],
    ['longest time without a leader', spreadOf(figures.map(({ gap }) => gap))],
    ['another leads after a kill', spreadOf(figures.flatMap((each: Figures) => each.afterKill))],
    ['another leads after a stop', spreadOf(figures.flatMap((each: Figures) => each.afterStop))],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function spreadOf(values: readonly number[]): string {
  if (values.length === 0) return 'never measured';
  const at = (percent: number) => `${count(percentile(values, percent))} ms`;
  return `median ${at(50)}, p90 ${at(90)}, most ${at(100)} (${values.length} times)`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
