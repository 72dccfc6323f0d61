import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';
import { UNPRIVILEGED } from './unprivileged-user.ts';

/** Runs servers as another user when the tests run as root, because some servers refuse to run as root. */
export class AsUser {
  readonly #id: { readonly uid: number; readonly gid: number } | null;

  /** Uses the user that the server's package creates, and an unprivileged one where there is none. */
  constructor(name: string) {
    this.#id = process.getuid?.() === 0 ? (readIds(name) ?? { uid: UNPRIVILEGED, gid: UNPRIVILEGED }) : null;
  }

  command(path: string, args: readonly string[]): [string, string[]] {
    if (!this.#id) return [path, [...args]];
    const { uid, gid } = this.#id;
    // setpriv replaces itself with the command, so that signals reach the command.
    return ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', path, ...args]];
  }

  /** Copies a file so that only the user can read it. */
  copyFor(from: string, to: string): void {
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    this.chown(to);
  }

  /** Makes the user the owner of the file or folder. */
  chown(path: string): void {
    if (this.#id) chownSync(path, this.#id.uid, this.#id.gid);
  }
}

function readIds(name: string): { uid: number; gid: number } | null {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
