import { expect, test } from 'vitest';
import type { LogLine } from '../support/beat-process.ts';
import { findGaps, findDuplicates, type QueuedRun } from '../support/queues.ts';
import { INTERVAL, Team } from '../support/team.ts';

export interface TakeoverOptions {
  readonly brokerUrl: () => string;
  /** Returns every run that was published: no worker consumes the queue. */
  readonly queued: () => Promise<QueuedRun[]>;
}

/** Tests two processes on one broker; `name` is the broker's. */
export function takeover(name: string, { brokerUrl, queued }: TakeoverOptions): void {
  test('a leader that receives SIGTERM hands over at once, long before its lock expires', async () => {
    await using team = await Team.start(brokerUrl(), 60);
    const { leader, follower } = team.roles();
    const before = follower.log.all.length;
    expect(await leader.stop()).toEqual({ code: 0, signal: null });
    const leading = await follower.waitForEvent('leading', before);
    logTakeover(`${name}, clean stop`, await leader.waitForEvent('stopping'), leading);
    expect(parseTime(leading)).toBeLessThan(parseTime(await leader.waitForEvent('stopping')) + 30_000);

    await follower.waitForRuns(9);
    await follower.stop();
    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    expect(all.map(({ id }) => id).toSorted()).toEqual(team.sent.toSorted());
  });

  test('the follower takes over from a killed leader; no run is lost or doubled', async () => {
    await using team = await Team.start(brokerUrl(), 1);
    const { leader, follower } = team.roles();
    const before = follower.log.all.length;
    const killedAt = { time: new Date().toISOString() };
    await leader.kill();
    logTakeover(`${name}, SIGKILL with a TTL of 1 s`, killedAt, await follower.waitForEvent('leading', before));

    await follower.waitForRuns(9);
    await follower.stop();
    const all = await queued();
    expect(findDuplicates(all)).toEqual([]);
    expect(findGaps(all, INTERVAL)).toEqual([]);
    // The killed leader may not have logged its last commit.
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(team.sent));
  });
}

/** Logs the duration without an assertion: on a busy machine it varies. */
function logTakeover(what: string, from: Pick<LogLine, 'time'>, to: LogLine): void {
  console.log(`${what}: takeover after ${parseTime(to) - parseTime(from)} ms`);
}

function parseTime({ time }: Pick<LogLine, 'time'>): number {
  return Date.parse(time);
}
