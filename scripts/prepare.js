// Builds after `npm ci`, so that a clone runs at once. Plain JavaScript: where only production
// dependencies are installed, the Node that runs this may be too old for anything else.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const tsc = 'node_modules/typescript/bin/tsc';

if (existsSync(tsc)) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  console.log('beat is not built: TypeScript is a dev dependency, and those were left out.');
}
