import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../../util/is-map.ts';
import type { Left } from '../found.ts';
import type { Exported } from './exported.ts';

const INSTEAD =
  "Celery's beat does so at each start, and the file has what the import found; write a constant, a template such as {{dueAt}}, or lazy() in TypeScript";

/** The most paths of an entry that are listed; further paths are only counted. */
const SHOWN = 3;

/** Lists values that differ in a second export with a later clock: Celery's beat computes them at each start. */
export function findComputed(first: Exported, second: Exported): readonly Left[] {
  const others = new Map(second.entries.map(({ name, entry }) => [name, entry]));
  const entries = first.entries.flatMap(({ name, entry }): Left[] => {
    const other = others.get(name);
    const place = `entry ${name}`;
    if (!other) return [note(place, `its name was computed while the project was loaded`)];
    const paths = findPaths(entry, other, '');
    return paths.length === 0 ? [] : [note(place, describe(paths))];
  });
  const { settings } = first;
  const changed = Object.keys(settings).filter((key) => !isDeepStrictEqual(settings[key], second.settings[key]));
  return [
    ...entries,
    ...changed.map((key) => note('app', `the setting ${key} was computed while the project was loaded`)),
  ];
}

function note(place: string, what: string): Left {
  return { kind: 'note', place, reason: `${what}; ${INSTEAD}` };
}

function describe(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  const verb = paths.length === 1 ? 'was' : 'were';
  return `${paths.slice(0, SHOWN).join(', ')}${more} ${verb} computed while the project was loaded`;
}

function findPaths(one: unknown, other: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (isMap(one) && isMap(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].flatMap((key) => findPaths(one[key], other[key], path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.flatMap((each, i) => findPaths(each, other[i], `${path}[${i}]`));
  }
  return [path];
}
