import { beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { findCodeBlocks, PAGES, readPage, stripCodeBlocks } from '../../support/markdown.ts';

/** What the help of a command lists: its flags and its subcommands. */
interface Help {
  readonly flags: ReadonlySet<string>;
  readonly commands: readonly string[];
}

/** By command; '' is `beat` itself. */
const help = new Map<string, Help>();

beforeAll(async () => {
  await readHelp([]);
});

async function readHelp(command: readonly string[]): Promise<void> {
  const { stdout } = await runCommand(...command, '--help');
  const lists = stdout.matchAll(/^ +(?:-\w, )?-[\w-]+/gm);
  const flags = [...lists].flatMap(([names]) => names.trim().split(', '));
  const [, list = ''] = /^Commands:\n((?: .*\n?)+)/m.exec(stdout) ?? [];
  const lines = [...list.matchAll(/^ {2}(\S+)/gm)].map(([, names]) => names!);
  const commands = lines.flatMap((names) => names.split('|')).filter((name) => name !== 'help');
  help.set(command.join(' '), { flags: new Set(flags), commands });
  for (const name of commands) await readHelp([...command, name]);
}

interface CommandLine {
  readonly place: string;
  readonly words: readonly string[];
}

/** The arguments of `beat` in a line of shell; `null` if it runs something else. */
function findArguments(line: string): string[] | null {
  const words = [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word);
  const prefixes = /^(?:sudo|npx|exec|[A-Z_]+=.*|-u)$/;
  while (words[0] !== undefined && prefixes.test(words[0])) words.splice(0, words[0] === '-u' ? 2 : 1);
  const [first, ...rest] = words;
  return first !== undefined && /^(?:.*\/)?(?:celery-)?beat$/.test(first) ? rest : null;
}

function findCommandLines(path: string): CommandLine[] {
  const page = readPage(path);
  const blocks = findCodeBlocks(page).filter(({ language }) => /^(?:sh|bash|console)$/.test(language));
  const lines = blocks.flatMap(({ code }) =>
    code
      .replaceAll('\\\n', ' ')
      .replaceAll(/(?:^|\s)#.*$/gm, '')
      .split(/\n|&&|;| \| | & |\$\(/),
  );
  const inline = [...stripCodeBlocks(page).matchAll(/`((?:celery-)?beat [^`\n]+)`/g)].map(([, code]) =>
    code!.replaceAll('\\|', '|'),
  );
  return [...lines, ...inline].flatMap((line) => {
    const words = findArguments(line.replace(/^\s*\$ /, '').trim());
    return words === null ? [] : [{ place: `${path}: ${line.trim()}`, words }];
  });
}

function describeProblems({ place, words }: CommandLine): string[] {
  let command = '';
  const problems: string[] = [];
  const known = new Set(help.get('')!.flags);
  for (const word of words) {
    if (word === '--') break;
    if (/^-[^\d]/.test(word)) {
      const flag = word.startsWith('--') ? word.replace(/=.*/, '') : word.slice(0, 2);
      if (!known.has(flag) && !help.get('start')!.flags.has(flag)) problems.push(`${place}: unknown flag ${flag}`);
      continue;
    }
    const next = `${command} ${word}`.trim();
    const { commands } = help.get(command)!;
    if (commands.includes(word)) {
      command = next;
      for (const flag of help.get(command)!.flags) known.add(flag);
    }
  }
  const [first = ''] = words;
  if (command === '' && /^[a-z]/.test(first)) problems.push(`${place}: unknown command ${first}`);
  return problems;
}

test('documentation: every command line of beat names a command and flags that exist', () => {
  const lines = PAGES.filter((path) => path !== 'CHANGELOG.md').flatMap(findCommandLines);
  expect(lines.length).toBeGreaterThan(80);
  expect(lines.flatMap(describeProblems)).toEqual([]);
});
