import { expect, test } from 'vitest';
import { Program } from '../../chaos/program.ts';
import { judgeLines, makePanels } from '../../soak/lines.ts';
import { PLAN } from '../../soak/plan.ts';
import { findViolations, formatReport } from '../../soak/report.ts';
import { runSoak } from '../../soak/run-soak.ts';
import { drawChart } from '../../soak/chart.ts';

/** Seconds of everything that a soak does. */
const SHORT = {
  ...PLAN,
  ...{ minutes: 0.15, instances: 2, lockTtlSeconds: 1, steady: 3, burst: 5, stored: 4, earlierCommands: 20 },
  ...{ sampleEvery: 500, commandEvery: 100, requestEvery: 50, reloadEvery: 1_500, faultEvery: 3_000, freeze: 2_000 },
};

test('soak: a short soak under commands, reloads and takeovers loses and doubles no run, and measures every line', async () => {
  using program = new Program();
  const result = await runSoak(SHORT, program.script);
  const { lost, doubled, crashed, unanswered } = findViolations(result);
  expect({ lost, doubled, crashed, unanswered }).toEqual({ lost: [], doubled: [], crashed: [], unanswered: [] });
  const { usage, disturbances, runs } = result;
  for (const count of [usage.applied, usage.reloads, usage.requests, disturbances.length, runs]) {
    expect(count).toBeGreaterThan(0);
  }
  const panels = makePanels(result);
  const unmeasured = panels.flatMap(({ title, lines }) =>
    lines.filter(({ points }) => points.length === 0).map(() => title),
  );
  // The burst needs a full minute.
  expect(unmeasured.filter((title) => !title.includes('at the full minute'))).toEqual([]);
  expect(drawChart(result, panels)).not.toMatch(/NaN|Infinity|undefined/);
  expect(formatReport(result, judgeLines(panels))).toContain(': 0 lost, 0 doubled');
});
