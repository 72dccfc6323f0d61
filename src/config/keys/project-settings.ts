import { findClosest } from '../../util/did-you-mean.ts';
import type { Level } from './key-schema.ts';

/** In so long names one or two wrong letters are a mistake in writing; more make another name. */
const MISTAKES = 2;

/**
 * Whether a key is a project's own. Under Django, Celery reads the settings that begin with `CELERY_`, and projects
 * give names of theirs the same beginning (`CELERY_EMAIL_BACKEND`). Celery lets them stand.
 */
export function isProjectsOwn(key: string, { names }: Level): boolean {
  if (!/^CELERY_[A-Z0-9_]+$/.test(key)) return false;
  const celerys = [...names.keys()].filter((name) => /^CELERY[A-Z]*_/.test(name));
  return findClosest(key, celerys, MISTAKES) === undefined;
}
