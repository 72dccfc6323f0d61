import type { EntryConfig } from '../src/generated/config-types.ts';
import { Random } from './random.ts';

/** A command that a run sends. */
export interface PlannedCommand {
  /** Milliseconds after the start of the run. */
  readonly at: number;
  /** How often it is sent, always with one id: it may be applied once only. */
  readonly times: 1 | 2;
  /** The fields of the command but its id. A number in `until`, `from` and `to` counts milliseconds from the sending. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface CommandsOptions {
  readonly entries: Readonly<Record<string, EntryConfig>>;
  /** When the last command is sent, milliseconds after the start. */
  readonly end: number;
  readonly createEntry: (random: Random, i: number) => EntryConfig;
}

/** The pause between two commands, in milliseconds. */
const PAUSE = [50, 700] as const;

/** How far back a backfill begins and ends, in milliseconds. */
const BACKFILLED = { from: -40_000, to: -10_000 };

/** Plans commands of all kinds. The last ones resume what may be paused, so that every occurrence is accounted for. */
export function generateCommands(seed: number, { entries, end, createEntry }: CommandsOptions): PlannedCommand[] {
  const random = new Random(seed ^ 0x5eed);
  const declared = Object.keys(entries);
  const stored: string[] = [];
  const commands: PlannedCommand[] = [];
  const plan = (at: number, fields: PlannedCommand['fields']) => {
    commands.push({ at, times: random.chance(0.2) ? 2 : 1, fields });
  };
  for (let at = random.int(0, 500); at < end; at += random.int(...PAUSE)) {
    const entry = random.pick([...declared, ...stored]);
    switch (random.int(0, 9)) {
      case 0:
        plan(at, { do: 'pause', entry, reason: 'chaos' });
        break;
      case 1:
        plan(at, { do: 'pause', entry, until: random.size(100, 3_000) });
        break;
      case 2:
      case 3:
        plan(at, { do: 'resume', entry });
        break;
      case 4:
        plan(at, { do: 'run', entry });
        break;
      case 5:
        plan(at, { do: 'skip', entry });
        break;
      case 6:
        plan(at, { do: 'backfill', entry, ...BACKFILLED });
        break;
      case 7: {
        const name = `stored ${stored.length}`;
        const definition = createEntry(random, stored.length);
        stored.push(name);
        plan(at, { do: 'add', entry: name, definition });
        break;
      }
      case 8:
        if (stored.length === 0) break;
        plan(at, { do: 'update', entry: random.pick(stored), definition: { args: [at] } });
        break;
      default:
        if (random.chance(0.3)) plan(at, { do: 'reload' });
        else if (stored.length > 2 && random.chance(0.5)) {
          plan(at, { do: 'remove', entry: random.pick(stored) });
        }
    }
  }
  for (const entry of [...declared, ...stored]) plan(end, { do: 'resume', entry });
  return commands;
}
