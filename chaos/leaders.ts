import type { Evidence } from './evidence.ts';
import { timeOf } from './testimony.ts';

export interface LeaderFigures {
  /** The longest time, milliseconds, in which nobody led who could. */
  readonly gap: number;
  /** From the death of a leader until another led, milliseconds, where nothing else was wrong. */
  readonly afterKill: readonly number[];
  /** The same from when a leader was told to stop. */
  readonly afterStop: readonly number[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Who led when, and whether the writes of two terms came in turns. */
export function judgeLeaders(evidence: Evidence): { leaders: string[]; figures: LeaderFigures } {
  return {
    leaders: [...interleaved(evidence), ...shared(evidence)],
    figures: {
      gap: longestGap(evidence),
      afterKill: takeovers(evidence, 'kill'),
      afterStop: takeovers(evidence, 'stop'),
    },
  };
}

/** In a queue, nothing of an older term may stand behind something of a newer one. */
function interleaved({ processes, queues, repeats }: Evidence): string[] {
  // Where broker and ledger are two, a new leader sends what an older one has kept.
  if (repeats) return [];
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
      return `${entry} ${new Date(dueAt).toISOString()}: sent in term ${term} after term ${newest} had`;
    });
  });
}

/** A fencing number is handed out once. */
function shared({ processes }: Evidence): string[] {
  const all = processes.flatMap(({ log }) => log.filter(({ event }) => event === 'leading'));
  const numbers = all.map((line) => Number(line['term']));
  return numbers
    .filter((number, i) => numbers.indexOf(number) !== i)
    .map((number) => `term ${number} was begun twice`);
}

function longestGap({ processes, harms, calmAt }: Evidence): number {
  const spans = processes.flatMap(({ log, endedAt }, process) => {
    const frozen = harms.filter((harm) => harm.kind === 'freeze' && harm.process === process);
    return ledIn(log, Math.min(endedAt ?? Infinity, calmAt)).flatMap((span) => thaw(span, frozen));
  });
  spans.sort((a, b) => a.from - b.from);
  let gap = 0;
  let until = spans[0]?.from ?? calmAt;
  for (const { from, to } of spans) {
    gap = Math.max(gap, Math.min(from, calmAt) - until);
    until = Math.max(until, to);
  }
  return Math.max(gap, calmAt - until);
}

/** From each time that it led to when it followed, was told to stop, or was gone. */
function ledIn(log: Evidence['processes'][number]['log'], end: number): Span[] {
  const turns = log.filter(({ event }) => ['leading', 'following', 'stopping'].includes(event));
  return turns.flatMap((line, i) => {
    if (line.event !== 'leading') return [];
    const to = turns[i + 1];
    return { from: timeOf(line), to: Math.min(to ? timeOf(to) : Infinity, end) };
  });
}

/** What is left of a span without the times at which its process stood still. */
function thaw(span: Span, frozen: readonly Span[]): Span[] {
  return frozen.reduce<Span[]>(
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

/** How long it took after each blow of that kind to a leader, where another stood by and nothing else happened. */
function takeovers({ processes, harms }: Evidence, kind: 'kill' | 'stop'): number[] {
  return harms.flatMap((harm) => {
    if (harm.kind !== kind || !harm.led) return [];
    const others = processes.filter((_, process) => process !== harm.process);
    const ready = others.some(
      ({ log, endedAt }) =>
        (endedAt === null || endedAt > harm.from) &&
        log.some((line) => line.event === 'following' && timeOf(line) < harm.from),
    );
    const leading = others
      .flatMap(({ log }) => log.filter(({ event }) => event === 'leading').map(timeOf))
      .filter((at) => at >= harm.from);
    const taken = Math.min(...leading);
    const disturbed = harms.some(
      (other) => other !== harm && other.from < taken && other.to > harm.from,
    );
    return ready && !disturbed && taken < Infinity ? taken - harm.from : [];
  });
}
