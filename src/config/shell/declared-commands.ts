import type { Settings } from '../settings.ts';

/** The keyword arguments of all entries that run commands: what workers may run. */
export function listDeclaredCommands({
  entries,
  shell,
}: Pick<Settings, 'entries' | 'shell'>): readonly Readonly<Record<string, unknown>>[] {
  return entries.filter(({ task }) => task === shell.task).map(({ kwargs }) => kwargs);
}
