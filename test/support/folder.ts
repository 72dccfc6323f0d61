import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A temporary folder, removed with its content at the end of the scope. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'beat-test-'));

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** Returns the file's path. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  [Symbol.dispose](): void {
    // A process that was killed may have children that still write.
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
