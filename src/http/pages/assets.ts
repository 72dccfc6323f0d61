import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const FILES = new Map<string, { readonly content: string; readonly type: string }>();

function load(name: string, type: string): string {
  const content = readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  const path = `/assets/${name.replace('.', `.${hash}.`)}`;
  FILES.set(path, { content, type });
  return path;
}

/** The paths of the static files. They contain a hash, so that browsers cache them for ever. */
export const ASSETS = {
  style: load('dashboard.css', 'text/css; charset=utf-8'),
  script: load('dashboard.js', 'text/javascript; charset=utf-8'),
  icon: load('icon.svg', 'image/svg+xml'),
};
