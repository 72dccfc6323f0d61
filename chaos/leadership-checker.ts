import type { History } from './history.ts';
import { parseTime } from './logged-decisions.ts';

export interface LeadershipFigures {
  /** The longest time without a leader, milliseconds. A frozen leader does not count as one. */
  readonly gap: number;
  /** Milliseconds from a leader's SIGKILL until another led, without other faults in between. */
  readonly afterKill: readonly number[];
  /** Milliseconds from a leader's SIGTERM until another led, without other faults in between. */
  readonly afterStop: readonly number[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Checks that no two leaders published at the same time, and measures takeovers. */
export function checkLeadership(history: History): { violations: string[]; figures: LeadershipFigures } {
  return {
    violations: [...findInterleaved(history), ...findSharedTerms(history)],
    figures: {
      gap: measureLongestGap(history),
      afterKill: measureTakeovers(history, 'kill'),
      afterStop: measureTakeovers(history, 'stop'),
    },
  };
}

/** Finds runs of an older term behind runs of a newer one in the same queue. */
function findInterleaved({ processes, queues, mayRepeat }: History): string[] {
  // With an outbox, the leader also publishes what earlier leaders put there.
  if (mayRepeat) return [];
  const terms = new Map<string, number>();
  for (const { log } of processes) {
    for (const line of log) {
      if (line.event === 'sent') terms.set(String(line['taskId']), Number(line['term']));
    }
  }
  return queues.flatMap((queue) => {
    let newest = 0;
    return queue.flatMap(({ id, entry, dueAt }) => {
      const term = terms.get(id) ?? newest;
      if (term >= newest) return ((newest = term), []);
      return `${entry} ${new Date(dueAt).toISOString()}: published in term ${term}, after a run of term ${newest}`;
    });
  });
}

/** Finds fencing tokens that two leaders received. */
function findSharedTerms({ processes }: History): string[] {
  const all = processes.flatMap(({ log }) => log.filter(({ event }) => event === 'leading'));
  const terms = all.map((line) => Number(line['term']));
  return terms.filter((term, i) => terms.indexOf(term) !== i).map((term) => `term ${term} has two leaders`);
}

function measureLongestGap({ processes, faults, healedAt }: History): number {
  const spans = processes.flatMap(({ log, endedAt }, process) => {
    const frozen = faults.filter((fault) => fault.kind === 'freeze' && fault.process === process);
    const end = Math.min(endedAt ?? Infinity, healedAt);
    return findLeadership(log, end).flatMap((span) => subtract(span, frozen));
  });
  spans.sort((a, b) => a.from - b.from);
  let gap = 0;
  let until = spans[0]?.from ?? healedAt;
  for (const { from, to } of spans) {
    gap = Math.max(gap, Math.min(from, healedAt) - until);
    until = Math.max(until, to);
  }
  return Math.max(gap, healedAt - until);
}

/** Returns the spans in which a process led: each until it followed, received SIGTERM, or ended. */
function findLeadership(log: History['processes'][number]['log'], end: number): Span[] {
  const changes = log.filter(({ event }) => ['leading', 'following', 'stopping'].includes(event));
  return changes.flatMap((line, i) => {
    if (line.event !== 'leading') return [];
    const next = changes[i + 1];
    return { from: parseTime(line), to: Math.min(next ? parseTime(next) : Infinity, end) };
  });
}

/** Returns the parts of a span that none of the others covers. */
function subtract(span: Span, others: readonly Span[]): Span[] {
  return others.reduce<Span[]>(
    (spans, { from, to }) =>
      spans.flatMap((each) =>
        to <= each.from || from >= each.to
          ? each
          : [
              { from: each.from, to: from },
              { from: to, to: each.to },
            ].filter((part) => part.from < part.to),
      ),
    [span],
  );
}

/** Measures takeovers where a follower was ready and no other fault overlapped. */
function measureTakeovers({ processes, faults }: History, kind: 'kill' | 'stop'): number[] {
  return faults.flatMap((fault) => {
    if (fault.kind !== kind || !fault.led) return [];
    const others = processes.filter((_, process) => process !== fault.process);
    const ready = others.some(
      ({ log, endedAt }) =>
        (endedAt === null || endedAt > fault.from) &&
        log.some((line) => line.event === 'following' && parseTime(line) < fault.from),
    );
    const leading = others
      .flatMap(({ log }) => log.filter(({ event }) => event === 'leading').map(parseTime))
      .filter((at) => at >= fault.from);
    const takeover = Math.min(...leading);
    const disturbed = faults.some((other) => other !== fault && other.from < takeover && other.to > fault.from);
    return ready && !disturbed && takeover < Infinity ? takeover - fault.from : [];
  });
}
