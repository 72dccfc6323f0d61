import { AUDIT_ROWS, isReadable, takePage, type CommandLog } from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import type { Keyed, MongoConnection } from './connection.ts';

/** How often a leader looks for commands: a server alone sends no notifications. Milliseconds. */
const POLL_INTERVAL = 500;

/** A command; its `_id` grows with the order of arrival. */
export interface CommandDocument extends Keyed<number> {
  readonly json: string;
  /** The length of the text in UTF-8 bytes. */
  readonly bytes: number;
}

/** The audit row of a command, whose `_id` is the id that its sender chose. */
export interface AuditDocument extends Keyed {
  readonly json: string;
  /** Grows with each row. */
  readonly order: number;
}

interface Counter extends Keyed<'commands'> {
  readonly count: number;
}

/** The collections of a command log; `counter` has the number of the last command. */
interface CommandCollections {
  readonly commands: string;
  readonly audit: string;
  readonly counter: string;
}

export function mongoCommandLog(connection: MongoConnection, names: CommandCollections, clock: Clock): CommandLog {
  const commands = connection.collection<CommandDocument>(names.commands);
  const audit = connection.collection<AuditDocument>(names.audit);
  const counter = connection.collection<Counter>(names.counter);
  return {
    append: (json) =>
      connection.run('commands.append', async () => {
        const next = await counter.findOneAndUpdate(
          { _id: 'commands' },
          { $inc: { count: 1 } },
          { upsert: true, returnDocument: 'after' },
        );
        await commands.insertOne({ _id: next!.count, json, bytes: Buffer.byteLength(json) });
      }),

    pending: (limit) =>
      connection.run('commands.pending', async () => {
        const shown = { projection: { bytes: 1 }, sort: { _id: 1 }, limit } as const;
        // A document of another program has another kind of id, which no commit could remove.
        const oldest = await commands.find({ _id: { $gte: 0 } }, shown).toArray();
        const page = takePage(oldest.map(({ _id, bytes }) => ({ key: String(_id), bytes })));
        const ids = page.filter(isReadable).map(({ key }) => Number(key));
        const texts = await commands.find({ _id: { $in: ids } }).toArray();
        const byKey = new Map(texts.map(({ _id, json }) => [String(_id), json]));
        // The leader alone removes commands, so that a text is missing only if it is too long.
        return page.map(({ key }) => ({ key, json: byKey.get(key) ?? null }));
      }),

    findAudit: (ids) =>
      connection.run('commands.findAudit', async () => {
        const found = await audit.find({ _id: { $in: [...ids] } }).toArray();
        return new Map(found.map(({ _id, json }) => [_id, json]));
      }),

    readAudit: (limit) =>
      connection.run('commands.readAudit', async () => {
        const found = await audit.find({}, { sort: { order: -1 }, limit }).toArray();
        return found.map(({ _id, json }) => ({ id: _id, json }));
      }),

    removeAudit: (id) =>
      connection.run('commands.removeAudit', async () => {
        await audit.deleteOne({ _id: id });
      }),

    waitForCommand: (signal) => clock.sleep(POLL_INTERVAL, signal),
  };
}

/** Removes the audit rows that are over the limit. */
export async function trimAudit(connection: MongoConnection, name: string): Promise<void> {
  const audit = connection.collection<AuditDocument>(name);
  const [surplus] = await audit.find({}, { sort: { order: -1 }, skip: AUDIT_ROWS, limit: 1 }).toArray();
  if (surplus) await audit.deleteMany({ order: { $lte: surplus.order } });
}
