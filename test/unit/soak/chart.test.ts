import { expect, test } from 'vitest';
import { makeLogTicks, makeTicks } from '../../../bench/svg.ts';
import { drawChart } from '../../../soak/chart.ts';
import { judgeLines, makePanels } from '../../../soak/lines.ts';
import { PLAN } from '../../../soak/plan.ts';
import type { SoakResult } from '../../../soak/run-soak.ts';
import type { Disturbance, Sample } from '../../../soak/samples.ts';
import { createUsage } from '../../../soak/users.ts';

const COUNT = 200;
const EVERY = PLAN.sampleEvery;

interface Values {
  /** Megabytes of the first instance. */
  readonly memory?: (i: number) => number;
  readonly p99?: (i: number) => number;
  readonly machine?: (i: number) => number;
  readonly disturbances?: readonly Disturbance[];
}

/** Three instances, whose lines are level unless given. */
function makeResult({
  memory = () => 200,
  p99 = () => 8,
  machine = () => 3,
  disturbances = [],
}: Values = {}): SoakResult {
  const samples = Array.from({ length: COUNT }, (_, i): Sample => {
    const instance = (slot: number) => ({
      ...{ pid: slot, age: 10 * i, leads: slot === 0, descriptors: 36, processor: 0.05, loop: 4 },
      megabytes: slot === 0 ? memory(i) : 150,
    });
    return {
      at: (i + 1) * EVERY,
      instances: [0, 1, 2].map(instance),
      store: { megabytes: 8, keys: 40 },
      late: { p50: 4, p99: p99(i), most: p99(i) },
      burst: 90,
      rate: 60,
      machine: machine(i),
    };
  });
  return {
    ...{ plan: PLAN, machine: 'test', startedAt: 0, endedAt: COUNT * EVERY, samples, disturbances },
    ...{ usage: createUsage(), runs: 1_000, lost: [], doubled: [], crashes: [] },
  };
}

const findRising = (values: Values) =>
  judgeLines(makePanels(makeResult(values)))
    .filter(({ isLevel }) => !isLevel)
    .map(({ panel, line }) => `${panel.title}, ${line.name}`);

test('soak: level lines are level', () => {
  expect(findRising({})).toEqual([]);
});

test('soak: memory that rises in the second half is reported, and memory that rose only in the first is not', () => {
  expect(findRising({ memory: (i) => 200 + i })).toEqual(['Resident memory, instance 0']);
  expect(findRising({ memory: (i) => 200 + Math.min(i, COUNT / 2) })).toEqual([]);
});

test('soak: lateness that rises is reported, unless the machine becomes busier too', () => {
  const late = `Lateness of ${PLAN.steady} runs a second`;
  expect(findRising({ p99: (i) => 8 + i })).toEqual([`${late}, p99`, `${late}, maximum`]);
  expect(findRising({ p99: (i) => 8 + i, machine: (i) => 3 + i })).toEqual([]);
});

test('soak: memory that rises is reported also while the machine becomes busier', () => {
  expect(findRising({ memory: (i) => 200 + i, machine: (i) => 3 + i })).toEqual(['Resident memory, instance 0']);
});

test('soak: samples during a disturbance are drawn, and not judged', () => {
  const from = 100 * EVERY;
  const disturbances = [{ kind: 'kill', slot: 0, from, to: from + EVERY }];
  const [, lateness] = makePanels(makeResult({ disturbances }));
  const [line] = lateness!.lines;
  expect(line!.points.some(({ at }) => at === from + EVERY)).toBe(true);
  expect(line!.judged.some(({ at }) => at === from + EVERY)).toBe(false);
  expect(line!.judged.some(({ at }) => at === from + 4 * EVERY)).toBe(true);
});

test('soak: the chart has a path for each line and a mark for each disturbance, and names its unit', () => {
  const result = makeResult({ disturbances: [{ kind: 'stop', slot: 1, from: 5 * EVERY, to: 6 * EVERY }] });
  const panels = makePanels(result);
  const svg = drawChart(result, panels);
  const lines = panels.flatMap((panel) => panel.lines);
  expect(svg.match(/<path /g)).toHaveLength(lines.length);
  // One in the legend, too.
  expect(svg.match(/class="stop"/g)).toHaveLength(1 + panels.length);
  expect(svg).toContain('Resident memory (MB)');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test.for([
  [17, [0, 5, 10, 15, 20]],
  [60, [0, 20, 40, 60]],
  [0, [0, 1]],
] as const)('charts: ticks up to %d', ([most, ticks]) => {
  expect(makeTicks(most)).toEqual(ticks);
});

test('charts: logarithmic ticks include all values', () => {
  expect(makeLogTicks(3, 450)).toEqual([1, 10, 100, 1_000]);
  expect(makeLogTicks(10, 10)).toEqual([10, 100]);
});
