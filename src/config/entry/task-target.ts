import {
  startsChord,
  initialTasks,
  formatCanvas,
  type Canvas,
  type Links,
} from '../../canvas/canvas.ts';
import { withArguments, withLinks, withOptions } from '../../canvas/shape.ts';
import type { Entry } from '../../catalog/entry.ts';
import { maskUrl } from '../../util/mask.ts';
import { findDriver } from '../../drivers/table.ts';
import { expected, type Report } from '../validate.ts';
import type { ResultSettings } from '../../store/results.ts';
import { checkLinks, type SignatureReader } from '../signatures/signature-reader.ts';

/** What stands under `task`: a name, or a signature; and the callbacks among the entry's options. */
export interface Called {
  readonly named: string | Canvas;
  readonly links: Links;
}

/** `undefined` after a problem. */
export function readCalled(
  { task, options }: { readonly task?: unknown; readonly options?: unknown },
  signatures: SignatureReader,
  report: Report,
): Called | undefined {
  const links = signatures.readLinks(options, (key) => ['options', key]);
  if (typeof task !== 'object' || task === null) {
    if (typeof task === 'string' && task !== '') return links && { named: task, links };
    report(['task'], expected('text that is not empty, or a signature', task));
    return undefined;
  }
  const named = signatures.read(task, ['task']);
  if (named && links) checkLinks(named, links, report);
  return named && links && { named, links };
}

type Given = Pick<Entry, 'args' | 'kwargs' | 'compute' | 'options'>;

/** The entry's arguments and options reach what Celery's `apply_async` gives them to. */
export function calledBy({ named, links }: Called, given: Given): Pick<Entry, 'task' | 'canvas'> {
  const { args, kwargs, compute, options } = given;
  if (typeof named !== 'string') {
    const whole = withArguments(named, { args, kwargs, compute });
    return { task: formatCanvas(named), canvas: withLinks(withOptions(whole, options), links) };
  }
  if (links.link.length + links.linkError.length === 0) return { task: named };
  const canvas: Canvas = {
    ...{ kind: 'task', task: named, args, kwargs, compute, options, links },
    ...{ immutable: false, reprAs: 'list' },
  };
  return { task: named, canvas };
}

/** Reports what nobody could carry out. */
export function checkCalled(
  { named }: Called,
  { args, kwargs, compute }: Given,
  { results, protocol }: { readonly results: ResultSettings; readonly protocol: 1 | 2 },
  report: Report,
): void {
  if (typeof named === 'string') return;
  if (protocol === 1 && named.kind !== 'task') {
    report(['task'], `a ${named.kind}, which needs taskProtocol 2`);
  }
  const trouble = startsChord(named) ? joiningTrouble(results) : null;
  if (trouble !== null) report(['task'], `starts a chord, which ${trouble}`);
  const hasArguments = compute ?? (args.length > 0 || Object.keys(kwargs).length > 0);
  if (hasArguments && initialTasks(named).every((task) => task.immutable)) {
    report([args.length > 0 ? 'args' : 'kwargs'], 'of no use: the signature is immutable');
  }
}

/** Why chords cannot be joined; `null` where they can. */
function joiningTrouble({ url, masterName }: ResultSettings): string | null {
  const needs = 'needs a Redis as resultBackend to join it';
  if (url === null) return `${needs}, and there is none`;
  const driver = findDriver(url);
  if (!driver?.chords) return `${needs}, got ${maskUrl(url)}`;
  if (!driver.masterName || masterName !== null) return null;
  return 'needs resultBackendTransportOptions.masterName: which master the sentinels are asked for';
}
