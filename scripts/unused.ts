// Finds exports of src without a use, and packages of package.json without a use.
// It uses the type checker, so that re-exports, namespaces and `(await import(…)).name` count as uses.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import ts from 'typescript';
import { files, program } from './typescript-program.ts';

interface Manifest {
  readonly exports: Record<string, unknown>;
  readonly bin: Record<string, string>;
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

const manifest = readJson('package.json') as Manifest;
const checker = program.getTypeChecker();

const inSrc = (file: ts.SourceFile): boolean => relative(process.cwd(), file.fileName).startsWith('src/');

/** Returns a line for each. */
export function findUnused(): string[] {
  return [...unusedExports(), ...unusedPackages()];
}

/** A type counts as used if its own file uses it, because it is then part of another export. */
function unusedExports(): string[] {
  const used = new Set<ts.Symbol>();
  for (const file of files) {
    if (isDoor(file)) for (const symbol of exportsOf(file)) used.add(symbol);
    eachNode(file, (node) => {
      if (!ts.isIdentifier(node)) return;
      const symbol = symbolAt(node);
      const own = symbol?.declarations?.some((d) => d.getSourceFile() === file) ?? false;
      if (symbol && (!own || (isType(symbol) && !isItsName(node, symbol)))) used.add(symbol);
    });
  }
  return files.filter(inSrc).flatMap((file) =>
    exportsOf(file)
      .filter((symbol) => !used.has(symbol))
      .map((symbol) => `${place(symbol, file)}: unused export ${symbol.name}`),
  );
}

/** `dependencies` must be used by src; `devDependencies` by any file or by the command of a script. */
function unusedPackages(): string[] {
  const bySrc = words(files.filter(inSrc));
  const scripts = Object.values(manifest.scripts).join(' ').split(/\s+/);
  const byAny = new Set([...words([...files, ...configFiles()]), ...scripts]);
  const idle = (names: Record<string, string>, texts: Set<string>): string[] =>
    Object.keys(names).filter((name) => !isNeeded(name, texts));
  return [
    ...idle(manifest.dependencies, bySrc).map((n) => `package.json: src does not use ${n}`),
    ...idle(manifest.devDependencies, byAny).map((n) => `package.json: unused package ${n}`),
  ];
}

function isNeeded(name: string, texts: Set<string>): boolean {
  const typed = /^@types\/(.+)$/.exec(name)?.[1];
  if (typed === 'node') return true;
  const names = [typed ?? name, ...commandsOf(name)];
  return [...texts].some((text) => names.some((n) => text === n || text.startsWith(`${n}/`)));
}

function commandsOf(name: string): string[] {
  const path = `node_modules/${name}/package.json`;
  if (!existsSync(path)) return [];
  const { bin } = readJson(path) as { bin?: Record<string, string> | string };
  return typeof bin === 'object' ? Object.keys(bin) : [];
}

/** Collects all string literals: names of imported modules and of commands. */
function words(among: readonly ts.SourceFile[]): Set<string> {
  const found = new Set<string>();
  for (const file of among) {
    eachNode(file, (node) => {
      if (ts.isStringLiteralLike(node)) found.add(node.text);
    });
  }
  return found;
}

function configFiles(): ts.SourceFile[] {
  return readdirSync('.')
    .filter((name) => name.endsWith('.js'))
    .map((name) => ts.createSourceFile(name, readFileSync(name, 'utf8'), ts.ScriptTarget.Latest, true));
}

/** Whether package.json names this file as an entry point, so that users use its exports. */
function isDoor(file: ts.SourceFile): boolean {
  const path = relative(process.cwd(), file.fileName);
  const built = path.replace(/^src\//, './dist/').replace(/\.ts$/, '.js');
  return JSON.stringify([manifest.exports, manifest.bin]).includes(JSON.stringify(built).slice(1, -1));
}

function exportsOf(file: ts.SourceFile): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(file);
  return module ? checker.getExportsOfModule(module).map(resolved) : [];
}

function symbolAt(node: ts.Identifier): ts.Symbol | undefined {
  const { parent } = node;
  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)
      ? checker.getTypeAtLocation(parent.parent).getProperty(node.text)
      : checker.getSymbolAtLocation(node);
  return symbol && resolved(symbol);
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isType(symbol: ts.Symbol): boolean {
  return (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)) !== 0;
}

function isItsName(node: ts.Identifier, symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((d) => ts.getNameOfDeclaration(d) === node) ?? false;
}

function place(symbol: ts.Symbol, file: ts.SourceFile): string {
  const start = symbol.declarations?.[0]?.getStart() ?? 0;
  const { line } = file.getLineAndCharacterOfPosition(start);
  return `${relative(process.cwd(), file.fileName)}:${line + 1}`;
}

function eachNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => eachNode(child, visit));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
