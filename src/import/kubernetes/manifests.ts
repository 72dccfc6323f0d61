import { isMap, isNode, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { isMap as isPlainMap } from '../../util/is-map.ts';
import type { Left } from '../found.ts';

/** A file of manifests, YAML with one or more documents, or JSON. */
export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One CronJob, as it was written. */
export interface CronJob {
  readonly place: string;
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly status: Fields;
  /** The comment at the beginning of its document; `undefined` in a list. */
  readonly comment: string | undefined;
}

const VERSIONS = ['batch/v1', 'batch/v1beta1'];

/** Finds the CronJobs of a file, also in lists as `kubectl get -o yaml` writes them. Other objects are ignored. */
export function findCronJobs({ path, text }: ManifestFile): { jobs: CronJob[]; left: Left[] } {
  const jobs: CronJob[] = [];
  const left: Left[] = [];
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent' });
  for (const document of 'empty' in documents ? [] : documents) {
    const [error] = document.errors;
    if (error) {
      const [first = ''] = error.message.split('\n');
      const hint = text.includes('{{') ? '; render templates first, as with helm template' : '';
      const place = `${path}:${lines.linePos(error.pos[0]).line}`;
      left.push({ place, reason: `invalid YAML: ${first.replace(/ at line \d+.*$/, '')}${hint}` });
      continue;
    }
    const list = isMap(document.contents) && document.contents.get('items');
    const items = isSeq(list) ? list.items : [document.contents];
    const comment = isSeq(list) ? undefined : readComment(document);
    for (const node of items) {
      if (!isMap(node)) continue;
      const item = asMap(node.toJS(document));
      if (item['kind'] !== 'CronJob') continue;
      const metadata = asMap(item['metadata']);
      const { line } = lines.linePos(node.range[0]);
      const at = `${path}:${line} CronJob ${asText(metadata['name'])}`;
      const version = asText(item['apiVersion']);
      if (VERSIONS.includes(version)) {
        const [spec, status] = [asMap(item['spec']), asMap(item['status'])];
        jobs.push({ place: at, metadata, spec, status, comment });
      } else {
        const reason = `apiVersion: expected ${VERSIONS.join(' or ')}, got "${version}"`;
        left.push({ place: at, reason });
      }
    }
  }
  return { jobs, left };
}

function readComment({ commentBefore, contents }: Document): string | undefined {
  const comment = commentBefore ?? (isNode(contents) ? contents.commentBefore : undefined);
  const lines = comment?.split('\n').map((line) => line.trim());
  const text = lines?.join('\n').trim();
  return text === '' ? undefined : text;
}

export function asMap(value: unknown): Fields {
  return isPlainMap(value) ? value : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** The value as text, or the fallback if it is not a scalar. */
export function asText(value: unknown, fallback = ''): string {
  return isScalar(value) ? String(value) : fallback;
}

/** The list of texts in a field; empty if it is absent. Throws an `Error` that names an item of another type. */
export function asTexts(fields: Fields, key: string): readonly string[] {
  const value = fields[key] ?? [];
  if (!Array.isArray(value)) throw new Error(`${key}: expected a list of texts`);
  return value.map((item: unknown, i) => {
    if (isScalar(item)) return String(item);
    throw new Error(`${key}[${i}]: expected a text, got ${JSON.stringify(item).slice(0, 100)}`);
  });
}
