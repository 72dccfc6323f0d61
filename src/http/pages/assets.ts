import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A static file. */
export interface Asset {
  readonly content: string;
  readonly type: string;
}

const FILES = {
  style: ['dashboard.css', 'text/css; charset=utf-8'],
  script: ['dashboard.js', 'text/javascript; charset=utf-8'],
  icon: ['icon.svg', 'image/svg+xml'],
} as const;

const found = new Map<string, Asset>();

function load([name, type]: readonly [name: string, type: string]): string {
  const content = readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  const path = `/assets/${name.replace('.', `.${hash}.`)}`;
  found.set(path, { content, type });
  return path;
}

/** The paths of the static files. They contain a hash, so that browsers cache them for ever. */
export const ASSETS = { style: load(FILES.style), script: load(FILES.script), icon: load(FILES.icon) };

export function findAsset(path: string): Asset | undefined {
  return found.get(path);
}
