import { existsSync, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { LogLine } from './beat-process.ts';

/** Returns the complete lines of a log file, or none when it does not exist. */
export function readLog(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Waits until a log file has that many lines of an event; returns the last of them. */
export async function waitForLogLine(path: string, event: string, times = 1): Promise<LogLine> {
  return waitForChange(dirname(path), () => readLog(path).filter((line) => line.event === event)[times - 1]);
}

/** Calls `look` now and after each change in the folder, until it returns a value. */
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
