import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** All pages that users and developers read, relative to the root. */
export const PAGES = globSync(['*.md', 'docs/**/*.md', '{bench,chaos,examples}/*.md'], { cwd: ROOT }).toSorted();

/** A fenced block of code. */
export interface CodeBlock {
  /** Such as `sh`; empty if it has none. */
  readonly language: string;
  /** The words after the language, such as `not-run` or `file=tasks.py`. */
  readonly attributes: readonly string[];
  readonly code: string;
  readonly line: number;
}

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function findCodeBlocks(page: string): CodeBlock[] {
  const blocks = page.matchAll(/^( *)```(\S*)(.*)\n([^]*?)^\1```$/gm);
  return [...blocks].map(({ 2: language, 3: rest, 4: code, index }) => ({
    language: language!,
    attributes: rest!.split(' ').filter((word) => word !== ''),
    code: code!,
    line: page.slice(0, index).split('\n').length,
  }));
}

/** Returns a page without its blocks of code. */
export function stripCodeBlocks(page: string): string {
  return page.replace(/^( *)```[^]*?^\1```$/gm, '');
}
