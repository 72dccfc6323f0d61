import { fields, flags, options, schedules } from './entries.facts.ts';
import type { Facts } from './fact.ts';
import { own, settings, transport, workers } from './settings.facts.ts';

/** The tables of the page, by what they are of. */
export const FACTS = { settings, workers, own, transport, fields, options, schedules, flags } satisfies Readonly<
  Record<string, Facts>
>;
