import { afterEach, beforeEach } from 'vitest';
import { Folder } from './folder.ts';

const CONFIG = `
timezone: Europe/Oslo
resultExpires: null
beatSchedule:
  nightly-report: { task: reports.nightly, schedule: { crontab: { minute: 30, hour: 2 } } }
  tokyo: { task: tasks.tokyo, schedule: { cron: '0 8 * * mon', timezone: Asia/Tokyo } }
  retired: { task: tasks.retired, schedule: 1h, enabled: false }
`;

const WRONG = `
beatSchedule:
  report: { task: reports.nightly, schedule: { crontab: { minute: 60 } } }
  february: { schedule: 5 }
`;

const INTERVALS = `
resultExpires: null
beatSchedule:
  slow: { task: t, schedule: 0.3 }
  quick: { task: t, schedule: 0.2 }
`;

/**
 * Runs each test of a file in a new folder with three configurations: `beat.config.yaml`, `wrong.yaml` and
 * `intervals.yaml`.
 */
export class ConfigFolder {
  readonly outside = process.cwd();
  #folder!: Folder;

  constructor() {
    beforeEach(() => {
      this.#folder = new Folder({ 'beat.config.yaml': CONFIG, 'wrong.yaml': WRONG, 'intervals.yaml': INTERVALS });
      process.chdir(this.#folder.path);
    });
    afterEach(() => {
      process.chdir(this.outside);
      this.#folder[Symbol.dispose]();
    });
  }

  get path(): string {
    return this.#folder.path;
  }

  write(name: string, text: string): string {
    return this.#folder.write(name, text);
  }
}

export function splitLines(text: string): string[] {
  return text.trimEnd().split('\n');
}

export function parseJsonLines(text: string): unknown[] {
  return splitLines(text).map((line) => JSON.parse(line) as unknown);
}
