import type { Definition } from '../../entries/catalog/definition.ts';
import { parseJson } from '../../util/decode/json.ts';
import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { Form } from '../read-body.ts';
import type { NewEntry } from './add-page.ts';

/** The command of a form about an entry. Throws a `ConfigError` for a definition that is not JSON. */
export function readAction(entry: string, form: Form): Definition {
  const text = (name: string) => textOf(form, name);
  const optional = Object.fromEntries(
    [
      ['reason', text('reason')] as const,
      ...['until', 'dueAt', 'from', 'to'].map((name) => [name, instantOf(text(name))] as const),
    ].filter(([, value]) => value !== ''),
  );
  const definition = text('definition');
  return {
    do: text('do'),
    entry,
    ...optional,
    ...(definition !== '' && { definition: parseField('definition', definition) }),
  };
}

/** The fields of the form for a new entry, and its command, which throws a `ConfigError` with all problems. */
export function readNewEntry(form: Form): {
  readonly given: NewEntry;
  readonly command: () => Definition;
} {
  const given: NewEntry = {
    entry: textOf(form, 'entry'),
    task: textOf(form, 'task'),
    schedule: textOf(form, 'schedule'),
    timezone: textOf(form, 'timezone'),
    args: textOf(form, 'args'),
    kwargs: textOf(form, 'kwargs'),
  };
  const { entry, task, schedule, timezone, args, kwargs } = given;
  return {
    given,
    command: () => ({
      do: 'add',
      entry,
      definition: {
        task,
        schedule: parseSchedule(schedule),
        ...(timezone !== '' && { timezone }),
        ...(args !== '' && { args: parseField('args', args) }),
        ...(kwargs !== '' && { kwargs: parseField('kwargs', kwargs) }),
      },
    }),
  };
}

/** A duration, JSON, or else a cron line: as `--schedule` of `beat add`. */
function parseSchedule(text: string): unknown {
  if (text.startsWith('{')) return parseField('schedule', text);
  return /^\d[\w.]*$/.test(text) ? text : { cron: text };
}

function parseField(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ConfigError([errorAt([name], `invalid JSON: ${(error as Error).message}`)]);
  }
}

/** Fields of the type `datetime-local` have no offset; the pages ask for UTC. */
function instantOf(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? `${text}Z` : text;
}

function textOf(form: Form, name: string): string {
  return form[name]?.trim() ?? '';
}
