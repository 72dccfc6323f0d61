import { expect, test } from 'vitest';
import { readPage } from '../../support/markdown.ts';

test('docs/troubleshooting.md: every event, kind and operation that it names is in docs/events.md', () => {
  const page = readPage('docs/troubleshooting.md');
  const events = readPage('docs/events.md');
  const [, table = ''] = page.split('## By log line');
  const names = [
    ...[...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name!),
    ...[...page.matchAll(/"kind":"([a-z-]+)"|kind `([a-z-]+)`/g)].map(([, quoted, named]) => (quoted ?? named)!),
  ];
  expect(names.length).toBeGreaterThan(20);
  const isDocumented = (name: string) =>
    events.includes(`\n### ${name}\n`) || new RegExp(`^\\| \`${name}\` +\\|`, 'm').test(events);
  expect(names.filter((name) => !isDocumented(name))).toEqual([]);
});
