import type { Instances } from '../../contracts/store/instances.ts';
import { isUnreadable } from '../../contracts/store/unreadable.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { InstanceRow } from './shapes.ts';

/** The instances that were seen lately: the leader first, then by host and start. */
export async function listInstances(instances: Instances): Promise<readonly InstanceRow[]> {
  const found = await instances.list();
  return found.map((row) =>
    isUnreadable(row) ? row : { ...row, startedAt: formatIso(row.startedAt) },
  );
}
