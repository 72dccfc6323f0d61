import { readFigures } from './figures.ts';
import { count } from './stats.ts';
import { drawLine, drawSvg, drawText, round } from './svg.ts';
import type { Results } from './results.ts';

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Bars of beat have its color. */
  readonly isBeat: boolean;
}

interface Panel {
  readonly title: string;
  readonly note: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 980;
const [HEAD, PANEL_HEAD, ROW, GAP] = [58, 50, 26, 22];
const [NAME, VALUE] = [260, 150];
const BAR = 14;

/** Draws beat beside its peers: bars of the figures of one run each, from 0. */
export function drawComparison(results: Results): string {
  const panels = [drawnBurst(results), drawnTakeover(results), drawnNext(results)].filter(
    ({ bars }) => bars.length > 0,
  );
  let y = HEAD;
  const parts = [drawText(24, 34, 'beat and its peers, each measured in the same run', 'head')];
  for (const panel of panels) {
    parts.push(...drawPanel(panel, y));
    y += PANEL_HEAD + panel.bars.length * ROW + GAP;
  }
  const label = panels
    .map(({ title, bars }) => `${title}: ${bars.map((bar) => `${bar.name} ${show(bar)}`).join(', ')}`)
    .join('. ');
  return drawSvg(WIDTH, y, label, parts);
}

function drawPanel({ title, note, bars }: Panel, top: number): string[] {
  const left = 24 + NAME;
  const most = Math.max(...bars.map(({ value }) => value));
  const width = WIDTH - left - VALUE;
  const bottom = top + PANEL_HEAD + bars.length * ROW - 6;
  return [
    drawText(24, top + 14, title, 'title'),
    drawText(24, top + 32, note, 'soft'),
    ...bars.flatMap((bar, i) => {
      const y = top + PANEL_HEAD + i * ROW;
      const length = Math.max(1.5, (width * bar.value) / most);
      return [
        drawText(left - 10, y + 11, bar.name, 'end'),
        `<rect x="${left}" y="${y}" width="${round(length)}" height="${BAR}" rx="2" class="${bar.isBeat ? 'f0' : 'other'}"/>`,
        drawText(left + length + 8, y + 11, show(bar), 'tick'),
      ];
    }),
    drawLine([left, top + PANEL_HEAD - 6], [left, bottom], 'axis'),
  ];
}

function drawnBurst(results: Results): Panel {
  const names = [/^beat, [\d,]+ entries due at once$/, /^RedBeat, 5,000/, /^celery beat, 5,000/];
  return {
    title: 'A burst: entries due at the same instant, to the last message in Redis',
    note: 'messages per second; more is better',
    bars: findBars(results, 'burst', names),
  };
}

function drawnTakeover(results: Results): Panel {
  const names = [/^beat on Redis, leader stopped, lock of 8 s$/, /^RedBeat on Redis, leader stopped, lock of 8 s$/];
  const killed = [/^beat on Redis, leader killed, lock of 8 s$/, /^RedBeat on Redis, leader killed, lock of 8 s$/];
  return {
    title: 'A takeover: from the end of the leader until the other instance leads',
    note: 'milliseconds, with a lock of 8 seconds; less is better. After a kill, all wait until the lock expires',
    bars: findBars(results, 'takeover', [...names, ...killed]),
  };
}

function drawnNext(results: Results): Panel {
  const row = results['next()']?.rows.find(({ what }) => what.startsWith('30 4 * * *  Europe/Berlin'));
  const own = row && readFigures(row)[0]?.value;
  const peer = /cron-parser ([\d.]+) µs/.exec(row?.behind ?? '')?.[1];
  const bars =
    own === undefined || peer === undefined
      ? []
      : [
          { name: 'beat', value: own, unit: 'µs', isBeat: true },
          { name: 'cron-parser', value: Number(peer), unit: 'µs', isBeat: false },
        ];
  return {
    title: 'The next instant of 30 4 * * * in Europe/Berlin',
    note: 'microseconds for a new instant; less is better',
    bars,
  };
}

function findBars(results: Results, bench: string, names: readonly RegExp[]): Bar[] {
  const rows = results[bench]?.rows ?? [];
  return names.flatMap((name) => {
    const row = rows.find(({ what }) => name.test(what));
    const figure = row && readFigures(row)[0];
    if (!figure) return [];
    const shown = row.what.replace(' due at once', '').replace(', lock of 8 s', '');
    return [{ name: shown, value: figure.value, unit: figure.unit, isBeat: row.what.startsWith('beat') }];
  });
}

function show({ value, unit }: Bar): string {
  return `${value < 10 ? value.toFixed(2).replace(/\.?0+$/, '') : count(value)} ${unit}`;
}
