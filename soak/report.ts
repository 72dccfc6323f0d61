import { count } from '../bench/stats.ts';
import { formatColumns } from '../bench/table.ts';
import type { JudgedLine } from './lines.ts';
import type { SoakResult } from './run-soak.ts';

/** How many of a list of violations are printed. */
const SHOWN = 10;

/** The text at the end of a soak. */
export function formatReport(result: SoakResult, judged: readonly JudgedLine[]): string {
  const { usage, disturbances, runs } = result;
  const lines = judged.map(({ panel, line, trend, verdict }) => {
    const name = `${panel.title}, ${line.name}`;
    if (trend === null) return [name, '', '', '', '', verdict];
    const { level, slopePerHour, rise, noise } = trend;
    const show = (value: number) => `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${panel.unit}`.trimEnd();
    return [name, ...[level, slopePerHour, rise, noise].map(show), verdict];
  });
  const kinds = Object.entries(Object.groupBy(disturbances, ({ kind }) => kind));
  const violations = findViolations(result);
  return [
    formatColumns(['second half', 'median', 'slope per hour', 'rise', 'noise', ''], lines, [1, 2, 3, 4]),
    '',
    `${count(runs)} runs: ${result.lost.length} lost, ${result.doubled.length} doubled`,
    `commands: ${usage.applied} applied, ${usage.rejected} rejected, ${usage.unanswered} unanswered; ${usage.reloads} of them reloads`,
    `requests: ${count(usage.requests)}, ${usage.failed.length} failed without a disturbance`,
    `leaders: ${kinds.map(([kind, all]) => `${kind} ${all!.length}`).join(', ') || 'not disturbed'}`,
    ...Object.entries(violations).flatMap(([kind, found]) => found.slice(0, SHOWN).map((text) => `${kind}: ${text}`)),
  ].join('\n');
}

/** Everything that must not happen in a soak, however long it is. */
export function findViolations({
  lost,
  doubled,
  crashes,
  usage,
}: SoakResult): Readonly<Record<string, readonly string[]>> {
  const { failed, unanswered } = usage;
  const silent = unanswered > 0 ? [`${unanswered} commands`] : [];
  return { lost, doubled, crashed: crashes, failed, unanswered: silent };
}
