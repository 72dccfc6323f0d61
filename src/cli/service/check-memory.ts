import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { thousands } from '../../util/thousands.ts';

/** Megabytes of heap that an instance with few entries needs. */
const FIXED = 30;
/** Bytes of heap for an entry with small arguments, as measured with 100,000 of them (docs/production.md). */
const FOR_ENTRY = 1_300;
/** Bytes of heap for an entry during a reload, when the old and the new entries are in memory. */
const FOR_RELOAD = 2_200;
/** Megabytes of a process outside of its heap: mostly Node's code. */
const OUTSIDE = 90;

const MEGABYTE = 1_000_000;

/** The megabytes of heap that this process may use: Node's limit, or less if the container's memory is smaller. */
export function heapLimit(): number {
  const limit = getHeapStatistics().heap_size_limit / MEGABYTE;
  const container = process.constrainedMemory();
  if (container === 0 || container >= totalmem()) return limit;
  return Math.min(limit, container / MEGABYTE - OUTSIDE);
}

const ADVICE = 'raise the memory of the container, or --max-old-space-size in NODE_OPTIONS, or use stored entries';

/** A warning if reading `bytes` bytes, which takes `memory` bytes, may need more heap than `limit` MB; else `null`. */
export function checkReading(bytes: number, memory: number, limit: number): string | null {
  const need = FIXED + memory / MEGABYTE;
  if (need <= limit) return null;
  const size = (bytes / MEGABYTE).toFixed(1);
  return `reading ${size} MB of configuration may need ${Math.round(need)} MB of heap, and this process may use ${Math.round(limit)} MB; ${ADVICE}`;
}

/** Throws a `ConfigError` if prepared runs may take more than a heap of `limit` megabytes. */
export function checkPreparation(memory: number, limit: number): void {
  const megabytes = memory / MEGABYTE;
  if (megabytes <= limit) return;
  const message = `${thousands(megabytes)} MB, and this process may use ${Math.round(limit)} MB of heap; write a smaller number`;
  throw new ConfigError([errorAt(['prepareAhead', 'megabytes'], message)]);
}

/**
 * Returns a warning if a heap of `limit` megabytes is too small to reload that many entries; `null` if it is large enough.
 * Throws a `ConfigError` if it is too small to schedule them: the kernel or Node would kill the process without a reason.
 */
export function checkMemory(entries: number, limit: number): string | null {
  const need = (bytes: number) => FIXED + (entries * bytes) / MEGABYTE;
  const explain = (bytes: number, purpose: string) =>
    `${thousands(entries)} entries need about ${Math.round(need(bytes))} MB of heap ${purpose}, and this process may use ${Math.round(limit)} MB; ${ADVICE}`;
  if (need(FOR_ENTRY) > limit) throw new ConfigError(explain(FOR_ENTRY, 'to run'));
  return need(FOR_RELOAD) > limit ? explain(FOR_RELOAD, 'to reload') : null;
}
