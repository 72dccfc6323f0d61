import { expect, test } from 'vitest';
import type { LogLine } from '../support/beat-process.ts';
import { findGaps, findDuplicates, type QueuedRun } from '../support/queues.ts';
import { INTERVAL, Team } from '../support/team.ts';

export interface Ground {
  readonly brokerUrl: () => string;
  /** What waits for workers; there are none, so all that was ever sent. */
  readonly queued: () => Promise<QueuedRun[]>;
}

/** What holds for two processes wherever they meet. */
export function takeover(name: string, { brokerUrl, queued }: Ground): void {
  test(`${name}: a leader that is told to stop hands over at once, long before its lock runs out`, async () => {
    await using team = await Team.start(brokerUrl(), 60);
    const { leader, follower } = team.roles();
    const before = follower.log.all.length;
    expect(await leader.stop()).toEqual({ code: 0, signal: null });
    const leading = await follower.waitForEvent('leading', before);
    told(`${name}, clean stop`, await leader.waitForEvent('stopping'), leading);
    expect(timeOf(leading)).toBeLessThan(timeOf(await leader.waitForEvent('stopping')) + 30_000);

    await follower.waitForRuns(9);
    await follower.stop();
    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(all.map(({ id }) => id).toSorted()).toEqual(team.sent.toSorted());
  });

  test(`${name}: when the leader is killed, the other goes on; nothing is lost, nothing is sent twice`, async () => {
    await using team = await Team.start(brokerUrl(), 1);
    const { leader, follower } = team.roles();
    const before = follower.log.all.length;
    const killedAt = { time: new Date().toISOString() };
    await leader.kill();
    told(
      `${name}, SIGKILL with a TTL of 1 s`,
      killedAt,
      await follower.waitForEvent('leading', before),
    );

    await follower.waitForRuns(9);
    await follower.stop();
    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    // What was committed in the instant of the kill may not have been told of.
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(team.sent));
  });
}

/** Measured, not asserted: a busy machine is no broken promise. */
function told(what: string, from: Pick<LogLine, 'time'>, to: LogLine): void {
  console.log(`${what}: the other leads after ${timeOf(to) - timeOf(from)} ms`);
}

function timeOf({ time }: Pick<LogLine, 'time'>): number {
  return Date.parse(time);
}
