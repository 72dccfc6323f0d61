import {
  AUDIT_ROWS,
  isReadable,
  takePage,
  type CommandLog,
  type FinishedCommand,
  type PendingCommand,
  type StoredAudit,
  type UnreadCommand,
} from '../../contracts/store/command-log.ts';
import { Condition } from '../../util/condition.ts';

/** The state that all command logs of one memory and key prefix share. */
export interface CommandState {
  /** By key, in the order of arrival. */
  readonly pending: Map<string, string>;
  /** By command id, oldest first. */
  readonly audit: Map<string, string>;
  readonly leaders: Condition;
  lastKey: number;
}

export function newCommandState(): CommandState {
  return { pending: new Map(), audit: new Map(), leaders: new Condition(), lastKey: 0 };
}

/** Removes commands from the log, and adds their audit rows. Part of a commit. */
export function finishCommands({ pending, audit }: CommandState, finished: readonly FinishedCommand[]): void {
  for (const { key, id, audit: row } of finished) {
    pending.delete(key);
    if (id !== null) audit.set(id, row);
  }
  const surplus = audit.size - AUDIT_ROWS;
  for (const id of [...audit.keys()].slice(0, Math.max(0, surplus))) audit.delete(id);
}

export class MemoryCommandLog implements CommandLog {
  readonly #state: CommandState;

  constructor(state: CommandState) {
    this.#state = state;
  }

  async append(json: string): Promise<void> {
    this.#state.lastKey += 1;
    this.#state.pending.set(String(this.#state.lastKey), json);
    this.#state.leaders.notifyAll();
  }

  async pending(limit: number): Promise<readonly PendingCommand[]> {
    const oldest: UnreadCommand[] = [];
    for (const [key, json] of this.#state.pending) {
      if (oldest.length === limit) break;
      oldest.push({ key, bytes: Buffer.byteLength(json) });
    }
    return takePage(oldest).map((each) => ({
      key: each.key,
      json: isReadable(each) ? this.#state.pending.get(each.key)! : null,
    }));
  }

  async findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(
      ids.flatMap((id) => {
        const row = this.#state.audit.get(id);
        return row === undefined ? [] : [[id, row] as const];
      }),
    );
  }

  async readAudit(limit: number): Promise<readonly StoredAudit[]> {
    const rows = [...this.#state.audit].reverse().slice(0, limit);
    return rows.map(([id, json]) => ({ id, json }));
  }

  async removeAudit(id: string): Promise<void> {
    this.#state.audit.delete(id);
  }

  async waitForCommand(signal: AbortSignal): Promise<void> {
    if (this.#state.pending.size > 0) return;
    await this.#state.leaders.wait(signal);
  }
}
