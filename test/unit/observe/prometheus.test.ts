import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { METRICS, type MetricDefinition } from '../../../src/observe/metrics/definitions.ts';
import { Folder } from '../../support/folder.ts';

// The files for Prometheus and Grafana under deploy/.
const ROOT = join(import.meta.dirname, '../../..');
const RULES = join(ROOT, 'deploy/prometheus/beat.rules.yaml');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const promtool = (...args: readonly string[]) => spawnSync('promtool', args, { encoding: 'utf8', cwd: ROOT });
const hasPromtool = promtool('--version').error === undefined;

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

/** The names of the samples that a page of metrics may have. */
const SAMPLES = new Set(
  Object.entries<MetricDefinition>(METRICS).flatMap(([name, { type }]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
const used = (expr: string) => expr.match(/\bbeat_\w+/g) ?? [];

const rules = (parse(read('deploy/prometheus/beat.rules.yaml')) as Rules).groups[0]!.rules;
const dashboard = JSON.parse(read('deploy/grafana/beat.json')) as { panels: readonly Panel[] };
const targets = dashboard.panels.flatMap(({ title, targets: all = [] }) => all.map(({ expr }) => ({ title, expr })));

describe('alert rules for Prometheus', () => {
  test.each(rules)('$alert uses metrics that beat has', ({ expr }) => {
    expect(used(expr).filter((name) => !SAMPLES.has(name))).toEqual([]);
  });

  test('docs/metrics.md lists each alert', () => {
    const listed = read('docs/metrics.md').match(/(?<=^\| `)Beat\w+/gm);
    expect(listed).toEqual(rules.map(({ alert }) => alert));
  });

  test.skipIf(!hasPromtool)(
    'promtool accepts them, and each fires when it should (skipped without promtool, of Debian package prometheus)',
    () => {
      const checked = promtool('check', 'rules', RULES);
      expect(checked.status, checked.stderr).toBe(0);
      const tested = promtool('test', 'rules', RULES.replace('.rules.', '.rules.test.'));
      expect(tested.status, tested.stdout + tested.stderr).toBe(0);
    },
  );
});

describe('Grafana dashboard', () => {
  test.each(targets)('the panel $title uses metrics that beat has: $expr', ({ expr }) => {
    expect(used(expr).filter((name) => !SAMPLES.has(name))).toEqual([]);
  });

  test('has panels for outcomes by state, the runtime of tasks, and failures of entries', () => {
    const shown = new Set(targets.flatMap(({ expr }) => used(expr)));
    expect(shown).toContain('beat_outcomes_total');
    expect(shown).toContain('beat_task_runtime_seconds_bucket');
    expect(shown).toContain('beat_entry_outcomes_total');
  });

  test('panels have different ids, descriptions, and places that do not overlap', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    for (const panel of panels) if (panel.targets) expect(panel.description).not.toBe('');
  });

  test.skipIf(!hasPromtool)(
    'promtool parses each query (skipped without promtool, of Debian package prometheus)',
    () => {
      using folder = new Folder();
      const expr = (text: string) => text.replace('$__rate_interval', '5m').replace('$job', 'beat');
      const recorded = targets.map((target, i) => ({ record: `panel_${i}`, expr: expr(target.expr) }));
      const path = folder.write('queries.json', JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }));
      const checked = promtool('check', 'rules', path);
      expect(checked.status, checked.stderr).toBe(0);
    },
  );
});
