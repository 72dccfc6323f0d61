import { findAftermath } from './plan.ts';
import type { SoakResult } from './run-soak.ts';
import type { InstanceSample, Sample } from './samples.ts';
import { findTrend, type Point, type Trend } from './trend.ts';

/** A line of the chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** The points that show whether it is flat: of the second half, without those that a disturbance or a start explains. */
  readonly judged: readonly Point[];
}

/** A small chart. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly logarithmic?: boolean;
  /** A rise of less than this over the second half is not one, in the unit of the panel. */
  readonly tolerance: number;
  /** Whether its values depend on how busy the machine is, or are how busy it is. */
  readonly machine?: 'affects' | 'is';
}

export interface JudgedLine {
  readonly panel: Panel;
  readonly line: Line;
  /** `null` for too few points. */
  readonly trend: Trend | null;
  readonly verdict: string;
  readonly isLevel: boolean;
}

/** How long after a start memory still grows: code is compiled and caches fill. Seconds. */
const WARM_UP = 180;

export function makePanels({ plan, samples, disturbances, startedAt, endedAt }: SoakResult): Panel[] {
  const middle = (startedAt + endedAt) / 2;
  const aftermath = findAftermath(plan);
  const isCalm = ({ at }: Sample) => {
    const from = at - plan.sampleEvery;
    return !disturbances.some((each) => each.from <= at && each.to + aftermath >= from);
  };
  const line = (
    name: string,
    read: (sample: Sample) => number | null | undefined,
    isJudged: (sample: Sample) => boolean = () => true,
  ): Line => {
    const point = (sample: Sample): Point[] => {
      const value = read(sample);
      return value === null || value === undefined || Number.isNaN(value) ? [] : [{ at: sample.at, value }];
    };
    const late = samples.filter((sample) => sample.at >= middle && isJudged(sample));
    return { name, points: samples.flatMap(point), judged: late.flatMap(point) };
  };
  const perInstance = (read: (instance: InstanceSample) => number | null, isJudged: (sample: Sample) => boolean) =>
    Array.from({ length: plan.instances }, (_, slot) =>
      line(
        `instance ${slot}`,
        (sample) => {
          const instance = sample.instances[slot];
          return instance ? read(instance) : null;
        },
        (sample) => isJudged(sample) && (sample.instances[slot]?.age ?? 0) >= WARM_UP,
      ),
    );
  return [
    {
      title: 'Resident memory',
      unit: 'MB',
      tolerance: 2,
      lines: perInstance(
        ({ megabytes }) => megabytes,
        () => true,
      ),
    },
    {
      title: `Lateness of ${plan.steady} runs a second`,
      unit: 'ms',
      ...TIME,
      lines: [
        line('p50', ({ late }) => late?.p50, isCalm),
        line('p99', ({ late }) => late?.p99, isCalm),
        line('maximum', ({ late }) => late?.most, isCalm),
      ],
    },
    { title: 'File descriptors', unit: '', tolerance: 1, lines: perInstance(({ descriptors }) => descriptors, isCalm) },
    {
      title: `Last of ${plan.burst.toLocaleString('en')} runs at the full minute`,
      unit: 'ms',
      ...TIME,
      lines: [line('after', ({ burst }) => burst, isCalm)],
    },
    {
      title: 'Loop delay, p99',
      unit: 'ms',
      ...TIME,
      lines: perInstance(({ loop }) => loop, isCalm),
    },
    { title: 'Memory of Redis', unit: 'MB', tolerance: 0.2, lines: [line('used', ({ store }) => store.megabytes)] },
    {
      title: 'Processor',
      unit: '% of a core',
      tolerance: 2,
      machine: 'affects',
      lines: perInstance(({ processor }) => (processor === null ? null : 100 * processor), isCalm),
    },
    {
      title: 'Machine: delay of an idle thread, at most',
      unit: 'ms',
      ...TIME,
      machine: 'is',
      lines: [line('late', ({ machine }) => machine)],
    },
  ];
}

/** Times on a logarithmic axis. */
const TIME = { logarithmic: true, tolerance: 5, machine: 'affects' } as const;

/** Finds the trend of each line. A rise of what a busy machine delays proves nothing while the machine is busier, too. */
export function judgeLines(panels: readonly Panel[]): JudgedLine[] {
  const isBusier = panels.some(
    ({ machine, lines, tolerance }) =>
      machine === 'is' && lines.some(({ judged }) => findTrend(judged, tolerance)?.verdict === 'rises'),
  );
  return panels.flatMap((panel) =>
    panel.lines.map((line): JudgedLine => {
      const trend = findTrend(line.judged, panel.tolerance);
      const { verdict = 'too few samples' } = trend ?? {};
      if (verdict !== 'rises') return { panel, line, trend, verdict, isLevel: true };
      if (panel.machine === 'is') return { panel, line, trend, verdict: 'busier', isLevel: true };
      const isExcused = panel.machine === 'affects' && isBusier;
      return { panel, line, trend, verdict: isExcused ? 'rises with the machine' : 'rises', isLevel: isExcused };
    }),
  );
}
