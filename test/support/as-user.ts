import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';

/** A command with its arguments, as another user where we are root: some servers refuse to run as root. */
export class AsUser {
  readonly #id: { readonly uid: number; readonly gid: number } | null;

  /** `name`: the user that the server's own package makes; without it, nobody. */
  constructor(name: string) {
    this.#id = process.getuid?.() === 0 ? (readIds(name) ?? readIds('nobody')) : null;
  }

  command(path: string, args: readonly string[]): [string, string[]] {
    if (!this.#id) return [path, [...args]];
    const { uid, gid } = this.#id;
    // It becomes the command, so that our signals reach it.
    return ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', path, ...args]];
  }

  /** Copies a file for them that no other may read. */
  copyFor(from: string, to: string): void {
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    this.chown(to);
  }

  /** Makes the file or folder theirs. */
  chown(path: string): void {
    if (this.#id) chownSync(path, this.#id.uid, this.#id.gid);
  }
}

function readIds(name: string): { uid: number; gid: number } | null {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
