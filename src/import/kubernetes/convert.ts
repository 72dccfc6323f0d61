import type { EntryConfig } from '../../generated/config-types.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { listDifferent, tryConvert, UniqueNames, type Found, type FoundEntry, type Left } from '../found.ts';
import { convertCommand } from './command.ts';
import { asList, asMap, asText, findCronJobs, type CronJob, type Fields, type ManifestFile } from './manifests.ts';

/** Converts CronJobs to shell entries. `timezone` is the zone of the cluster, for jobs without a zone. */
export function importCronJobs(files: readonly ManifestFile[], timezone: string): Found {
  const names = new UniqueNames();
  const entries: FoundEntry[] = [];
  const left: Left[] = [];
  for (const file of files) {
    for (const job of findCronJobs(file, left)) {
      const notes: string[] = [];
      const entry = tryConvert(job.place, left, () => convert(job, names, notes));
      if (!entry) continue;
      entries.push(entry);
      left.push(...listDifferent(job.place, notes));
    }
  }
  return { settings: { timezone }, entries, left };
}

function convert(job: CronJob, names: UniqueNames, notes: string[]): FoundEntry {
  const { metadata, spec, status, place } = job;
  const template = asMap(asMap(spec['jobTemplate'])['spec']);
  const pod = asMap(asMap(template['template'])['spec']);
  const [container, ...others] = asList(pod['containers']).map(asMap);
  if (!container || others.length > 0 || asList(pod['initContainers']).length > 0) {
    throw new Error('expected one container without init containers: an entry runs one command');
  }
  const { expression, timezone } = readSchedule(spec);
  const deadline = spec['startingDeadlineSeconds'];
  const timeout = template['activeDeadlineSeconds'] ?? pod['activeDeadlineSeconds'];
  const command = convertCommand(container, timeout === undefined ? null : Number(timeout));
  const description = asMap(metadata['annotations'])['kubernetes.io/description'] ?? job.comment;
  const name = nameEntry(metadata, names, notes);
  notes.push(...describePolicies(spec, template), ...command.notes, ...describeSurroundings(pod, container));
  const fields = {
    ...(description !== undefined && { description }),
    schedule: { cron: expression },
    ...(timezone !== undefined && { timezone }),
    shell: command.shell,
    ...(deadline !== undefined && { startingDeadline: Number(deadline) }),
    ...(spec['suspend'] === true && { enabled: false }),
  };
  return {
    name,
    place,
    fields: fields as EntryConfig,
    lastRunAt: parseInstant(status['lastScheduleTime'], 'UTC') ?? undefined,
    upcoming: null,
  };
}

/** The name of the job, qualified with its namespace or a number if it is taken. */
function nameEntry(metadata: Fields, names: UniqueNames, notes: string[]): string {
  const name = asText(metadata['name']);
  const namespace = asText(metadata['namespace']);
  const qualified = namespace !== '' && names.has(name) ? `${namespace}/${name}` : name;
  const unique = names.take(qualified);
  if (unique !== qualified) notes.push(`the entry is named ${unique}, because another entry is named ${qualified}`);
  return unique;
}

/** Reads the schedule and its zone, which has a field of its own or stands before the expression. */
function readSchedule(spec: Fields): { readonly expression: string; readonly timezone: string | undefined } {
  const given = asText(spec['schedule']);
  const [, prefix, expression = given] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(given.trim()) ?? [];
  const timezone = typeof spec['timeZone'] === 'string' ? spec['timeZone'] : prefix;
  const [, , day = '*', , weekday = '*'] = expression.split(/\s+/);
  const isStepped = (field: string) => /^[*?]\//.test(field);
  const isFree = (field: string) => field === '*' || field === '?';
  if ((isStepped(day) && !isFree(weekday)) || (isStepped(weekday) && !isFree(day))) {
    throw new Error(
      `schedule "${expression}": Kubernetes runs it on days that match either field, beat on those that match both: write two entries`,
    );
  }
  return { expression, timezone };
}

/** How often Kubernetes repeats a failed run unless the job says so. */
const DEFAULT_RETRIES = 6;

/** Lists how Kubernetes treats runs that overlap or fail, where beat differs. */
function describePolicies(spec: Fields, template: Fields): string[] {
  const notes: string[] = [];
  const { concurrencyPolicy: policy = 'Allow' } = spec;
  if (policy !== 'Allow') {
    const overlap = policy === 'Replace' ? 'cancel' : 'skip';
    const otherwise = policy === 'Replace' ? '' : ', or begin the command with flock -n FILE';
    notes.push(
      `concurrencyPolicy ${asText(policy)}: without a resultBackend beat starts a run while the one before it runs: add resultBackend: db+sqlite:///results.sqlite and overlap: ${overlap}${otherwise}`,
    );
  }
  const { backoffLimit } = template;
  const retries = Number(backoffLimit ?? DEFAULT_RETRIES);
  const origin = backoffLimit === undefined ? ', the default of Kubernetes' : '';
  if (retries > 0) notes.push(`backoffLimit ${retries}${origin}: workers do not repeat failed commands`);
  const several = ['parallelism', 'completions'].filter((key) => Number(template[key] ?? 1) > 1);
  if (several.length > 0) notes.push(`${several.join(', ')}: each run is one command`);
  return notes;
}

/** Fields of pods and containers that are read elsewhere, or mean nothing without Kubernetes. */
const CARRIED = (
  'containers initContainers name image command args env envFrom workingDir ' +
  'activeDeadlineSeconds imagePullPolicy imagePullSecrets restartPolicy dnsPolicy schedulerName ' +
  'terminationGracePeriodSeconds terminationMessagePath terminationMessagePolicy nodeSelector ' +
  'affinity tolerations priorityClassName'
).split(' ');

/** Lists what a pod provides for the command; the host of the worker has to provide it instead. */
function describeSurroundings(pod: Fields, container: Fields): string[] {
  const isEmpty = (value: unknown) => value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  const more = Object.entries({ ...pod, ...container })
    .filter(([key, value]) => !CARRIED.includes(key) && !isEmpty(value))
    .map(([key]) => key);
  const image = asText(container['image']);
  return [
    ...(image === '' ? [] : [`image ${image}: the host of the worker needs its programs`]),
    ...(more.length === 0 ? [] : [`${more.join(', ')}: the worker runs the command as it runs itself`]),
  ];
}
