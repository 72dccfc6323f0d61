import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Definition } from '../../entries/catalog/definition.ts';
import { MAX_ENTRIES } from '../../entries/commands/command.ts';
import type { Settings } from '../../config/settings.ts';
import { errorAt, type Diagnostic } from '../../util/diagnostic.ts';
import { ConfigError, describeError } from '../../util/errors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings } from '../flags/options.ts';
import { readDefinitionFlags, type DefinitionFlags } from '../flags/definition-flags.ts';
import { writeError } from '../output/write-lines.ts';
import { openSender, send } from './send.ts';

export interface AddFlags extends DefinitionFlags {
  readonly file?: string;
}

/** A line of a file of new entries. */
interface Line {
  readonly name: string;
  readonly definition: Definition;
}

/** The most characters of one command: a store accepts a million bytes, and a character has up to three. */
const MAX_CHARACTERS = 300_000;

/** `beat add NAME` and `beat add -f FILE`: creates stored entries. */
export async function add(name: string | undefined, flags: AddFlags): Promise<ExitCode> {
  const { file } = flags;
  if ((name === undefined) === (file === undefined)) {
    throw new ConfigError('beat add: expected either the name of an entry, or -f FILE');
  }
  const settings = await readSettings(flags);
  const given = readDefinitionFlags(flags);
  if (file === undefined) {
    const checked = new Checker(settings);
    checked.add(name!, given);
    checked.throwProblems();
    const code = await send({ do: 'add', entry: name, definition: given }, flags);
    if (code === EXIT.ok) noteAboutShell([given]);
    return code;
  }
  if (Object.keys(given).length > 0) {
    throw new ConfigError('beat add: with -f the file alone defines entries');
  }
  const lines = await readLines(file, settings);
  const code = await addLines(lines, flags);
  if (code === EXIT.ok) noteAboutShell(lines.map(({ definition }) => definition));
  return code;
}

/** Warns that workers reject the commands of stored entries, which their configuration does not declare. */
function noteAboutShell(definitions: readonly Definition[]): void {
  if (!definitions.some(({ shell }) => shell !== undefined)) return;
  writeError(
    'beat: a worker with --allow declared, the default, rejects commands of stored entries, ' +
      'unless its configuration declares the same ones',
  );
}

/**
 * Sends the lines in as few commands as possible. The leader applies each command whole or not at all; a rejected
 * command is the last.
 */
async function addLines(lines: readonly Line[], flags: AddFlags): Promise<ExitCode> {
  const sender = await openSender(flags);
  let done = 0;
  try {
    while (done < lines.length) {
      const entries = nextChunk(lines, done);
      const count = Object.keys(entries).length;
      const code = await sender.send({ do: 'add', entries });
      if (code !== EXIT.ok) {
        writeError(
          `beat: ${done} of ${lines.length} entries were added before; run the same command again to continue`,
        );
        return code;
      }
      done += count;
    }
  } finally {
    await sender.close();
  }
  return EXIT.ok;
}

function nextChunk(lines: readonly Line[], from: number): Record<string, Definition> {
  const entries: [string, Definition][] = [];
  let characters = 0;
  for (const { name, definition } of lines.slice(from, from + MAX_ENTRIES)) {
    characters += name.length + JSON.stringify(definition).length;
    if (characters > MAX_CHARACTERS && entries.length > 0) break;
    entries.push([name, definition]);
  }
  return Object.fromEntries(entries);
}

/** Reads and validates all lines before anything is sent. Throws one `ConfigError` with every problem. */
async function readLines(file: string, settings: Settings): Promise<readonly Line[]> {
  const source = file === '-' ? 'standard input' : file;
  const checker = new Checker(settings, source);
  const lines: Line[] = [];
  const input = file === '-' ? process.stdin : createReadStream(file, 'utf8');
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      if (text.trim() === '') continue;
      const line = checker.parse(text, number);
      if (line) lines.push(line);
    }
  } catch (error) {
    throw new ConfigError(`${source}: cannot be read: ${describeError(error)}`);
  }
  checker.throwProblems();
  if (lines.length === 0) throw new ConfigError(`${source}: contains no entries`);
  return lines;
}

/** Validates definitions as the leader will, and collects the problems. */
class Checker {
  readonly #settings: Settings;
  readonly #file: string | undefined;
  readonly #declared: ReadonlySet<string>;
  readonly #lines = new Map<string, number>();
  readonly #problems: Diagnostic[] = [];

  constructor(settings: Settings, file?: string) {
    this.#settings = settings;
    this.#file = file;
    this.#declared = new Set(settings.entries.map(({ name }) => name));
  }

  parse(text: string, line: number): Line | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return void this.#report(line, errorAt([], `invalid JSON: ${(error as Error).message}`));
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return void this.#report(line, errorAt([], 'expected a JSON object'));
    }
    const { name, ...definition } = value as Record<string, unknown>;
    if (typeof name !== 'string' || name === '') {
      return void this.#report(line, errorAt(['name'], 'expected text that is not empty'));
    }
    this.add(name, definition, line);
    return { name, definition };
  }

  add(name: string, definition: Definition, line?: number): void {
    const earlier = this.#lines.get(name);
    if (earlier !== undefined) {
      this.#report(line, errorAt([name], `an entry of this name is in line ${earlier} too`));
    }
    if (line !== undefined) this.#lines.set(name, line);
    if (this.#declared.has(name)) {
      this.#report(line, errorAt([name], 'the configuration declares an entry of this name'));
    }
    try {
      this.#settings.definitions.read(name, definition);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.errors) this.#report(line, problem);
    }
  }

  throwProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }

  #report(line: number | undefined, problem: Diagnostic): undefined {
    this.#problems.push({ ...problem, file: this.#file, line });
  }
}
