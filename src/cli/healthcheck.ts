import { EXIT, type ExitCode } from './exit.ts';
import { askHealth } from './health.ts';

/** `beat healthcheck`: 0 while every instance that runs here gets anywhere, 1 otherwise or if none runs. */
export async function healthcheck(): Promise<ExitCode> {
  const instances = await askHealth();
  for (const instance of instances) process.stdout.write(`${JSON.stringify(instance)}\n`);
  if (instances.length > 0 && instances.every((instance) => instance.advancing)) return EXIT.ok;
  const stuck = instances.filter((instance) => !instance.advancing).map((instance) => instance.pid);
  process.stderr.write(
    stuck.length > 0
      ? `beat: not getting anywhere: process ${stuck.join(', ')}\n`
      : 'beat: not running here\n',
  );
  return EXIT.failure;
}
