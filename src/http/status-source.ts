import type { StatusSource } from '../read-models/status/status-page.ts';
import type { HttpContext } from './context.ts';

/** Where status is read, with the settings in force. */
export function statusSource({ store, settings }: HttpContext): StatusSource {
  const { entries, definitions } = settings();
  return { store, entries, definitions };
}
