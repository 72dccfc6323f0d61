// Copies the static files of the dashboard to the build, which tsc does not. Plain JavaScript, as scripts/prepare.js.
import { cpSync } from 'node:fs';

cpSync('src/http/assets', 'dist/http/assets', { recursive: true });
