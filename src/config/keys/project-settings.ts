import { findClosest } from '../../util/did-you-mean.ts';
import type { KeySchema } from './key-schema.ts';

/** In names this long one or two wrong letters are a typing mistake; more make another name. */
const MAX_MISTAKES = 2;

/**
 * Whether a key is a project's own. Under Django, Celery reads the settings that begin with `CELERY_`, and projects
 * use the same prefix for names of theirs (`CELERY_EMAIL_BACKEND`), which Celery accepts.
 */
export function isProjectSetting(key: string, { spellings }: KeySchema): boolean {
  if (!/^CELERY_[A-Z0-9_]+$/.test(key)) return false;
  const known = [...spellings.keys()].filter((name) => /^CELERY[A-Z]*_/.test(name));
  return findClosest(key, known, MAX_MISTAKES) === undefined;
}
