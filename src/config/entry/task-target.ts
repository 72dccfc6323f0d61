import {
  startsChord,
  initialTasks,
  formatCanvas,
  type Canvas,
  type Links,
} from '../../canvas/canvas.ts';
import { withArguments, withLinks, withOptions } from '../../canvas/shape.ts';
import type { Entry } from '../../catalog/entry.ts';
import type { ResultOptions } from '../../drivers/open-store.ts';
import { checkLinks, type SignatureReader } from '../signatures/signature-reader.ts';
import { expected, type Report } from '../validate.ts';

/** What an entry calls: the name of a task or a signature, and the callbacks among the entry's options. */
export interface TaskTarget {
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
  const canvas: Canvas = {
    ...{ kind: 'task', task: target, args, kwargs, compute, options, links },
    ...{ immutable: false, reprAs: 'list' },
  };
  return { task: target, canvas };
}

/** Reports targets that workers could not run, and arguments that none of their tasks would receive. */
export function checkTarget(
  { target }: TaskTarget,
  { args, kwargs, compute }: EntryCall,
  { results, protocol }: { readonly results: ResultOptions; readonly protocol: 1 | 2 },
  report: Report,
): void {
  if (typeof target === 'string') return;
  if (protocol === 1 && target.kind !== 'task') {
    report(['task'], `a ${target.kind} needs taskProtocol 2`);
  }
  const error = startsChord(target) ? explainNoChords(results) : null;
  if (error !== null) report(['task'], `starts a chord, which ${error}`);
  const hasArguments = compute ?? (args.length > 0 || Object.keys(kwargs).length > 0);
  if (hasArguments && initialTasks(target).every((task) => task.immutable)) {
    const key = args.length > 0 ? 'args' : 'kwargs';
    report([key], 'has no effect: the signature is immutable');
  }
}

/** Why this result backend cannot join chords; `null` if it can. */
function explainNoChords({ backend, masterName }: ResultOptions): string | null {
  const needs = 'needs a Redis as resultBackend to join it';
  if (backend === null) return `${needs}, and there is none`;
  const { driver, masked } = backend;
  if (!driver?.chords) return `${needs}, got ${masked}`;
  if (!driver.masterName || masterName !== null) return null;
  return 'needs resultBackendTransportOptions.masterName: the name of the master that the sentinels watch';
}
