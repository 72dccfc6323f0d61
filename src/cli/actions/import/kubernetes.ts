import { readFileSync } from 'node:fs';
import { importCronJobs } from '../../../import/kubernetes/convert.ts';
import type { ManifestFile } from '../../../import/kubernetes/manifests.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { ConfigError, describeError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type ImportFlags } from './run-import.ts';

interface KubernetesFlags extends ImportFlags {
  readonly timezone: string;
}

const NOT_COMPARED =
  'commands on the host of the worker, and the instants of Kubernetes itself: --compare shows them as beat reads the manifests';

/** `beat import kubernetes`: writes CronJobs as a schedule file of shell entries. */
export function importKubernetes(flags: KubernetesFlags, ...paths: string[]): Promise<ExitCode> {
  const timezone = checkZone(flags.timezone);
  return runImport('KUBERNETES', flags, () => {
    const files = paths.map(readManifests);
    const found = importCronJobs(files, timezone);
    const source = files.map(({ path }) => path).join(', ');
    if (found.entries.length === 0 && found.left.length === 0) throw new ConfigError(`${source}: there is no CronJob`);
    return { found, source, notCompared: NOT_COMPARED };
  });
}

function readManifests(path: string): ManifestFile {
  try {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    return { path: path === '-' ? 'standard input' : path, text };
  } catch (error) {
    throw new ConfigError(`beat import kubernetes: cannot be read: ${describeError(error)}`);
  }
}
