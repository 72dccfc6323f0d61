import type { Report } from '../validate.ts';
import { classifyCelerySetting } from './celery-settings.ts';
import type { KeySchema } from './key-schema.ts';
import { isMap } from '../../util/is-map.ts';
import { isProjectSetting } from './project-settings.ts';

/**
 * A configuration with canonical keys, without Celery settings that are not beat's, so that one file can serve
 * workers and beat. One warning lists all settings of the workers, another all of the project; a setting that beat
 * cannot follow is an error. Unknown keys stay, for the schema to reject.
 */
export function dropWorkerSettings(
  config: unknown,
  keys: KeySchema,
  report: Report,
  warn: Report,
): unknown {
  if (!isMap(config)) return config;
  const own = new Set(keys.keys);
  const unknown = Object.keys(config).filter((key) => !own.has(key) && !key.startsWith('x-'));
  const foreign = new Set(
    unknown.filter((key) => classifyCelerySetting(key) ?? isProjectSetting(key, keys)),
  );
  if (foreign.size === 0) return config;

  const workers: string[] = [];
  const projects: string[] = [];
  for (const key of foreign) {
    const found = classifyCelerySetting(key);
    // Exported configurations write null for a setting that is absent.
    if (config[key] === null) continue;
    if (!found) projects.push(key);
    else if (found.kind === 'workers') workers.push(key);
    else if (found.kind === 'rejected') report([key], `not supported: ${found.why}`);
    else warn([key], `ignored: ${found.why}`);
  }
  if (workers.length > 0) warn([], `ignored, as settings of the workers: ${workers.join(', ')}`);
  if (projects.length > 0) {
    warn([], `ignored, as settings of neither Celery nor beat: ${projects.join(', ')}`);
  }
  return Object.fromEntries(Object.entries(config).filter(([key]) => !foreign.has(key)));
}
