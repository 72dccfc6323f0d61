import { existsSync, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { LogLine } from './beat-process.ts';

/** The whole lines of a log file; none while there is no file. */
export function readLog(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Waits until an event stands in a log file so many times. */
export async function waitForLogLine(path: string, event: string, times = 1): Promise<LogLine> {
  return waitForChange(
    dirname(path),
    () => readLog(path).filter((line) => line.event === event)[times - 1],
  );
}

/** What `look` finds, now or after something in the folder has changed; `undefined` is nothing yet. */
export async function waitForChange<T>(folder: string, look: () => T | undefined): Promise<T> {
  const watching = watch(folder);
  try {
    return await new Promise<T>((resolve) => {
      const tryAgain = () => {
        const found = look();
        if (found !== undefined) resolve(found);
      };
      watching.on('change', tryAgain);
      tryAgain();
    });
  } finally {
    watching.close();
  }
}
