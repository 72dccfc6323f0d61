import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { assemble } from '../../../../src/import/assemble.ts';
import { compareEntries } from '../../../../src/import/compare.ts';
import { importCronJobs } from '../../../../src/import/kubernetes/convert.ts';

const LIST = join(import.meta.dirname, '../../../fixtures/kubernetes/list.yaml');

const load = (text: string, lastRuns = false) =>
  assemble(importCronJobs([{ path: 'jobs.yaml', text }], 'UTC'), lastRuns);

interface Parts {
  readonly spec?: object;
  readonly job?: object;
  readonly pod?: object;
  readonly container?: object;
  readonly more?: object;
}

const manifest = ({ spec, job, pod, container, more }: Parts = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'a' },
  spec: {
    schedule: '0 1 * * *',
    jobTemplate: {
      spec: {
        template: { spec: { containers: [{ name: 'a', image: 'busybox', command: ['run'], ...container }], ...pod } },
        ...job,
      },
    },
    ...spec,
  },
  ...more,
});
const one = (parts: Parts = {}) => load(stringify(manifest(parts)));
const entryOf = (parts: Parts = {}) => one(parts).config.beatSchedule['a'];
const leftOf = (parts: Parts = {}) => one(parts).left.map(({ kind = 'missing', reason }) => `${kind}: ${reason}`);

const RETRIES = 'different: backoffLimit 6, the default of Kubernetes: workers do not repeat failed commands';
const IMAGE = 'different: image busybox: the host of the worker needs its programs';

test('import of CronJobs: reads a list as kubectl writes it', () => {
  const { config, left, entries } = load(readFileSync(LIST, 'utf8'), true);
  expect(config).toEqual({
    timezone: 'UTC',
    beatSchedule: {
      backup: {
        description: "Nightly copy of the shop's database.",
        schedule: { cron: '30 2 * * *' },
        timezone: 'Europe/Oslo',
        shell: {
          command: 'pg_dump shop | gzip > /backup/$(date +%F).gz',
          cwd: '/srv',
          env: { DATABASE: 'shop' },
          timeout: 1_800,
        },
        startingDeadline: 600,
        lastRunAt: '2026-11-22T01:30:00.000Z',
      },
      'blog/backup': {
        schedule: { cron: '@hourly' },
        shell: `/usr/bin/report --title 'it'\\''s "here"'`,
        enabled: false,
      },
    },
  });
  expect(left.map(({ place, reason }) => `${place}: ${reason}`)).toEqual([
    'jobs.yaml:3 CronJob backup: concurrencyPolicy Forbid: without a resultBackend beat starts a run while the one before it runs: add resultBackend: db+sqlite:///results.sqlite and overlap: skip, or begin the command with flock -n FILE',
    'jobs.yaml:3 CronJob backup: backoffLimit 2: workers do not repeat failed commands',
    'jobs.yaml:3 CronJob backup: env PGPASSWORD: from a Secret, a ConfigMap or the pod: set them in the environment of the worker',
    'jobs.yaml:3 CronJob backup: image postgres:17: the host of the worker needs its programs',
    'jobs.yaml:3 CronJob backup: volumes, volumeMounts: the worker runs the command as it runs itself',
    'jobs.yaml:70 CronJob backup: backoffLimit 6, the default of Kubernetes: workers do not repeat failed commands',
    'jobs.yaml:70 CronJob backup: image report:1: the host of the worker needs its programs',
  ]);
  const after = new Date('2026-11-22T12:00:00Z');
  const [{ instants } = { instants: [] }] = compareEntries(entries, { count: 2, after });
  expect(instants.map(({ source }) => source?.toISOString())).toEqual([
    '2026-11-23T01:30:00.000Z',
    '2026-11-24T01:30:00.000Z',
  ]);
  for (const { source, result } of instants) expect(result).toEqual(source);
});

test('import of CronJobs: jobs of the same name without a namespace become separate entries', () => {
  const files = ['dev', 'staging', 'prod'].map((folder) => {
    const text = stringify(manifest({ container: { command: [folder] } }));
    return { path: `${folder}.yaml`, text };
  });
  const { config, left } = assemble(importCronJobs(files, 'UTC'), false);
  const commands = Object.entries(config.beatSchedule).map(([name, { shell }]) => [name, shell]);
  expect(commands).toEqual([
    ['a', 'dev'],
    ['a-2', 'staging'],
    ['a-3', 'prod'],
  ]);
  const names = left.filter(({ reason }) => !/^(?:image|backoffLimit)/.test(reason));
  expect(names).toEqual([
    {
      kind: 'different',
      place: 'prod.yaml:1 CronJob a',
      reason: 'the entry is named a-3, because another entry is named a',
    },
    {
      kind: 'different',
      place: 'staging.yaml:1 CronJob a',
      reason: 'the entry is named a-2, because another entry is named a',
    },
  ]);
});

test('import of CronJobs: a name is unique also where the namespace is the same', () => {
  const metadata = { name: 'a', namespace: 'shop' };
  const text = [1, 2, 3].map(() => stringify(manifest({ more: { metadata } }))).join('---\n');
  expect(Object.keys(load(text).config.beatSchedule)).toEqual(['a', 'shop/a', 'shop/a-2']);
});

test('import of CronJobs: reads several documents, JSON, and other kinds beside them', () => {
  const service = stringify({ apiVersion: 'v1', kind: 'Service' });
  const comment = '# Cleans up.\n# Twice.\n';
  const yaml = [service, comment + stringify(manifest()), '', '# nothing'].join('---\n');
  expect(load(yaml).config.beatSchedule).toEqual({
    a: { description: 'Cleans up.\nTwice.', schedule: { cron: '0 1 * * *' }, shell: 'run' },
  });
  expect(load(JSON.stringify(manifest())).config.beatSchedule).toHaveProperty('a');
});

test('import of CronJobs: a zone may stand before the schedule', () => {
  for (const prefix of ['TZ', 'CRON_TZ']) {
    expect(entryOf({ spec: { schedule: `${prefix}=Asia/Tokyo 0 1 * * *` } })).toMatchObject({
      schedule: { cron: '0 1 * * *' },
      timezone: 'Asia/Tokyo',
    });
  }
  expect(entryOf({ spec: { schedule: '@every 1h30m' } })).toMatchObject({ schedule: { cron: '@every 1h30m' } });
  expect(entryOf({ spec: { schedule: '0 1 ? * 1-5' } })).toBeDefined();
});

test('import of CronJobs: words of a command are quoted, and a script of a shell stays as it is', () => {
  const shellOf = (container: object) => entryOf({ container })?.shell;
  expect(shellOf({ command: ['a', '$HOME', ''], args: ['x y', '*'] })).toBe("a '$HOME' '' 'x y' '*'");
  expect(shellOf({ command: ['bash', '-c', 'a | b'] })).toEqual({ command: 'a | b', shell: 'bash' });
  expect(shellOf({ command: ['/bin/sh', '-ec', 'a | b'] })).toBe("/bin/sh -ec 'a | b'");
  expect(shellOf({ command: ['sh', '-c', 'a "$0"', 'x'] })).toBe(`sh -c 'a "$0"' x`);
});

test('import of CronJobs: variables are replaced as Kubernetes does', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)2' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ];
  const command = ['run', '$(B)', '$$(B)', '$(NODE)', '$(date)', '$5'];
  expect(entryOf({ container: { command, env } })?.shell).toEqual({
    command: `run 12 '$(B)' "$NODE" '$(date)' '$5'`,
    env: { A: '1', B: '12' },
  });
});

const PASSWORD = { name: 'PW', valueFrom: { secretKeyRef: { name: 'db', key: 'pw' } } };
const READ_BY_COMMAND = /^different: \$\(NAME\) became "\$PW": .*worker's environment/;

test('import of CronJobs: a word with $(NAME) of a Secret reads the variable from the environment of the worker', () => {
  const container = { command: ['run', '--pw=$(PW) x', '$$(PW)', '$(PW)'], env: [PASSWORD] };
  expect(entryOf({ container })?.shell).toBe(`run --pw="$PW"' x' '$(PW)' "$PW"`);
  expect(leftOf({ container })).toEqual([
    RETRIES,
    'different: env PW: from a Secret, a ConfigMap or the pod: set them in the environment of the worker',
    expect.stringMatching(READ_BY_COMMAND),
    IMAGE,
  ]);
});

test('import of CronJobs: $(NAME) of a Secret has the effect of a text between the quotes of a script', () => {
  const script = `a $(PW) "b$(PW)c \\"$(PW)" 'd$(PW)' \\'$(PW) $(date) $$(PW)`;
  const container = { command: ['sh', '-c', script], env: [PASSWORD] };
  const expected = `a "$PW" "b\${PW}c \\"$PW" 'd'"$PW"'' \\'"$PW" $(date) $(PW)`;
  expect(entryOf({ container })?.shell).toBe(expected);
  const shell = ['-c', expected.replace('$(date)', 'D').replace('$(PW)', 'E').replace('a ', "printf '%s|' ")];
  const { stdout } = spawnSync('sh', shell, { encoding: 'utf8', env: { PW: 'x  y' } });
  expect(stdout).toBe(`x  y|bx  yc "x  y|dx  y|'x  y|D|E|`);
});

test('import of CronJobs: a variable that is made of a Secret is set in the command', () => {
  const env = [
    { name: 'EARLY', value: '$(PW)' },
    PASSWORD,
    { name: 'URL', value: 'pg://u:$(PW)@host' },
    { name: 'ALL', value: '$(URL)/db' },
  ];
  const container = { command: ['psql', '$(ALL)'], env };
  expect(entryOf({ container })?.shell).toEqual({
    command: `export URL=pg://u:"$PW"@host; export ALL="$URL"/db; psql "$ALL"`,
    env: { EARLY: '$(PW)' },
  });
  expect(leftOf({ container })).toContainEqual(expect.stringMatching(READ_BY_COMMAND));
});

test('import of CronJobs: with envFrom, $(NAME) in capitals is a variable, and $(date) is not', () => {
  const envFrom = [{ configMapRef: { name: 'c' } }];
  const container = { command: ['sh', '-c', 'run $(HOST_1) $(date)'], envFrom };
  expect(entryOf({ container })?.shell).toBe('run "$HOST_1" $(date)');
});

test('import of CronJobs: an empty image is not named', () => {
  expect(leftOf({ container: { image: '' } })).toEqual([RETRIES]);
  expect(leftOf({ container: { image: undefined } })).toEqual([RETRIES]);
});

test('import of CronJobs: no retries are lost with backoffLimit 0', () => {
  expect(leftOf({ job: { backoffLimit: 0 } })).toEqual([IMAGE]);
});

test.each([
  [{ container: { command: [] } }, /^missing: the command is in the image busybox/],
  [{ container: { command: [], image: '' } }, /^missing: there is neither a command nor an image/],
  [{ container: { command: ['run', { a: 1 }] } }, /^missing: command\[1\]: expected a text, got \{"a":1\}/],
  [{ container: { args: [null] } }, /^missing: args\[0\]: expected a text, got null/],
  [{ container: { command: 'run' } }, /^missing: command: expected a list of texts/],
  [{ container: { env: [{ name: 'A', value: {} }] } }, /^missing: env A: expected a text/],
  [
    {
      container: { args: ['$(a.b)'], env: [{ name: 'a.b', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
    },
    /^missing: \$\(a\.b\): no shell can read this name/,
  ],
  [{ pod: { containers: [{}, {}] } }, /^missing: expected one container/],
  [{ pod: { initContainers: [{ name: 'b' }] } }, /^missing: expected one container/],
  [{ spec: { schedule: '61 * * * *' } }, /^missing: schedule\.cron: .*61/],
  [{ spec: { schedule: '0 0 */2 * 1' } }, /^missing: schedule .* either field/],
  [{ spec: { timeZone: 'Mars/Base' } }, /^missing: timezone: .*Mars/],
  [{ more: { apiVersion: 'batch/v2alpha1' } }, /^missing: apiVersion: expected batch\/v1 or/],
])('import of CronJobs: %o is left out, with the reason', (parts, reason) => {
  expect(leftOf(parts).find((line) => line.startsWith('missing'))).toMatch(reason);
  expect(entryOf(parts)).toBeUndefined();
});

test('import of CronJobs: lists settings around the command, except defaults', () => {
  expect(leftOf({ pod: { securityContext: {}, restartPolicy: 'Never' } })).toEqual([RETRIES, IMAGE]);
  expect(leftOf({ pod: { serviceAccountName: 'shop' }, job: { parallelism: 2 } })).toEqual([
    RETRIES,
    'different: parallelism: each run is one command',
    IMAGE,
    'different: serviceAccountName: the worker runs the command as it runs itself',
  ]);
  expect(leftOf({ container: { envFrom: [{ secretRef: { name: 's' } }] } })).toEqual([
    RETRIES,
    expect.stringMatching(/^different: envFrom: from a Secret/),
    IMAGE,
  ]);
});

test('import of CronJobs: a document that is not YAML is listed with its line, and the others are imported', () => {
  const { config, left } = load(`a: {{ .Values.name }}-b\n---\n${stringify(manifest())}`);
  expect(config.beatSchedule).toHaveProperty('a');
  expect(left[0]).toMatchObject({
    place: 'jobs.yaml:1',
    reason: expect.stringMatching(/^invalid YAML: .*render templates first/) as string,
  });
});
