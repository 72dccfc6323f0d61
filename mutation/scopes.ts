// Functions by name. Names, not offsets, so that a recording outlives an edit elsewhere in the file.
import ts from 'typescript';
import { applyTo } from './mutant.ts';

/** The names of the classes and functions around a node, such as `Ledger.commit`; '' at the top. */
export function findScope(node: ts.Node): string {
  const names: string[] = [];
  let hasFunction = false;
  for (let at = node.parent as ts.Node | undefined; at; at = at.parent) {
    if (isFunction(at)) hasFunction = true;
    // Fields and static members of a class run with the module or a constructor.
    if (isFunction(at) || (ts.isClassLike(at) && hasFunction)) names.unshift(findName(at));
  }
  return hasFunction ? names.join('.') : '';
}

/** The functions of the file that use the constant of the module whose declaration contains the node. */
export function findUsers(node: ts.Node, source: ts.SourceFile): readonly string[] {
  const statement = source.statements.find((each) => each.pos <= node.pos && node.end <= each.end);
  if (!statement || !ts.isVariableStatement(statement) || findScope(node) !== '') return [];
  const names = new Set(statement.declarationList.declarations.map(({ name }) => name.getText(source)));
  const users = new Set<string>();
  const visit = (each: ts.Node): void => {
    if (ts.isIdentifier(each) && names.has(each.text)) users.add(findScope(each));
    ts.forEachChild(each, visit);
  };
  visit(source);
  users.delete('');
  return [...users];
}

/** The file with a call of `globalThis.__reached` at the begin of every function, and one of the module. */
export function instrument(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const inserts: { start: number; instead: string }[] = [];
  visit(source);
  const sorted = inserts.toSorted((a, b) => b.start - a.start);
  const body = sorted.reduce((t, { start, instead }) => applyTo(t, { kind: '', start, end: start, instead }), text);
  return `${body}\n;globalThis.__reached?.(${JSON.stringify(`${file}#`)});\n`;

  function visit(node: ts.Node): void {
    if (isFunction(node) && node.body) {
      const { body } = node;
      // A child of the function, so that the function itself is part of the scope.
      const reached = `globalThis.__reached?.(${JSON.stringify(`${file}#${findScope(body)}`)})`;
      if (ts.isBlock(body)) inserts.push({ start: body.getStart(source) + 1, instead: ` ${reached}; ` });
      else {
        inserts.push({ start: body.getStart(source), instead: `(${reached}, ` });
        inserts.push({ start: body.getEnd(), instead: ')' });
      }
    }
    ts.forEachChild(node, visit);
  }
}

type WithBody = ts.FunctionLikeDeclaration & { readonly body?: ts.Block | ts.Expression };

function isFunction(node: ts.Node): node is WithBody {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

function findName(node: ts.Node): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { name } = node as { name?: ts.Node };
  if (name) return name.getText();
  const { parent } = node;
  const given = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return given ? parent.name.getText() : '=>';
}
