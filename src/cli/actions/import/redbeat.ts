import { resolveSettings } from '../../../config/resolve.ts';
import { importRedBeat } from '../../../import/redbeat/convert.ts';
import type { RedBeatRecord } from '../../../store/import-source.ts';
import { ConfigError } from '../../../util/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { runImport, type ImportFlags } from './run-import.ts';
import { parseSource, withUrlErrors } from './source-url.ts';

export interface RedBeatFlags extends ImportFlags {
  readonly lastRuns?: boolean;
  readonly keyPrefix: string;
  readonly timezone?: string;
  readonly masterName?: string;
}

/** `beat import redbeat`: writes the entries of RedBeat as a schedule file. */
export function importFromRedBeat(url: string, flags: RedBeatFlags): Promise<ExitCode> {
  const options = { heading: 'REDBEAT', lastRuns: flags.lastRuns === true };
  return runImport(options, flags, async () => {
    // RedBeat has another scheme for sentinels than Celery.
    const brokerUrl = url.replaceAll('redis-sentinel://', 'sentinel://');
    const server = parseSource(brokerUrl, 'loadRedBeat');
    const records = await withUrlErrors(() => readRecords(brokerUrl, flags));
    if (records) {
      return {
        found: importRedBeat(records, flags.timezone),
        source: `RedBeat in ${server.masked}`,
      };
    }
    throw new ConfigError(
      `there are no entries under "${flags.keyPrefix}:schedule" in ${server.masked}; ` +
        "the URL names the database, --key-prefix RedBeat's redbeat_key_prefix",
    );
  });
}

async function readRecords(
  brokerUrl: string,
  { keyPrefix: prefix, timezone, masterName }: RedBeatFlags,
): Promise<readonly RedBeatRecord[] | null> {
  if (masterName === undefined && parseSource(brokerUrl, 'loadRedBeat').driver!.masterName) {
    throw new ConfigError(
      '--master-name: missing; the name of the master, as the sentinels know it',
    );
  }
  const { broker: server, transport } = resolveSettings({
    brokerUrl,
    ...(timezone !== undefined && { timezone }),
    ...(masterName !== undefined && { brokerTransportOptions: { masterName } }),
  });
  const read = await server.driver!.loadRedBeat!();
  return read({ server, transport, prefix });
}
