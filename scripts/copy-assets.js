// Copies to the build what tsc does not: the static files of the dashboard, and the scripts that Redis runs. Plain
// JavaScript, as scripts/prepare.js.
import { cpSync } from 'node:fs';

cpSync('src/http/assets', 'dist/http/assets', { recursive: true });
cpSync('src/drivers/redis/scripts', 'dist/drivers/redis/scripts', {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
});
