import { resolveSettings } from '../../../config/resolve.ts';
import { importRedBeat } from '../../../import/redbeat/convert.ts';
import type { RedBeatRecord } from '../../../contracts/store/import-source.ts';
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
    return importProject(flags, { heading: 'REDBEAT', base: 'redbeat.schedulers.RedBeatScheduler' });
  }
  return importKeys(url!, flags);
}

function importKeys(url: string, flags: RedBeatFlags): Promise<ExitCode> {
  const { keyPrefix = 'redbeat:' } = flags;
  const options = { heading: 'REDBEAT', lastRuns: flags.lastRuns === true };
  return runImport(options, flags, async () => {
    // RedBeat has another scheme for sentinels than Celery.
    const brokerUrl = url.replaceAll('redis-sentinel://', 'sentinel://');
    const server = parseSource(brokerUrl, 'loadRedBeat');
    const records = await withUrlErrors(() => readRecords(brokerUrl, { ...flags, keyPrefix }));
    if (records) {
      return {
        found: withoutApp(importRedBeat(records, flags.timezone), 'keys', 'redbeat'),
        source: `RedBeat in ${server.masked}`,
        notCompared: NOT_COMPARED,
      };
    }
    throw new ConfigError(
      `there are no entries under "${keyPrefix}:schedule" in ${server.masked}; ` +
        "the URL names the database, --key-prefix RedBeat's redbeat_key_prefix",
    );
  });
}

async function readRecords(
  brokerUrl: string,
  { keyPrefix: prefix, timezone, masterName }: RedBeatFlags & { readonly keyPrefix: string },
): Promise<readonly RedBeatRecord[] | null> {
  if (masterName === undefined && parseSource(brokerUrl, 'loadRedBeat').driver!.masterName) {
    throw new ConfigError('--master-name: missing; the name of the master, as the sentinels know it');
  }
  const { broker: server, transport } = resolveSettings({
    brokerUrl,
    ...(timezone !== undefined && { timezone }),
    ...(masterName !== undefined && { brokerTransportOptions: { masterName } }),
  });
  const read = await server.driver!.loadRedBeat!();
  return read({ server, transport, prefix });
}
