import { repairCommand } from '../../contracts/store/unreadable.ts';
import type { Health } from '../../read-models/status/shapes.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { ANSWER_TIMEOUT, askHealth } from '../service/health.ts';
import { writeError, writeLines } from '../output/lines.ts';

/**
 * `beat healthcheck`: exits 0 if every local instance makes progress and none of its entries is blocked, and 1
 * otherwise or if no instance runs. With `liveness`, blocked entries are only warnings: a supervisor that restarts beat
 * for them would delay all other entries and repair none.
 */
export async function healthcheck({ liveness }: { readonly liveness?: boolean }): Promise<ExitCode> {
  const instances = await askHealth();
  await writeLines(instances.map((instance) => JSON.stringify(instance)));
  const blocked = new Set(instances.flatMap((instance) => instance.blockedEntries ?? []));
  const failures = [
    ...(instances.length === 0 ? ['not running: no instance of this user on this host'] : []),
    ...instances.filter(({ alive }) => !alive).map(stuckText),
    ...(liveness ? [] : [...blocked].map(blockedText)),
  ];
  for (const { pid, reloadError } of instances) {
    if (reloadError === undefined) continue;
    // Only a warning: the instance runs, but it would not start again with these files.
    const why = JSON.stringify(reloadError.split('\n', 1)[0]);
    writeError(`beat: warning: process ${pid} runs an earlier configuration, its last reload failed: ${why}`);
  }
  if (liveness) for (const entry of blocked) writeError(`beat: warning: ${blockedText(entry)}`);
  for (const failure of failures) writeError(`beat: ${failure}`);
  return failures.length === 0 ? EXIT.ok : EXIT.failure;
}

function stuckText({ pid, idleMs }: Health): string {
  const why =
    idleMs === null
      ? `no answer within ${ANSWER_TIMEOUT / 1_000} s`
      : `no progress for ${Math.floor(idleMs / 1_000)} s`;
  return `stuck: process ${pid} (${why})`;
}

function blockedText(entry: string): string {
  const name = JSON.stringify(entry);
  return `blocked: entry ${name} (its stored state is unreadable); repair it with: ${repairCommand(entry)}`;
}
