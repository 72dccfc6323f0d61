import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Folder } from '../test/support/folder.ts';

const ROOT = join(import.meta.dirname, '..');

/** A text of the built program, and its replacement. */
export interface Mutation {
  /** Within `dist`. */
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

/** A copy of the built program that mutations can change, and that later builds do not touch. */
export class Program implements Disposable {
  readonly script: string;
  readonly #folder = new Folder();

  /** Throws when the text of a mutation does not occur exactly once. */
  constructor(mutations: readonly Mutation[] = []) {
    const { path } = this.#folder;
    // A mutation changes a file of dist, which runs where there is no bundle of it.
    const copied = mutations.length === 0 ? ['bundle', 'dist'] : ['dist'];
    for (const name of copied) cpSync(join(ROOT, name), join(path, name), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(path, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
    for (const { file, text, instead } of mutations) {
      const target = join(path, 'dist', file);
      const parts = readFileSync(target, 'utf8').split(text);
      if (parts.length !== 2) {
        throw new Error(`dist/${file}: expected this text once, found it ${parts.length - 1} times:\n${text}`);
      }
      writeFileSync(target, parts.join(instead));
    }
    this.script = join(path, 'dist/cli/beat.js');
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
