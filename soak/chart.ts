import { drawLine, drawSvg, drawText, formatTick, makeLogTicks, makeTicks, round } from '../bench/svg.ts';
import { count } from '../bench/stats.ts';
import type { Line, Panel } from './lines.ts';
import type { SoakResult } from './run-soak.ts';
import type { Point } from './trend.ts';

const WIDTH = 980;
const COLUMNS = 2;
/** The plot of a panel, and the space around it. */
const PLOT = { width: 396, height: 118, left: 58, top: 30, bottom: 34, right: 24 };
const PANEL = { width: WIDTH / COLUMNS, height: PLOT.top + PLOT.height + PLOT.bottom };
const HEAD = 92;
/** Values below this are drawn at it on logarithmic axes. */
const LEAST = 1;

/** The names of disturbances in the legend, and how their marks are drawn. */
const MARKS: Readonly<Record<string, string>> = {
  kill: 'leader killed',
  stop: 'leader stopped',
  freeze: 'leader frozen',
};
const MARK_STYLE = `
  .kill, .stop, .freeze { stroke: var(--mark); stroke-width: 1; }
  .stop { stroke-dasharray: 5 3; } .freeze { stroke-dasharray: 1.5 3; }`;

/** Draws every panel over the same time, with a mark where the lead was taken from an instance. */
export function drawChart(result: SoakResult, panels: readonly Panel[]): string {
  const { plan, startedAt, endedAt, runs, lost, doubled } = result;
  const minutes = (endedAt - startedAt) / 60_000;
  const title = `beat on Redis: ${plan.instances} instances for ${formatMinutes(minutes)}`;
  const load = `${plan.steady} runs a second, ${count(plan.burst)} at each full minute, ${plan.stored} stored entries, commands, reloads, pages`;
  const sum = `${count(runs)} runs: ${lost.length} lost, ${doubled.length} doubled`;
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * PANEL.height;
  const drawn = panels.map((panel, i) => {
    const [x, y] = [(i % COLUMNS) * PANEL.width, HEAD + Math.floor(i / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel, result).join('\n')}\n</g>`;
  });
  const label = `${title}. ${load}. ${sum}. ${panels.map((panel) => panel.title).join('; ')}.`;
  const head = [drawText(24, 34, title, 'head'), drawText(24, 55, `${load}; ${sum}`, 'soft'), drawLegend(24, 76)];
  return drawSvg(WIDTH, height, label, [...head, ...drawn], MARK_STYLE);
}

function drawLegend(left: number, y: number): string {
  return Object.entries(MARKS)
    .map(([kind, name], i) => {
      const x = left + i * 130;
      return drawLine([x + 4, y - 11], [x + 4, y + 3], kind) + drawText(x + 12, y, name, 'soft');
    })
    .join('');
}

function drawPanel(panel: Panel, { startedAt, endedAt, disturbances }: SoakResult): string[] {
  const { left, top, width, height } = PLOT;
  const minutes = (endedAt - startedAt) / 60_000;
  const values = panel.lines.flatMap(({ points }) => points.map(({ value }) => value));
  const most = Math.max(LEAST, ...values);
  const ticks = panel.logarithmic ? makeLogTicks(Math.max(LEAST, Math.min(most, ...values)), most) : makeTicks(most, 3);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const share = (value: number) =>
    panel.logarithmic ? Math.log10(Math.max(low, value) / low) / Math.log10(high / low) : (value - low) / (high - low);
  const y = (value: number) => top + height * (1 - share(value));
  const x = (at: number) => left + (width * (at - startedAt)) / (endedAt - startedAt);
  const times = makeTicks(minutes, 6).filter((minute) => minute <= minutes);
  const unit = panel.unit === '' ? '' : ` (${panel.unit})`;
  return [
    drawText(left, top - 12, `${panel.title}${unit}`, 'title'),
    panel.lines.length > 1 ? drawNames(panel.lines, left + width, top - 12) : '',
    ...ticks.flatMap((tick) => [
      drawLine([left, y(tick)], [left + width, y(tick)], 'grid'),
      drawText(left - 8, y(tick) + 4, formatTick(tick), 'tick end'),
    ]),
    ...disturbances.map(({ kind, from }) => drawLine([x(from), top], [x(from), top + height], kind)),
    ...panel.lines.map(({ points }, i) => drawPath(points, x, y, `line s${i}`)),
    drawLine([left, top + height], [left + width, top + height], 'axis'),
    ...times.map((minute, i) => {
      const name = i === times.length - 1 ? `${formatTick(minute)} min` : formatTick(minute);
      return drawText(x(startedAt + minute * 60_000), top + height + 16, name, 'tick middle');
    }),
  ].filter((part) => part !== '');
}

/** The names of the lines in their colors, right of the title. */
function drawNames(lines: readonly Line[], right: number, y: number): string {
  const names = lines.map(({ name }, i) => `<tspan class="f${i}" dx="${i === 0 ? 0 : 8}">${name}</tspan>`);
  return `<text x="${right}" y="${y}" class="end">${names.join('')}</text>`;
}

function drawPath(
  points: readonly Point[],
  x: (at: number) => number,
  y: (value: number) => number,
  style: string,
): string {
  const steps = points.map(({ at, value }, i) => `${i === 0 ? 'M' : 'L'}${round(x(at))} ${round(y(value))}`);
  return `<path class="${style}" d="${steps.join('')}"/>`;
}

function formatMinutes(minutes: number): string {
  return minutes < 1 ? `${Math.round(minutes * 60)} seconds` : `${Math.round(minutes)} minutes`;
}
