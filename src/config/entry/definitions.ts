import type { Definition, Definitions, ReadDefinition } from '../../entries/catalog/definition.ts';
import { reportIllFormed } from '../../celery/message/arguments.ts';
import { errorAt, MAX_PROBLEMS, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { KeySchema } from '../keys/key-schema.ts';
import { normalizeKeys } from '../keys/normalize-keys.ts';
import { isMap } from '../../util/is-map.ts';
import type { Report } from '../validate.ts';
import { readEntry, type EntryContext } from './read-entry.ts';

/** Reads definitions of stored entries as entries of `beatSchedule` are read, with the same settings. */
export class EntryDefinitions implements Definitions {
  readonly #context: EntryContext;
  readonly #keys: KeySchema;

  constructor(context: EntryContext, keys: KeySchema) {
    this.#context = context;
    this.#keys = keys;
  }

  read(name: string, given: Definition): ReadDefinition {
    const errors: Diagnostic[] = [];
    const report: Report = (path, message) => {
      if (errors.length === MAX_PROBLEMS) {
        throw new ConfigError([...errors, errorAt([], 'and more; the rest was not validated')]);
      }
      errors.push(errorAt(path, message));
    };
    const definition = normalizeKeys(given, this.#keys, [name], report);
    reportIllFormed(definition, [name], report);
    const reportEntry: Report = ([, ...path], message) => {
      report(path, message);
    };
    const reporters = { report: reportEntry, warn: () => {} };
    const entry = readEntry(name, definition, this.#context, reporters);
    if (!entry || errors.length > 0 || !isMap(definition)) throw new ConfigError(errors);
    // The default may change: what is stored names the zone that it was created for.
    const timezone = definition.timezone ?? entry.schedule.timezone ?? this.#context.timezone;
    return {
      entry: { ...entry, stored: true },
      definition: { ...withoutLastRun(definition), timezone },
    };
  }

  update(definition: Definition, fields: Definition): Definition {
    const names = this.#keys.spellings;
    const replaced = new Map(Object.entries(definition));
    for (const [key, value] of Object.entries(fields)) {
      replaced.delete(names.get(key) ?? key);
      if (value !== null) replaced.set(key, value);
    }
    return Object.fromEntries(replaced);
  }
}

/** Its state begins with the last run under another scheduler, which has no effect afterwards. */
function withoutLastRun({ lastRunAt: _, ...definition }: Definition): Definition {
  return definition;
}
