import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { BENCHES } from './benches.ts';
import type { Measurement, Results } from './results.ts';
import type { Row } from './table.ts';

interface Section {
  /** As in the rows; the name of the command otherwise. */
  readonly bench?: string;
  readonly text: string;
}

/** What each bench measures, and what it is compared with in the same run. */
const SECTIONS: Readonly<Record<string, Section>> = {
  burst: {
    text: 'Entries that are due at the same instant: from that instant to the last message in Redis, with all decisions, states and rows of the history. Peers: celery beat and RedBeat with the same tasks; and ioredis, which puts the same messages there and does nothing else, as the upper limit. Contenders take turns, one round each.',
  },
  share: {
    text: 'What beat publishes to each broker, in turns with the same client library that stores the same bytes with the same durability, without states, history, fence and outbox. Redis is in the first table.',
  },
  start: {
    text: 'The command from the start of its process until it leads and all states are written, and its resident memory.',
  },
  stored: {
    text: 'Reading the entries that are due in the next minute: among those alone, and among many. The peer of each row is the row with the fewer entries.',
  },
  lateness: {
    text: 'A thousand runs a second: from due to received by a consumer of the queue. Peer: a timer in a process that does nothing else, as the lower limit.',
  },
  next: {
    bench: 'next()',
    text: 'The next instant of a cron expression: for a new instant, and for the same instant again. Peer: cron-parser.',
  },
  takeover: {
    text: 'From the end of a leader until the other instance leads, with the same time to live of the lock for all. Peer: RedBeat.',
  },
  input: { text: 'Processor time for configurations that are large or wrong in many places.' },
  outcomes: { text: 'What a leader uses of a core to follow the outcomes of a thousand runs a second.' },
  live: { text: 'Pages, metrics and commands of a leader with many entries.' },
  audit: { text: '`beat audit` of a day.' },
  'start-history': { text: 'A start with a day of history, and its peer, a start with `history: false`.' },
  size: {
    text: 'What one leader publishes with each store, and what an entry and a run take there. [Scaling](../docs/scaling.md) computes with these figures.',
  },
  hostile: {
    text: 'How long hostile inputs block the main thread of a leader, and how late its runs are because of it.',
  },
};

const HEAD = `<!-- Written by bench/page.ts from bench/results.json. -->

# Benchmarks

\`npm run bench\` measures beat beside what users would run instead. The figures of a table are of one run of the command
above it, with the peers in the same run: compare figures of one table only. Other programs used the machine too, so an idle machine is faster; processor times
and ratios depend least on that.

![Messages per second of a burst, time of a takeover, and time of one cron answer, for beat and its peers.](../docs/bench.svg)

- \`npm run bench -- --only burst,start\` runs some of them, \`--quick\` takes less time, \`--json FILE\` writes the figures to a file.
- \`npm run bench -- --compare main\` runs this tree and another commit in turns and prints the ratios.
- \`node bench/page.ts FILE…\` adds such files to \`results.json\` and writes this page and its chart again.
- \`npm run soak\` measures whether memory and lateness stay level for hours; see [Scaling](../docs/scaling.md#over-hours).
`;

/** Renders bench/README.md. */
export async function renderPage(results: Results): Promise<string> {
  const sections = Object.keys(BENCHES).flatMap((name) => {
    const { bench = name, text } = SECTIONS[name]!;
    const measurement = results[bench];
    return measurement ? [renderSection(name, text, measurement)] : [];
  });
  const style = await resolveConfig(import.meta.filename);
  const notReached = await readFile(new URL('not-reached.md', import.meta.url), 'utf8');
  return format([HEAD, ...sections, notReached].join('\n'), { ...style, parser: 'markdown' });
}

function renderSection(
  name: string,
  text: string,
  { rows, measuredAt, machine, load, quick, commit }: Measurement,
): string {
  const hasWanted = rows.some(({ wanted }) => wanted);
  const heads = ['what', 'measured', ...(hasWanted ? ['wanted'] : []), 'rounds, and more'];
  const lines = [
    heads,
    heads.map((head) => (head === 'measured' ? '--:' : '---')),
    ...rows.map((row) => toCells(row, hasWanted)),
  ];
  const when = `${measuredAt.slice(0, 10)}, commit ${commit?.slice(0, 8) ?? 'unknown'}, ${machine}, load average ${load} before`;
  return [
    `## ${name}\n`,
    `${text}\n`,
    `\`npm run bench -- --only ${name}${quick ? ' --quick' : ''}\` (${when})\n`,
    ...lines.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n');
}

function toCells({ what, figure, wanted, behind = '' }: Row, hasWanted: boolean): string[] {
  const goal = wanted ? `${wanted.text}${wanted.met ? '' : ', missed'}` : '';
  // Cron expressions contain asterisks.
  const name = what.replace(/^(\S*\*.*?)(?= {2}|$)/, '`$1`');
  return [name, figure, ...(hasWanted ? [goal] : []), behind].map((cell) => cell.replaceAll('|', String.raw`\|`));
}
