import luaparse from 'luaparse';
import ts from 'typescript';
import { changesOf } from './code-mutators.ts';
import { changesOfLua, changesWithin } from './embedded-mutators.ts';
import { applyTo, trimLines, type Change, type Mutant } from './mutant.ts';
import { findScope, findUsers } from './scopes.ts';

/** Every mutant of one source file, in the order of the text. */
export function collectMutants(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  if (isLua(file)) for (const change of changesOfLua(text)) add(change, source);
  else visit(source);
  return mutants;

  function visit(node: ts.Node): void {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return;
    for (const change of changesOf(node, source)) add(change, node);
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const start = node.getStart(source);
      for (const change of changesWithin(node.getText(source), start)) add(change, node);
    }
    ts.forEachChild(node, visit);
  }

  function add(change: Change, node: ts.Node): void {
    // Placeholders of a template are nodes of their own: a rule for SQL must not cut into one.
    const mutated = applyTo(text, change);
    if (mutated === text || !parses(file, mutated)) return;
    const { line } = source.getLineAndCharacterOfPosition(change.start);
    const lines = linesAround(text, change);
    mutants.push({
      ...change,
      file,
      line: line + 1,
      scope: findScope(node),
      users: findUsers(node, source),
      was: trimLines(text.slice(lines.from, lines.to)),
      now: trimLines(mutated.slice(lines.from, lines.to + mutated.length - text.length)),
    });
  }
}

/** The whole lines that the change touches. */
function linesAround(text: string, { start, end }: Change): { from: number; to: number } {
  const after = text.indexOf('\n', Math.max(start, end - 1));
  return { from: text.lastIndexOf('\n', start - 1) + 1, to: after < 0 ? text.length : after };
}

export function isLua(file: string): boolean {
  return file.endsWith('.lua');
}

function parses(file: string, text: string): boolean {
  if (isLua(file)) {
    try {
      luaparse.parse(text, { luaVersion: '5.1' });
      return true;
    } catch {
      return false;
    }
  }
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  // The errors of ts.createSourceFile, which are missing in its type.
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: readonly unknown[] };
  return parseDiagnostics.length === 0;
}
