import {
  AUDIT_ROWS,
  isReadable,
  takePage,
  type CommandLog,
  type FinishedCommand,
} from '../../contracts/store/command-log.ts';
import { Condition } from '../../util/condition.ts';

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

export function finishCommands({ pending, audit }: CommandState, finished: readonly FinishedCommand[]): void {
  for (const { key, id, audit: row } of finished) {
    pending.delete(key);
    if (id !== null) audit.set(id, row);
  }
  const surplus = audit.size - AUDIT_ROWS;
  for (const id of [...audit.keys()].slice(0, Math.max(0, surplus))) audit.delete(id);
}

export function memoryCommandLog(state: CommandState): CommandLog {
  const { pending, audit, leaders } = state;
  return {
    async append(json) {
      state.lastKey += 1;
      pending.set(String(state.lastKey), json);
      leaders.notifyAll();
    },

    async pending(limit) {
      const oldest = [...pending].slice(0, limit).map(([key, json]) => ({ key, bytes: Buffer.byteLength(json) }));
      return takePage(oldest).map((each) => ({
        key: each.key,
        json: isReadable(each) ? pending.get(each.key)! : null,
      }));
    },

    async findAudit(ids) {
      const wanted = new Set(ids);
      return new Map([...audit].filter(([id]) => wanted.has(id)));
    },

    async readAudit(limit) {
      const rows = [...audit].reverse().slice(0, limit);
      return rows.map(([id, json]) => ({ id, json }));
    },

    removeAudit: async (id) => void audit.delete(id),

    async waitForCommand(signal) {
      if (pending.size === 0) await leaders.wait(signal);
    },
  };
}
