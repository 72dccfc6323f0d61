import { hostname } from 'node:os';
import type { Definition } from '../entries/catalog/definition.ts';
import type { CommandRequest } from '../entries/commands/command.ts';
import type { AuditRow } from '../entries/commands/shapes.ts';
import { CommandRejectedError, sendCommand } from './send-command.ts';
import type { BeatConfig } from '../generated/config-types.ts';
import { toSettings } from '../config/resolve.ts';
import { storeOptions } from '../config/service/store-options.ts';
import type { Settings } from '../config/settings.ts';
import { openState } from '../drivers/open-store.ts';
import type { StatusRow } from '../read-models/status/shapes.ts';
import { readItems } from '../read-models/history/load-history.ts';
import type { HistoryView } from '../read-models/history/shapes.ts';
import { viewItem } from '../read-models/history/view.ts';
import { loadStatus, loadStoredStatus } from '../read-models/status/load-status.ts';
import type { StateStore } from '../contracts/store/store.ts';
import type { Clock } from '../util/clock.ts';
import { systemClock } from '../util/system-clock.ts';
import { BeatError } from '../util/errors.ts';

export interface ClientOptions {
  /** Who sends the commands, for the log and the audit trail; `node@HOST` unless given. */
  readonly by?: string;
  /** How long a command waits for the leader's answer, milliseconds; 5,000 unless given. */
  readonly wait?: number;
  readonly clock?: Clock;
}

/** Why a command is sent, for the log and the audit trail. */
export interface Reason {
  readonly reason?: string;
}

type Instant = Date | string;

/** No instance answered in time. The command is stored, and applied when an instance leads. */
export class NoAnswerError extends BeatError {
  override name = 'NoAnswerError';
}

/**
 * Opens the store of a running beat, to send it commands and to read the status of its entries. Throws a
 * `ConfigError` for a configuration that cannot be used.
 */
export async function connect(config: BeatConfig | Settings, options?: ClientOptions | null): Promise<BeatClient> {
  const settings = toSettings(config);
  const { by = `node@${hostname()}`, wait = 5_000, clock = systemClock } = options ?? {};
  return new BeatClient(await openState(storeOptions(settings, clock)), settings, { by, wait, clock });
}

/**
 * Sends commands to the leader. Each method resolves with the leader's answer; it rejects with a
 * `CommandRejectedError`, a `NoAnswerError`, or a `StoreError` when the store cannot be reached.
 */
export class BeatClient implements AsyncDisposable {
  readonly #store: StateStore;
  readonly #settings: Settings;
  readonly #options: Required<ClientOptions>;

  /** Use `connect`. */
  constructor(store: StateStore, settings: Settings, options: Required<ClientOptions>) {
    this.#store = store;
    this.#settings = settings;
    this.#options = options;
  }

  /** Publishes no scheduled run of the entry until `until`, or until it is resumed. */
  pause(entry: string, { until, reason }: Reason & { readonly until?: Instant } = {}): Promise<AuditRow> {
    return this.#send({ do: 'pause', entry, reason, until: until && iso(until) });
  }

  /** Ends a pause; occurrences of the pause are not caught up. */
  resume(entry: string, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'resume', entry, reason });
  }

  /** Publishes a run now, beside the schedule. */
  run(entry: string, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'run', entry, reason });
  }

  /** Skips the occurrence at `dueAt`, or the next one. */
  skip(entry: string, { dueAt, reason }: Reason & { readonly dueAt?: Instant } = {}): Promise<AuditRow> {
    return this.#send({ do: 'skip', entry, reason, dueAt: dueAt && iso(dueAt) });
  }

  /** Publishes a run for each occurrence in `[from, to)`. */
  backfill(
    entry: string,
    { from, to, reason }: Reason & { readonly from: Instant; readonly to: Instant },
  ): Promise<AuditRow> {
    return this.#send({ do: 'backfill', entry, reason, from: iso(from), to: iso(to) });
  }

  /**
   * Creates a stored entry, which counts from now. The definition has the fields of an entry of `beatSchedule`, as
   * JSON. An existing entry with the same definition stays as it is.
   */
  add(entry: string, definition: Definition, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'add', entry, definition, reason });
  }

  /** Creates up to 1,000 stored entries by name: all of them, or none. */
  addAll(entries: Readonly<Record<string, Definition>>, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'add', entries, reason });
  }

  /** Replaces fields of a stored entry's definition; `null` removes a field. */
  update(entry: string, fields: Definition, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'update', entry, definition: fields, reason });
  }

  /** Removes a stored entry. */
  remove(entry: string, { reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'remove', entry, reason });
  }

  /** Reads the leader's configuration files again. Rejected, and nothing changes, if they are invalid. */
  reload({ reason }: Reason = {}): Promise<AuditRow> {
    return this.#send({ do: 'reload', reason });
  }

  /** The status of every entry of the configuration. A row with `error` is an entry whose state cannot be read. */
  status(): Promise<readonly StatusRow[]> {
    return loadStatus(this.#store, this.#settings.entries, this.#options.clock.now());
  }

  /**
   * The status of every stored entry, in the order in which they are due, read by pages. A row with `error` is an entry
   * whose definition or state cannot be read.
   */
  storedStatus(): AsyncIterable<StatusRow> {
    return loadStoredStatus(this.#store, this.#settings.definitions, this.#options.clock.now());
  }

  /**
   * The newest runs and skipped stretches of an entry, newest first; 100 unless given. Rejects with a `BeatError` if the
   * configuration disables the history.
   */
  async history(entry: string, { limit = 100 }: { readonly limit?: number } = {}): Promise<readonly HistoryView[]> {
    const { history } = this.#store;
    if (!history) throw new BeatError('history: false disables the history');
    return (await readItems(history, entry, { limit })).map((item) => viewItem(entry, item));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(request: CommandRequest): Promise<AuditRow> {
    const { id, row } = await sendCommand(this.#store.commands, request, this.#options);
    if (row?.status === 'applied') return row;
    if (row) throw new CommandRejectedError(row.answer);
    throw new NoAnswerError(
      `no instance answered within ${this.#options.wait} ms; command ${id} is stored, and applied when an instance leads`,
    );
  }
}

function iso(instant: Instant): string {
  return typeof instant === 'string' ? instant : instant.toISOString();
}
