import { resolveSettings } from '../../../config/resolve.ts';
import { importRedBeat } from '../../../import/redbeat/convert.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { importProject } from './celery.ts';
import { runImport } from './run-import.ts';
import { isApp, withoutApp, type SourceFlags, parseSource, withUrlErrors } from './source.ts';

interface RedBeatFlags extends SourceFlags {
  readonly keyPrefix?: string;
  readonly timezone?: string;
  readonly masterName?: string;
}

const OF_URL = { keyPrefix: '--key-prefix', timezone: '--timezone', masterName: '--master-name' };

const NOT_COMPARED =
  'messages with those of Celery, and the instants of RedBeat itself: --compare shows them as beat reads the keys';

/** `beat import redbeat`: writes the entries of RedBeat as a schedule file. */
export function importFromRedBeat(flags: RedBeatFlags, url?: string): Promise<ExitCode> {
  if (isApp('redbeat', url, flags, OF_URL)) {
    return importProject(flags, 'REDBEAT', 'redbeat.schedulers.RedBeatScheduler');
  }
  const { keyPrefix: prefix = 'redbeat:', timezone, masterName } = flags;
  return runImport('REDBEAT', flags, async () => {
    // RedBeat has another scheme for sentinels than Celery.
    const brokerUrl = url!.replaceAll('redis-sentinel://', 'sentinel://');
    const { driver, masked } = parseSource(brokerUrl, 'loadRedBeat');
    const records = await withUrlErrors(async () => {
      if (masterName === undefined && driver!.masterName) {
        throw new ConfigError('--master-name: missing; the name of the master, as the sentinels know it');
      }
      const { broker: server, transport } = resolveSettings({
        brokerUrl,
        ...(timezone !== undefined && { timezone }),
        ...(masterName !== undefined && { brokerTransportOptions: { masterName } }),
      });
      const read = await server.driver!.loadRedBeat!();
      return read({ server, transport, prefix });
    });
    if (!records) {
      throw new ConfigError(
        `there are no entries under "${prefix}:schedule" in ${masked}; ` +
          "the URL names the database, --key-prefix RedBeat's redbeat_key_prefix",
      );
    }
    const found = withoutApp(importRedBeat(records, timezone), 'keys', 'redbeat');
    return { found, source: `RedBeat in ${masked}`, notCompared: NOT_COMPARED };
  });
}
