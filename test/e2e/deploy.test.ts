import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { runCommand } from '../support/command.ts';
import { Folder } from '../support/folder.ts';
import { findCodeBlocks } from '../support/markdown.ts';

// What these files promise; scripts/deploy-test.sh checks them with the tools of their formats.
const ROOT = join(import.meta.dirname, '../..');
const CHART = 'deploy/kubernetes/celery-beat';

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ['--help'], { stdio: 'ignore' }).error === undefined;
}

interface Package {
  readonly dev?: boolean;
  readonly [field: string]: unknown;
}

test('dependencies: none is for one platform, compiles code or runs a script when it is installed', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> };
  const production = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(production.length).toBeGreaterThan(50);
  const specific = ['os', 'cpu', 'libc', 'hasInstallScript', 'gypfile'];
  const found = production.filter(([, each]) => specific.some((field) => field in each));
  expect(found.map(([path]) => path)).toEqual([]);
  const native = production.flatMap(([path]) => globSync(`${path}/**/*.{node,wasm,so,dll,dylib}`, { cwd: ROOT }));
  expect(native).toEqual([]);
});

interface Compose {
  readonly services: Record<
    string,
    { readonly command: string[]; readonly environment: Record<string, string>; readonly [field: string]: unknown }
  >;
}

test('compose.yaml: Redis persists and evicts nothing, and two restricted beats use the broker of the worker', () => {
  const { redis, worker, beat } = (parse(read('compose.yaml')) as Compose).services;
  expect(redis!.command.join(' ')).toBe('redis-server --appendonly yes --maxmemory-policy noeviction');
  expect(beat).toMatchObject({
    deploy: { replicas: 2 },
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  expect(beat!.environment['BEAT_BROKER_URL']).toBe(worker!.environment['CELERY_BROKER_URL']);
});

test('compose.yaml: publishes the dashboard of each beat on this host only', () => {
  const { beat } = (parse(read('compose.yaml')) as Compose).services;
  expect(beat!['ports']).toEqual([{ host_ip: '127.0.0.1', published: '8040-8041', target: 8040 }]);
  expect(beat!.environment).toMatchObject({
    BEAT_HTTP: '0.0.0.0:8040',
    BEAT_HTTP_READ_TOKEN: expect.stringMatching(/^\$\{BEAT_HTTP_READ_TOKEN:-.{16,}\}$/) as string,
    BEAT_HTTP_CHANGE_TOKEN: '${BEAT_HTTP_CHANGE_TOKEN:-}',
  });
});

test.skipIf(!isInstalled('systemd-analyze'))('systemd units: systemd-analyze verify finds no error', () => {
  const units = globSync('deploy/systemd/*.service', { cwd: ROOT });
  const { stderr } = spawnSync('systemd-analyze', ['verify', ...units], { cwd: ROOT, encoding: 'utf8' });
  // The executables are not installed here.
  expect(stderr.split('\n').filter((line) => !/^$|is not executable/.test(line))).toEqual([]);
});

describe('Kubernetes', () => {
  interface Manifest {
    readonly kind: string;
    readonly data: Record<string, string>;
    readonly spec: {
      readonly replicas: number;
      readonly template: {
        readonly spec: {
          readonly containers: {
            readonly args: string[];
            readonly env: { readonly name: string; readonly value: string }[];
            readonly volumeMounts: { readonly mountPath: string; readonly subPath?: string }[];
            readonly [field: string]: unknown;
          }[];
          readonly [field: string]: unknown;
        };
      };
    };
  }
  const EXAMPLE = 'deploy/kubernetes/example.yaml';
  const manifests = parseAllDocuments(read(EXAMPLE)).map((each) => each.toJS() as Manifest);
  const find = (kind: string) => manifests.find((each) => each.kind === kind)!;

  test('manifest: has a Deployment of two instances, their files, their budget and their network policy', () => {
    expect(manifests.map(({ kind }) => kind).toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
    ]);
    expect(find('Deployment').spec.replicas).toBe(2);
  });

  test('manifest: meets the restricted profile of Pod Security', () => {
    const { spec } = find('Deployment').spec.template;
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(spec.containers).toHaveLength(1);
    expect(spec.containers[0]!['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    // The user of the image.
    expect(read('Dockerfile')).toContain('USER 10001:10001\n');
  });

  test('manifest: reloads schedules from a folder, and reads URLs from files', () => {
    const [container] = find('Deployment').spec.template.spec.containers;
    expect(container!.args).toEqual(['--watch']);
    expect(container!.volumeMounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
    const folders = container!.volumeMounts.map(({ mountPath }) => mountPath);
    expect(read('Dockerfile')).toContain('BEAT_CONFIG=/etc/beat\n');
    expect(folders).toContain('/etc/beat');
    const files = container!.env.filter(({ name }) => name.endsWith('_FILE'));
    expect(files).toEqual([{ name: 'BEAT_BROKER_URL_FILE', value: '/run/secrets/beat/broker-url' }]);
    expect(folders).toContain('/run/secrets/beat');
  });

  test('manifest: its probes are commands of the image, and its schedules are valid', async () => {
    const [container] = find('Deployment').spec.template.spec.containers;
    const script = /"node", "([^"]+)", "healthcheck"/.exec(read('Dockerfile'))![1]!;
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(container![probe]).toMatchObject({
        exec: { command: expect.arrayContaining(['node', script, 'healthcheck']) as string[] },
      });
    using folder = new Folder(find('ConfigMap').data);
    expect(await runCommand('check', '-c', folder.path)).toMatchObject({ code: 0, stderr: '' });
  });

  test('chart: its schema describes every value, and no other', () => {
    interface Schema {
      readonly properties?: Record<string, Schema>;
      readonly additionalProperties?: unknown;
    }
    const schema = JSON.parse(read(`${CHART}/values.schema.json`)) as Schema;
    const compare = ({ properties, additionalProperties }: Schema, values: unknown) => {
      if (!properties) return;
      expect(additionalProperties).toBe(false);
      // Helm passes `global` on from a parent chart.
      const described = Object.keys(properties).filter((name) => name !== 'global');
      expect(Object.keys(values as object).toSorted()).toEqual(described.toSorted());
      for (const [name, value] of Object.entries(values as object)) compare(properties[name]!, value);
    };
    compare(schema, parse(read(`${CHART}/values.yaml`)));
  });

  test('chart: has every value that docs/production.md sets', () => {
    const values = parse(read(`${CHART}/values.yaml`)) as Record<string, unknown>;
    const examples = findCodeBlocks(read('docs/production.md'))
      .filter(({ language }) => language === 'yaml')
      .map(({ code }) => parse(code) as Record<string, unknown>);
    const names = examples.flatMap((each) => Object.keys(each));
    expect(names).toEqual(expect.arrayContaining(['schedules', 'http', 'serviceMonitor']));
    expect(names.filter((name) => !(name in values))).toEqual([]);
    const files = examples.flatMap((each) => Object.values(each['schedules'] ?? {}) as string[]);
    for (const text of files) expect(parse(text)).toHaveProperty('beatSchedule');
  });

  test('chart: HTTP, ServiceMonitor, PrometheusRule and network policy are off by default', () => {
    const off = { enabled: false };
    expect(parse(read(`${CHART}/values.yaml`))).toMatchObject({
      http: { ...off, readToken: '', changeToken: '' },
      serviceMonitor: off,
      prometheusRule: off,
      networkPolicy: off,
    });
  });

  test('chart: its alert rules are those of deploy/prometheus (npm run docs copies them)', () => {
    const rules = read('deploy/prometheus/beat.rules.yaml');
    expect(read(`${CHART}/beat.rules.yaml`)).toBe(rules);
  });

  test('chart: its version of beat is that of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ appVersion: version });
  });

  describe.skipIf(!isInstalled('helm'))('chart (skipped where helm is not installed)', () => {
    const helm = (...values: readonly string[]) => {
      const args = ['template', 'celery-beat', CHART, '--kube-version', '1.31.0', ...values];
      return spawnSync('helm', args, { cwd: ROOT, encoding: 'utf8' });
    };
    const render = (...settings: readonly string[]) => {
      const { stdout } = helm('--set', ['urls.broker=redis://redis', ...settings].join(','));
      const rendered = parseAllDocuments(stdout).map((each) => each.toJS() as Manifest);
      return new Map(rendered.map((each) => [each.kind, each]));
    };
    const HTTP = ['http.enabled=true', 'http.port=9040', 'http.readToken=only-for-reading'];

    test('renders the manifest of the example', () => {
      expect(helm('--values', 'deploy/kubernetes/example.values.yaml').stdout).toBe(read(EXAMPLE));
    });

    test('HTTP: a Service, probes and the network policy use its port, and the token is a file', () => {
      const rendered = render(...HTTP, 'networkPolicy.enabled=true');
      const [container] = rendered.get('Deployment')!.spec.template.spec.containers;
      expect(container).toMatchObject({
        ports: [{ name: 'http', containerPort: 9040 }],
        startupProbe: { httpGet: { path: '/healthz', port: 'http' } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
      });
      expect(container!.env.filter(({ name }) => name.startsWith('BEAT_HTTP'))).toEqual([
        { name: 'BEAT_HTTP', value: '0.0.0.0:9040' },
        { name: 'BEAT_HTTP_READ_TOKEN_FILE', value: '/run/secrets/beat/http-read-token' },
      ]);
      expect(rendered.get('Secret')).toMatchObject({ stringData: { 'http-read-token': 'only-for-reading' } });
      expect(rendered.get('Service')!.spec).toMatchObject({ ports: [{ name: 'http', port: 9040 }] });
      expect(rendered.get('NetworkPolicy')!.spec).toMatchObject({
        ingress: [{ ports: [{ protocol: 'TCP', port: 9040 }] }],
      });
    });

    test('HTTP: a change token, in the chart or in a Secret of your own, permits commands', () => {
      const own = ['existingSecret.name=urls', 'existingSecret.hasChangeToken=true'];
      for (const settings of [['http.changeToken=also-for-commands'], own])
        expect(render(...HTTP, ...settings).get('Deployment')!.spec.template.spec.containers[0]!.env).toContainEqual({
          name: 'BEAT_HTTP_CHANGE_TOKEN_FILE',
          value: '/run/secrets/beat/http-change-token',
        });
    });

    test('the ServiceMonitor sends the read token, and the PrometheusRule has the rules of deploy/prometheus', () => {
      const on = ['serviceMonitor.enabled=true', 'prometheusRule.enabled=true'];
      const rendered = render(...HTTP, ...on);
      const credentials = { name: 'celery-beat', key: 'http-read-token' };
      expect(rendered.get('ServiceMonitor')!.spec).toMatchObject({
        endpoints: [{ port: 'http', path: '/metrics', authorization: { credentials } }],
      });
      const rules: unknown = parse(read('deploy/prometheus/beat.rules.yaml'));
      expect(rendered.get('PrometheusRule')!.spec).toEqual(rules);
    });

    test.each([
      ['HTTP without a token', 'http.enabled=true', 'set http.readToken'],
      ['a ServiceMonitor without HTTP', 'serviceMonitor.enabled=true', 'needs http.enabled'],
      ['a short token', 'http.readToken=short', 'readToken'],
    ])('rejects %s', (_name, setting, message) => {
      const { status, stderr } = helm('--set', `urls.broker=redis://redis,${setting}`);
      expect(status).not.toBe(0);
      expect(stderr).toContain(message);
    });
  });
});
