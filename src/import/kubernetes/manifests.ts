import { isMap, isNode, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { isMap as isPlainMap } from '../../util/is-map.ts';
import type { Left } from '../found.ts';

/** A file of manifests, YAML with one or more documents, or JSON. */
export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface CronJob {
  readonly place: string;
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly status: Fields;
  /** The comment at the beginning of its document; `undefined` in a list. */
  readonly comment: string | undefined;
}

const VERSIONS = ['batch/v1', 'batch/v1beta1'];

/** Finds the CronJobs of a file, also in lists as `kubectl get -o yaml` writes them. Other objects are ignored; errors go to `left`. */
export function findCronJobs({ path, text }: ManifestFile, left: Left[]): readonly CronJob[] {
  const jobs: CronJob[] = [];
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
      const place = `${path}:${line} CronJob ${asText(metadata['name'])}`;
      const version = asText(item['apiVersion']);
      if (VERSIONS.includes(version)) {
        jobs.push({ place, metadata, spec: asMap(item['spec']), status: asMap(item['status']), comment });
      } else left.push({ place, reason: `apiVersion: expected ${VERSIONS.join(' or ')}, got "${version}"` });
    }
  }
  return jobs;
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

/** The value as text; empty if it is not a scalar. */
export function asText(value: unknown): string {
  return isScalar(value) ? String(value) : '';
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
