import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, readPage, ROOT, stripCodeBlocks } from '../../support/markdown.ts';

/** The anchors of a page, as GitHub derives them from headings. */
function findAnchors(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of stripCodeBlocks(page).matchAll(/^#{1,6} +(.*)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The targets of a page's links and images that are not on another site. */
function findTargets(page: string): string[] {
  const text = stripCodeBlocks(page).replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/i.test(target));
}

function describeProblem(path: string, target: string): string[] {
  const [file = '', anchor] = target.split('#');
  const page = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(ROOT, page))) return [`${path}: ${target}: no such file`];
  if (anchor === undefined || !page.endsWith('.md')) return [];
  return findAnchors(readPage(page)).has(anchor) ? [] : [`${path}: ${target}: no such heading`];
}

test('documentation: every relative link leads to a file, and every anchor to a heading', () => {
  const links = PAGES.flatMap((path) => findTargets(readPage(path)).map((target) => ({ path, target })));
  expect(links.length).toBeGreaterThan(100);
  expect(links.flatMap(({ path, target }) => describeProblem(path, target))).toEqual([]);
});

test('site: its navigation has every page of docs/ but releasing, and no other', () => {
  const nav = /^nav:\n((?: .*\n)+)/m.exec(readPage('mkdocs.yml'))![1]!;
  const listed = [...nav.matchAll(/: (\S+\.md)$/gm)].map(([, path]) => `docs/${path}`);
  const pages = PAGES.filter((path) => /^docs\/(?!decisions\/|moving\/)/.test(path));
  const expected = pages.filter((path) => path !== 'docs/releasing.md');
  // index.md is the README; scripts/site_hooks.py adds the pages of docs/moving/.
  const own = listed.filter((path) => !/index|decisions/.test(path));
  expect(own.toSorted()).toEqual(expected.toSorted());
});
