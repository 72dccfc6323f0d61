import { celerySetting } from './celery-settings.ts';
import type { Level } from './key-schema.ts';
import { isProjectsOwn } from './project-settings.ts';
import type { Report } from '../validate.ts';
import { isMap } from './normalize-keys.ts';

/**
 * A configuration, its names canonical, without those settings of Celery's that are not beat's: one file
 * can serve workers and beat alike. They are remarked on, all of the workers' in one line, and all that are a
 * project's own in another; those that beat would have to heed and does not know are reported. Unknown keys are left in, for the schema to refuse.
 */
export function leaveOut(config: unknown, level: Level, report: Report, warn: Report): unknown {
  if (!isMap(config)) return config;
  const own = new Set(level.keys);
  const unknown = Object.keys(config).filter((key) => !own.has(key) && !key.startsWith('x-'));
  const foreign = new Set(unknown.filter((key) => celerySetting(key) ?? isProjectsOwn(key, level)));
  if (foreign.size === 0) return config;

  const workers: string[] = [];
  const projects: string[] = [];
  for (const key of foreign) {
    const found = celerySetting(key);
    // That is how an exported file says nothing.
    if (config[key] === null) continue;
    if (!found) projects.push(key);
    else if (found.kind === 'workers') workers.push(key);
    else if (found.kind === 'refused') report([key], `not taken here: ${found.why}`);
    else warn([key], `ignored: ${found.why}`);
  }
  if (workers.length > 0) warn([], `left to the workers: ${workers.join(', ')}`);
  if (projects.length > 0) {
    warn([], `no settings of Celery's or beat's, and left alone: ${projects.join(', ')}`);
  }
  return Object.fromEntries(Object.entries(config).filter(([key]) => !foreign.has(key)));
}
