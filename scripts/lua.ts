// Checks the Lua scripts of Redis: syntax, globals that Redis does not define, locals and files without a use, and keys
// and arguments without a line in the table at the beginning of the file.
import { globSync, readFileSync } from 'node:fs';
import luaparse, { type LuaNode } from 'luaparse';
import { readLines, type ScriptLine } from '../src/drivers/redis/scripts/script.ts';

const FOLDER = 'src/drivers/redis/scripts';

/** What Redis defines, as far as the scripts use it. */
const GLOBALS = new Set(
  ('redis KEYS ARGV cjson math string table ' + 'ipairs pairs tonumber tostring type unpack').split(' '),
);

const found = new Set<string>();
/** Where locals are declared, and whether a script uses them: a script need not use all that it includes. */
const locals = new Map<string, boolean>();
const included = new Set<string>();

const sources = globSync('src/**/*.ts').map((path) => readFileSync(path, 'utf8'));
const files = globSync('**/*.lua', { cwd: FOLDER }).map((path) => path.slice(0, -'.lua'.length));
const isInclude = (file: string): boolean => file.startsWith('includes/');

for (const file of files) {
  checkTable(file);
  if (isInclude(file)) continue;
  if (!sources.some((text) => text.includes(`loadScript('${file}')`))) report(file, 1, 'src does not load this script');
  checkCode(readLines(file));
}
for (const [place, isUsed] of locals) if (!isUsed) found.add(`${place} is not used`);
for (const file of files) if (isInclude(file) && !included.has(file)) report(file, 1, 'no script includes this file');

for (const line of [...found].toSorted()) console.error(line);
console.log(`${files.length} Lua files, ${found.size} errors`);
process.exitCode = found.size === 0 ? 0 : 1;

function report(file: string, line: number, message: string): void {
  found.add(`${FOLDER}/${file}.lua:${line}: ${message}`);
}

/** The table at the beginning of a file names every key and argument that the file reads by its number. */
function checkTable(file: string): void {
  const text = readFileSync(`${FOLDER}/${file}.lua`, 'utf8');
  const [table = ''] = /^--\[\[\n.*?^\]\]\n/ms.exec(text) ?? [];
  if (table === '' && !isInclude(file)) report(file, 1, 'begins without a table of its arguments');
  if (!isInclude(file) && !table.includes('\n  returns  ')) report(file, 1, 'documents no reply');
  const names = text.slice(table.length).matchAll(/\b(?:KEYS|ARGV)\[\d+\]/g);
  for (const name of new Set([...names].map(([each]) => each)))
    if (!table.includes(`\n  ${name}  `)) report(file, 1, `does not document ${name}`);
}

function checkCode(lines: readonly ScriptLine[]): void {
  for (const { file } of lines) included.add(file);
  const place = (line: number): string => {
    const { file, number } = lines[line - 1]!;
    return `${FOLDER}/${file}.lua:${number}`;
  };
  try {
    const chunk = luaparse.parse(lines.map(({ text }) => text).join('\n'), {
      luaVersion: '5.1',
      locations: true,
      scope: true,
      comments: false,
    });
    for (const { name = '', loc } of chunk.globals)
      if (!GLOBALS.has(name)) found.add(`${place(loc.start.line)}: undeclared ${name}`);
    const declared = new Set<LuaNode>();
    const used = new Set<string>();
    eachNode(chunk, (node) => {
      const { type, variables, identifier, isLocal } = node;
      if (type === 'LocalStatement') for (const each of variables!) declared.add(each);
      if (type === 'FunctionDeclaration' && isLocal === true) declared.add(identifier!);
      if (type === 'Identifier' && isLocal === true && !declared.has(node)) used.add(node.name!);
    });
    for (const { name = '', loc } of declared) {
      const local = `${place(loc.start.line)}: ${name}`;
      locals.set(local, used.has(name) || locals.get(local) === true);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { line, message } = error as SyntaxError & { readonly line: number };
    found.add(`${place(line)}: ${message.replace(/^\[[\d:]+\] /, '')}`);
  }
}

function eachNode(value: unknown, visit: (node: LuaNode) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) visit(value as LuaNode);
  for (const child of Object.values(value)) eachNode(child, visit);
}
