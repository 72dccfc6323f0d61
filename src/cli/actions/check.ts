import type { ConfigurationCheck } from '../../read-models/configuration/shapes.ts';
import { systemClock } from '../../util/system-clock.ts';
import { ConfigError } from '../../util/errors.ts';
import { resultOptions, storeOptions } from '../../config/service/store-options.ts';
import { openResults } from '../../drivers/open-store.ts';
import { openStore } from '../../leader/outbox/open-store.ts';
import { collectFlagNotes } from '../flags/celery-flags.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { readSettings, type JsonFlags } from '../flags/options.ts';
import { writeErrors, writeJson, writeLine } from '../output/lines.ts';
import { errorAt, formatDiagnostics } from '../../util/diagnostic.ts';

/**
 * `beat check`: exits with 0 and prints the warnings of a valid configuration; otherwise exits with 2, as a
 * start would, and prints the errors: with `--json` all of them, else the first fifty and a count of the rest.
 */
export async function check(flags: JsonFlags): Promise<ExitCode> {
  try {
    const settings = await readSettings(flags);
    // Some errors in a URL are found only when its driver is opened.
    await (await openStore(storeOptions(settings, systemClock))).close();
    await (await openResults(resultOptions(settings)))?.close();
    const { files, installed } = settings;
    const entries = settings.entries.length - installed.length;
    const flagNotes = collectFlagNotes(flags).map(({ message }) => ({
      ...errorAt([], message),
      severity: 'warning' as const,
    }));
    const notes = [...flagNotes, ...settings.warnings];
    if (flags.json) await writeJson({ ok: true, files, entries, installed, notes } satisfies ConfigurationCheck);
    else {
      if (notes.length > 0) writeErrors(formatDiagnostics(notes));
      const count = entries === 1 ? '1 entry' : `${entries} entries`;
      const added = installed.map((name) => ` and ${name} as in Celery`).join('');
      await writeLine(`${files.join(', ')}: ${count}${added}, no errors`);
    }
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (flags.json) await writeJson({ ok: false, errors: error.errors } satisfies ConfigurationCheck);
    else writeErrors(error.message);
    return EXIT.usage;
  }
}
