import {
  findLastTask,
  startsChord,
  initialTasks,
  formatCanvas,
  type Canvas,
  type Links,
  measureCall,
  withArguments,
  withLinks,
  withOptions,
} from '../../celery/canvas/canvas.ts';
import type { Entry, OverlapPolicy } from '../../entries/catalog/entry.ts';
import { explainNoOutcomes } from '../results/results.ts';
import type { Settings } from '../settings.ts';
import { checkLinks, type SignatureReader } from '../signatures/signature-reader.ts';
import { expected, type Report } from '../validate.ts';
import { thousands } from '../../util/thousands.ts';

interface TaskTarget {
  readonly target: string | Canvas;
  readonly links: Links;
}

/** `undefined` after an error. */
export function readTarget(
  { task, options }: { readonly task?: unknown; readonly options?: unknown },
  signatures: SignatureReader,
  report: Report,
): TaskTarget | undefined {
  const links = signatures.readLinks(options, (key) => ['options', key]);
  if (typeof task !== 'object' || task === null) {
    if (typeof task === 'string' && task !== '') return links && { target: task, links };
    report(['task'], expected('text that is not empty, or a signature', task));
    return undefined;
  }
  const target = signatures.read(task, ['task']);
  if (target && links) checkLinks(target, links, report);
  return target && links && { target, links };
}

type EntryCall = Pick<Entry, 'args' | 'kwargs' | 'compute' | 'options'>;

/** Applies the entry's arguments and options to the same tasks of a canvas as Celery's `apply_async`. */
export function applyCall(
  { target, links }: TaskTarget,
  { args, kwargs, compute, options }: EntryCall,
): Pick<Entry, 'task' | 'canvas'> {
  if (typeof target !== 'string') {
    const whole = withArguments(target, { args, kwargs, compute });
    return { task: formatCanvas(target), canvas: withLinks(withOptions(whole, options), links) };
  }
  if (links.link.length + links.linkError.length === 0) return { task: target };
  const call = { args, kwargs, compute, options, links };
  return { task: target, canvas: { kind: 'task', task: target, ...call, immutable: false, reprAs: 'list' } };
}

/** About the most bytes in the messages of one run, because rendering must not delay other runs. */
const MAX_BYTES = 3_000_000;
/** The largest size in an error: the size of a chain of groups has no limit. */
const MAX_SHOWN = 1e15;

/** Reports a workflow whose messages would be too large; `false` after an error. */
export function checkSize({ target, links }: TaskTarget, call: EntryCall, report: Report): boolean {
  if (typeof target === 'string') return true;
  const bytes = measureCall(target, { ...call, links });
  if (bytes <= MAX_BYTES) return true;
  const size = `${bytes > MAX_SHOWN ? 'over' : 'about'} ${thousands(Math.min(bytes, MAX_SHOWN))}`;
  const reason = target.kind === 'group' ? '' : '; each task of a group in a chain contains all later steps';
  report(
    ['task'],
    `the messages of a run would have ${size} bytes, more than the limit of ${thousands(MAX_BYTES)}${reason}`,
  );
  return false;
}

/** Reports targets that workers could not run, and arguments that none of their tasks would receive. */
export function checkTarget(
  { target }: TaskTarget,
  { args, kwargs, compute }: EntryCall,
  { results, protocol }: Pick<Settings, 'results' | 'protocol'>,
  report: Report,
): void {
  if (typeof target === 'string') return;
  if (protocol === 1 && target.kind !== 'task') report(['task'], `a ${target.kind} needs taskProtocol 2`);
  const error = startsChord(target) ? explainNoChords(results) : null;
  if (error !== null) report(['task'], `starts a chord, which ${error}`);
  const hasArguments = compute ?? (args.length > 0 || Object.keys(kwargs).length > 0);
  if (hasArguments && initialTasks(target).every((task) => task.immutable)) {
    report([args.length > 0 ? 'args' : 'kwargs'], 'has no effect: the signature is immutable');
  }
}

function explainNoChords({ backend, masterName }: Settings['results']): string | null {
  const needs = 'needs a Redis as resultBackend to join it';
  if (backend === null) return `${needs}, and there is none`;
  const { driver, masked } = backend;
  if (!driver?.chords) return `${needs}, got ${masked}`;
  if (!driver.masterName || masterName !== null) return null;
  return 'needs resultBackendTransportOptions.masterName: the name of the master that the sentinels watch';
}

interface Limited extends Pick<Entry, 'options'> {
  readonly overlap: OverlapPolicy;
  readonly canvas: Canvas | undefined;
  readonly isShell: boolean;
}

/** Reports policies that cannot work because beat cannot read outcomes or cannot cancel tasks. */
export function checkOverlap(
  { overlap, options, canvas, isShell }: Limited,
  { results, outcomes, broker }: Pick<Settings, 'results' | 'outcomes' | 'broker'>,
  report: Report,
): void {
  if (overlap === 'allow') return;
  const unread = explainNoOutcomes(results, outcomes);
  if (unread !== null) report(['overlap'], `"${overlap}" ${unread}`);
  const needs = `has no outcome, which overlap "${overlap}" needs`;
  const last = canvas && findLastTask(canvas);
  if (last?.kind === 'group') report(['task'], `a group ${needs}`);
  const { ignoreResult } = last?.kind === 'task' ? { ...options, ...last.options } : options;
  if (ignoreResult === true) report(['options', 'ignoreResult'], `a run without a result ${needs}`);
  const { taskId } = options;
  if (taskId !== undefined && !taskId.includes('{{')) {
    report(['options', 'taskId'], `a fixed id is that of every run, so that none ${needs} of its own`);
  }
  const carriesCancel =
    broker.driver?.fanoutExchanges === true || (isShell && broker.driver?.loadMailbox !== undefined);
  if (overlap === 'cancel' && !carriesCancel) {
    const title = broker.driver?.title ?? broker.scheme;
    report(
      ['overlap'],
      `"cancel" needs Celery's remote control, which ${title} does not carry; use Redis or RabbitMQ, or "skip" or "queue"`,
    );
  }
}
