import { spawnSync } from 'node:child_process';

/** Builds the command that end-to-end tests run, of the tree in that folder. The build is incremental. */
export function buildTree(cwd: string): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error('npm run build failed, so there is nothing to test');
}

export default function build(): void {
  buildTree(process.cwd());
}
