// Builds after `npm ci`, so that a clone runs at once. It is plain JavaScript: with production
// dependencies only, the Node that runs it may be too old for TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const tsc = 'node_modules/typescript/bin/tsc';

if (existsSync(tsc)) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
  if (status === 0) {
    await import('./copy-assets.js');
    await import('./bundle.js');
  }
} else {
  console.log('beat is not built: TypeScript is a dev dependency, and dev dependencies were omitted.');
}
