import { spawnSync } from 'node:child_process';

/** End-to-end tests run the built command: builds it first, which takes a moment when nothing changed. */
export default function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed: there is no command to test');
}
