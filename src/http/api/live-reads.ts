import { decodeAudit } from '../../entries/commands/audit.ts';
import { listInstances } from '../../read-models/status/list-instances.ts';
import type { StatusRow } from '../../read-models/status/shapes.ts';
import { findStatuses } from '../../read-models/status/load-status.ts';
import { entrySource, type HttpContext } from '../context.ts';
import { PastDayReader, type PastDay } from '../past-day.ts';

/** How old what a stream shows may be, milliseconds; less than the time between two looks of a stream. */
const FRESH = 800;
/** Entries that one query reads. */
const CHUNK = 1_000;

/** What streams compare with what they had. */
export interface Snapshot {
  /** Of the entries of all streams. */
  readonly rows: ReadonlyMap<string, StatusRow>;
  /** The newest row of the audit log, as a text. */
  readonly audit: string | null;
  /** As a text, without when each was seen. */
  readonly instances: string;
  readonly day: PastDay | null;
}

/** Reads the store for all streams at once, so that its load does not grow with the pages that are open. */
export class LiveReads {
  readonly #context: HttpContext;
  readonly #day: PastDayReader;
  /** The entries of each stream. */
  readonly #streams = new Set<readonly string[]>();
  #snapshot: Promise<Snapshot> | null = null;
  #readAt = -Infinity;

  constructor(context: HttpContext) {
    this.#context = context;
    this.#day = new PastDayReader(context);
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Adds the entries of a stream to what is read; returns what removes them again. */
  add(names: readonly string[]): () => void {
    const own = [...names];
    this.#streams.add(own);
    if (own.length > 0) this.#readAt = -Infinity;
    return () => this.#streams.delete(own);
  }

  /** What the store has. Rejects with a `StoreError`. */
  read(): Promise<Snapshot> {
    const now = this.#context.clock.monotonic();
    if (!this.#snapshot || now - this.#readAt > FRESH) {
      this.#readAt = now;
      this.#snapshot = this.#readStore();
    }
    return this.#snapshot;
  }

  async #readStore(): Promise<Snapshot> {
    const { store } = this.#context;
    const [rows, [audit], instances, day] = await Promise.all([
      this.#readRows([...new Set([...this.#streams].flat())]),
      store.commands.readAudit(1),
      listInstances(store.instances),
      this.#day.day(),
    ]);
    const running = instances.map((instance) => ({ ...instance, seenAgoMs: undefined }));
    const newest = audit ? JSON.stringify(decodeAudit(audit)) : null;
    return { rows, audit: newest, instances: JSON.stringify(running), day };
  }

  async #readRows(names: readonly string[]): Promise<ReadonlyMap<string, StatusRow>> {
    const rows = new Map<string, StatusRow>();
    const now = this.#context.clock.now();
    for (let from = 0; from < names.length; from += CHUNK) {
      const chunk = names.slice(from, from + CHUNK);
      for (const row of await findStatuses(entrySource(this.#context), chunk, now))
        rows.set(row.entry, row);
    }
    return rows;
  }
}
