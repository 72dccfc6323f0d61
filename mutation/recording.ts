// Which functions each test file reaches, and how long it takes: recorded once, and stored between runs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { Session } from './session.ts';

interface Entry {
  /** Of the test file's text: a changed test is recorded again. */
  readonly hash: string;
  readonly passed: boolean;
  readonly duration: number;
  readonly reached: readonly string[];
}

type Entries = Record<string, Entry>;

const PATH = 'node_modules/.cache/beat-mutation/recording.json';
/** Test files between two writes, so that an interrupted recording continues there. */
const AT_ONCE = 20;
const LIMIT = 60 * 60 * 1000;

export class Recording {
  readonly #entries: Entries;
  readonly #sets: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(entries: Entries) {
    this.#entries = entries;
    this.#sets = new Map(Object.entries(entries).map(([file, { reached }]) => [file, new Set(reached)]));
  }

  /** Test files that fail without any mutant: their results with a mutant have no meaning. */
  get failing(): string[] {
    return Object.keys(this.#entries).filter((file) => !this.#entries[file]!.passed);
  }

  /**
   * The test files that reach the mutant's function: first those that also reach a function with the changed constant,
   * of these the quick ones that reach little beside its file.
   */
  testsOf(mutant: Mutant): { readonly file: string; readonly duration: number }[] {
    const found = [...this.#sets].filter(
      ([file, reached]) => this.#entries[file]!.passed && reached.has(`${mutant.file}#${mutant.scope}`),
    );
    const cost = (file: string, reached: ReadonlySet<string>): number => {
      const near = [...reached].filter((name) => name.startsWith(`${mutant.file}#`)).length;
      return (this.#entries[file]!.duration * reached.size) / near;
    };
    const reachesUser = (reached: ReadonlySet<string>): boolean =>
      mutant.users.some((user) => reached.has(`${mutant.file}#${user}`));
    return found
      .map(([file, reached]) => {
        return {
          file,
          duration: this.#entries[file]!.duration,
          cost: cost(file, reached),
          isUser: reachesUser(reached),
        };
      })
      .toSorted((a, b) => Number(b.isUser) - Number(a.isUser) || a.cost - b.cost);
  }
}

/** Reads the stored recording, and runs new and changed test files with every function instrumented. */
export async function record(anew: boolean): Promise<Recording> {
  const kept = anew || !existsSync(PATH) ? {} : (JSON.parse(readFileSync(PATH, 'utf8')) as Entries);
  await using session = new Session('record');
  const tests = await session.tests();
  // A file may have failed because of a timeout: it runs again.
  const isKept = (file: string): boolean => kept[file]?.passed === true && kept[file].hash === hashFile(file);
  const missing = tests.filter((file) => !isKept(file));
  const entries: Entries = Object.fromEntries(tests.filter(isKept).map((file) => [file, kept[file]!]));
  if (missing.length > 0) {
    console.error(`recording which functions ${missing.length} test files reach; this is kept for the next time`);
  }
  for (let from = 0; from < missing.length; from += AT_ONCE) {
    const answer = await session.run({ swap: null, tests: missing.slice(from, from + AT_ONCE) }, LIMIT);
    if (!answer) throw new Error('recording: the tests did not end within an hour');
    for (const { file, passed, duration } of answer.files) {
      const reached = reachedBy(session.folder, file);
      entries[file] = { hash: hashFile(file), passed, duration, reached };
    }
    mkdirSync(dirname(PATH), { recursive: true });
    writeFileSync(PATH, JSON.stringify(entries));
  }
  return new Recording(entries);
}

function reachedBy(folder: string, file: string): string[] {
  const name = createHash('sha1').update(join(process.cwd(), file)).digest('hex');
  const path = join(folder, name);
  return existsSync(path) ? [...new Set(readFileSync(path, 'utf8').trimEnd().split('\n'))] : [];
}

function hashFile(file: string): string {
  return createHash('sha1').update(readFileSync(file)).digest('hex');
}
