import { importCronJobs } from '../../../import/kubernetes/convert.ts';
import { checkZone } from '../../../schedule/zone/zone-names.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type ImportFlags } from './run-import.ts';
import { readInput } from './source.ts';

const NOT_COMPARED =
  'commands on the host of the worker, and the instants of Kubernetes itself: --compare shows them as beat reads the manifests';

/** `beat import kubernetes`: writes CronJobs as a schedule file of shell entries. */
export function importKubernetes(
  flags: ImportFlags & { readonly timezone: string },
  ...paths: string[]
): Promise<ExitCode> {
  const timezone = checkZone(flags.timezone);
  return runImport('KUBERNETES', flags, () => {
    const files = paths.map((path) => readInput(path, 'beat import kubernetes:'));
    const found = importCronJobs(files, timezone);
    const source = files.map(({ path }) => path).join(', ');
    if (found.entries.length === 0 && found.left.length === 0) throw new ConfigError(`${source}: there is no CronJob`);
    return { found, source, notCompared: NOT_COMPARED };
  });
}
