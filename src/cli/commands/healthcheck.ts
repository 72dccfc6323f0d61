import { repairCommand } from '../../store/repair-command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { askHealth } from '../health/health.ts';

/**
 * `beat healthcheck`: 0 while every instance that runs here makes progress and holds up no entry, 1 otherwise
 * or if none runs.
 */
export async function healthcheck(): Promise<ExitCode> {
  const instances = await askHealth();
  for (const instance of instances) process.stdout.write(`${JSON.stringify(instance)}\n`);
  const stuck = instances.filter((instance) => !instance.advancing).map((instance) => instance.pid);
  const heldUp = new Set(instances.flatMap((instance) => instance.heldUp ?? []));
  const failures = [
    ...(instances.length === 0 ? ['not running here'] : []),
    ...(stuck.length > 0 ? [`not getting anywhere: process ${stuck.join(', ')}`] : []),
    ...[...heldUp].map((entry) => {
      const command = repairCommand(entry);
      return `entry ${JSON.stringify(entry)} is held up, for its record cannot be read; repair it with: ${command}`;
    }),
  ];
  for (const failure of failures) process.stderr.write(`beat: ${failure}\n`);
  return failures.length === 0 ? EXIT.ok : EXIT.failure;
}
