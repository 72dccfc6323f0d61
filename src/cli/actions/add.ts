import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { checkUpdate } from '../../client/send-command.ts';
import type { StateStore } from '../../contracts/store/store.ts';
import type { Definition } from '../../entries/catalog/definition.ts';
import { MAX_ENTRIES } from '../../entries/commands/command.ts';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { configErrors, ConfigError, describeError } from '../../util/errors.ts';
import { isMap } from '../../util/is-map.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings } from '../flags/options.ts';
import { readDefinitionFlags, type DefinitionFlags } from '../flags/definition-flags.ts';
import { writeError } from '../output/lines.ts';
import { send } from './send.ts';
import { withStore } from './with-store.ts';

interface AddFlags extends DefinitionFlags {
  readonly file?: string;
}

interface NewEntry {
  readonly name: string;
  readonly definition: Definition;
}

/** The most characters of one command: a store accepts a million bytes, and a character has up to three. */
const MAX_CHARACTERS = 300_000;

/** `beat add NAME` and `beat add -f FILE`: creates stored entries. */
export async function add(flags: AddFlags, name?: string): Promise<ExitCode> {
  const { file } = flags;
  if ((name === undefined) === (file === undefined)) {
    throw new ConfigError('beat add: expected either the name of an entry, or -f FILE');
  }
  const settings = await readSettings(flags);
  const definition = readDefinitionFlags(flags);
  let entries: readonly NewEntry[];
  if (name === undefined) {
    if (Object.keys(definition).length > 0) throw new ConfigError('beat add: with -f the file alone defines entries');
    entries = await readEntries(file!, settings);
  } else {
    const problems = createCheck(settings)({ name, definition });
    if (problems.length > 0) throw new ConfigError(problems);
    entries = [{ name, definition }];
  }
  const code = await withStore(settings, (store) =>
    name === undefined ? addAll(store, entries, flags) : send(store, { do: 'add', entry: name, definition }, flags),
  );
  if (code === EXIT.ok && entries.some((entry) => entry.definition['shell'] !== undefined)) {
    writeError(
      'beat: a worker with --allow declared, the default, rejects commands of stored entries, ' +
        'unless its configuration declares the same ones',
    );
  }
  return code;
}

/** `beat update NAME`: replaces fields of a stored entry's definition. */
export async function update(flags: DefinitionFlags, entry: string): Promise<ExitCode> {
  const definition = readDefinitionFlags(flags);
  if (Object.keys(definition).length === 0) {
    throw new ConfigError('beat update: name at least one field, such as --schedule 5m');
  }
  const settings = await readSettings(flags);
  return withStore(settings, async (store) => {
    await checkUpdate(store.entries, settings.definitions, entry, definition);
    return send(store, { do: 'update', entry, definition }, flags);
  });
}

/** Adds entries with few commands. The leader applies a command whole or not at all; a rejected one is the last. */
async function addAll(store: StateStore, entries: readonly NewEntry[], flags: AddFlags): Promise<ExitCode> {
  for (let done = 0; done < entries.length;) {
    const chunk = nextChunk(entries, done);
    const code = await send(store, { do: 'add', entries: Object.fromEntries(chunk) }, flags);
    if (code !== EXIT.ok) {
      writeError(
        `beat: ${done} of ${entries.length} entries were added before; run the same command again to continue`,
      );
      return code;
    }
    done += chunk.length;
  }
  return EXIT.ok;
}

function nextChunk(entries: readonly NewEntry[], from: number): readonly [string, Definition][] {
  const chunk: [string, Definition][] = [];
  let characters = 0;
  for (const { name, definition } of entries.slice(from, from + MAX_ENTRIES)) {
    characters += name.length + JSON.stringify(definition).length;
    if (characters > MAX_CHARACTERS && chunk.length > 0) break;
    chunk.push([name, definition]);
  }
  return chunk;
}

/** Reads and validates all lines of a file before anything is sent. Throws one `ConfigError` with every problem. */
async function readEntries(file: string, settings: Settings): Promise<readonly NewEntry[]> {
  const source = file === '-' ? 'standard input' : file;
  const input = file === '-' ? process.stdin : createReadStream(file, 'utf8');
  const check = createCheck(settings);
  const entries: NewEntry[] = [];
  const problems: Diagnostic[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line += 1;
      if (text.trim() === '') continue;
      const entry = parseLine(text);
      const found = 'message' in entry ? [entry] : check(entry, line);
      for (const problem of found) problems.push({ ...problem, file: source, line });
      if (!('message' in entry)) entries.push(entry);
    }
  } catch (error) {
    throw new ConfigError(`${source}: cannot be read: ${describeError(error)}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  if (entries.length === 0) throw new ConfigError(`${source}: contains no entries`);
  return entries;
}

function parseLine(text: string): NewEntry | Diagnostic {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return errorAt([], `invalid JSON: ${(error as Error).message}`);
  }
  if (!isMap(value)) return errorAt([], 'expected a JSON object');
  const { name, ...definition } = value;
  if (typeof name !== 'string' || name === '') return errorAt(['name'], 'expected text that is not empty');
  return { name, definition };
}

/** Returns a function that validates a new entry as the leader will, and returns all problems. */
function createCheck({ entries, definitions }: Settings) {
  const declared = new Set(entries.map(({ name }) => name));
  const lines = new Map<string, number>();
  return ({ name, definition }: NewEntry, line = 0): readonly Diagnostic[] => {
    const problems: Diagnostic[] = [];
    const earlier = lines.get(name);
    if (earlier !== undefined) problems.push(errorAt([name], `an entry of this name is in line ${earlier} too`));
    lines.set(name, line);
    if (declared.has(name)) problems.push(errorAt([name], 'the configuration declares an entry of this name'));
    problems.push(...configErrors(() => definitions.read(name, definition)));
    return problems;
  };
}
