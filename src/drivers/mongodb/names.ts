import type { Db } from 'mongodb';

/** The collections of a key prefix. MongoDB allows no `$` in their names. */
export function namesFor(keyPrefix: string) {
  const prefix = keyPrefix.replaceAll('$', '%24');
  return {
    /** The documents `term`, `lock` and `commands`. */
    leader: `${prefix}.leader`,
    entries: `${prefix}.entries`,
    journal: `${prefix}.journal`,
    outbox: `${prefix}.outbox`,
    history: `${prefix}.history`,
    minutes: `${prefix}.minutes`,
    commands: `${prefix}.commands`,
    audit: `${prefix}.audit`,
    instances: `${prefix}.instances`,
  } as const;
}

export type Names = ReturnType<typeof namesFor>;

/** How long removed entries stay. Seconds. */
const REMOVED_STAY = 86_400;

/** Makes all collections, because a transaction of MongoDB 4.2 cannot make any, and their indexes. */
export async function prepareState(db: Db, names: Names): Promise<void> {
  const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const name of Object.values(names)) {
    if (!existing.has(name)) await db.createCollection(name).catch(ignoreExisting);
  }
  const expires = { key: { expires: 1 }, expireAfterSeconds: 0 } as const;
  await db
    .collection(names.entries)
    .createIndexes([{ key: { order: 1 } }, { key: { removedAt: 1 }, expireAfterSeconds: REMOVED_STAY, sparse: true }]);
  await db.collection(names.journal).createIndexes([{ key: { commit: 1 } }]);
  await db.collection(names.history).createIndexes([{ key: { entry: 1, _id: -1 } }, expires]);
  await db.collection(names.minutes).createIndexes([expires]);
  await db.collection(names.audit).createIndexes([{ key: { order: 1 } }]);
}

/** For `catch`: another process has just made the collection. */
export function ignoreExisting(error: unknown): void {
  const NAMESPACE_EXISTS = 48;
  if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
}
