import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { Folder } from './folder.ts';
import { Journal } from './journal.ts';

/** Without the modules of the site: it only hands its descriptors over. */
const STUB = (python: string, socket: string) => `#!${python} -ISB
import json, os, socket, sys
request = {'arguments': sys.argv[1:], 'folder': os.getcwd(), 'environment': dict(os.environ)}
forks = socket.socket(socket.AF_UNIX)
forks.connect(${JSON.stringify(socket)})
text = json.dumps(request).encode()
forks.sendall(text[socket.send_fds(forks, [text], [0, 1, 2, 3]):])
`;

/** A Python that has loaded Celery, and runs programs of `python -c` in forks of itself. */
export class PythonForks implements AsyncDisposable {
  /** The path of an executable that is called like the Python. */
  readonly python: string;
  readonly #folder: Folder;
  readonly #server: Child;

  private constructor(folder: Folder, server: Child, python: string) {
    this.#folder = folder;
    this.#server = server;
    this.python = python;
  }

  static async start(python: string): Promise<PythonForks> {
    const folder = new Folder();
    const socket = join(folder.path, 'forks.sock');
    const lines = new Journal<string>();
    const add = (line: string) => void lines.add(line);
    const server = new Child(python, ['-B', join(import.meta.dirname, 'python_forks.py'), socket], {
      lines: { 1: add, 2: add },
    });
    void server.exited.then(() => lines.end(`python_forks.py ended:\n${lines.all.join('\n')}`));
    await lines.first('ready', (line) => line === 'ready');
    const stub = folder.write('python', STUB(python, socket));
    chmodSync(stub, 0o755);
    return new PythonForks(folder, server, stub);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.kill();
    this.#folder[Symbol.dispose]();
  }
}
