import { spawnSync } from 'node:child_process';

/** Builds the command that end-to-end tests run. The build is incremental. */
export default function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed, so there is nothing to test');
}
