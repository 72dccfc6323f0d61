// Changes of TypeScript: each is a fault that a person could have written.
import ts from 'typescript';
import type { Change } from './mutant.ts';

const SWAPS: Partial<Record<ts.SyntaxKind, readonly string[]>> = {
  [ts.SyntaxKind.LessThanToken]: ['<=', '>='],
  [ts.SyntaxKind.LessThanEqualsToken]: ['<', '>'],
  [ts.SyntaxKind.GreaterThanToken]: ['>=', '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken]: ['>', '<'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: ['!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: ['==='],
  [ts.SyntaxKind.AmpersandAmpersandToken]: ['||'],
  [ts.SyntaxKind.BarBarToken]: ['&&'],
  [ts.SyntaxKind.PlusToken]: ['-'],
  [ts.SyntaxKind.MinusToken]: ['+'],
  [ts.SyntaxKind.AsteriskToken]: ['/'],
  [ts.SyntaxKind.SlashToken]: ['*'],
  [ts.SyntaxKind.PercentToken]: ['*'],
  [ts.SyntaxKind.AsteriskAsteriskToken]: ['*'],
  [ts.SyntaxKind.AmpersandToken]: ['|'],
  [ts.SyntaxKind.PlusEqualsToken]: ['-='],
  [ts.SyntaxKind.MinusEqualsToken]: ['+='],
};

const METHODS: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  some: 'every',
  every: 'some',
  floor: 'ceil',
  ceil: 'floor',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  push: 'unshift',
};

/** Calls that return a changed list or text; the mutant omits the call. */
const DROPPED = new Set(['filter', 'toSorted', 'sort', 'reverse', 'toReversed', 'slice', 'trim']);

/** What one node of the tree may be changed to. */
export function* changesOf(node: ts.Node, source: ts.SourceFile): Generator<Change> {
  if (ts.isBinaryExpression(node)) yield* ofBinary(node, source);
  else if (ts.isPrefixUnaryExpression(node)) yield* ofPrefix(node, source);
  else if (ts.isPostfixUnaryExpression(node)) yield* ofPostfix(node, source);
  else if (ts.isConditionalExpression(node)) yield negated(node.condition, source);
  else if (ts.isIfStatement(node)) yield* ofIf(node, source);
  else if (ts.isWhileStatement(node)) yield replaced('loop never runs', node.expression, source, 'false');
  else if (ts.isCallExpression(node)) yield* ofCall(node, source);
  else if (ts.isAwaitExpression(node)) yield* ofAwait(node, source);
  else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    yield* ofAccess(node, source);
  } else if (isLiteral(node)) yield* ofLiteral(node, source);
  else if (ts.isStatement(node)) yield* ofStatement(node, source);
}

function* ofBinary(node: ts.BinaryExpression, source: ts.SourceFile): Generator<Change> {
  const { operatorToken, left, right } = node;
  if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    yield replaced('without the fallback', node, source, `(${left.getText(source)})`);
    yield replaced('always the fallback', node, source, `(${right.getText(source)})`);
    return;
  }
  const joinsText = [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
  if (operatorToken.kind === ts.SyntaxKind.PlusToken && joinsText) return;
  for (const instead of SWAPS[operatorToken.kind] ?? []) {
    yield replaced('operator', operatorToken, source, instead);
  }
}

function* ofPrefix(node: ts.PrefixUnaryExpression, source: ts.SourceFile): Generator<Change> {
  if (node.operator === ts.SyntaxKind.ExclamationToken) {
    yield replaced('negation dropped', node, source, node.operand.getText(source));
  }
  if (node.operator === ts.SyntaxKind.MinusToken) {
    yield replaced('sign dropped', node, source, node.operand.getText(source));
  }
}

function* ofPostfix(node: ts.PostfixUnaryExpression, source: ts.SourceFile): Generator<Change> {
  // Backwards, a loop's counter would only make it endless.
  if (ts.isForStatement(node.parent)) return;
  const other = node.operator === ts.SyntaxKind.PlusPlusToken ? '--' : '++';
  yield replaced('count', node, source, `${node.operand.getText(source)}${other}`);
}

function* ofIf(node: ts.IfStatement, source: ts.SourceFile): Generator<Change> {
  yield negated(node.expression, source);
  if (!node.elseStatement && leaves(node.thenStatement)) {
    yield replaced('early exit removed', node, source, '');
  }
}

function leaves(statement: ts.Statement): boolean {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  return (
    last !== undefined &&
    [ts.isReturnStatement, ts.isThrowStatement, ts.isContinueStatement, ts.isBreakStatement].some((is) => is(last))
  );
}

function* ofCall(node: ts.CallExpression, source: ts.SourceFile): Generator<Change> {
  if (!ts.isPropertyAccessExpression(node.expression)) return;
  const { name, expression } = node.expression;
  const other = METHODS[name.text];
  if (other !== undefined && Object.hasOwn(METHODS, name.text)) {
    yield replaced('method', name, source, other);
  }
  if (DROPPED.has(name.text)) {
    yield replaced('call dropped', node, source, expression.getText(source));
  }
}

function* ofAwait(node: ts.AwaitExpression, source: ts.SourceFile): Generator<Change> {
  // Where the value is used, its type would change; as a statement nothing but the order does.
  if (!ts.isExpressionStatement(node.parent)) return;
  yield replaced('not awaited', node, source, `void ${node.expression.getText(source)}`);
}

function* ofAccess(
  node: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  source: ts.SourceFile,
): Generator<Change> {
  const dot = node.questionDotToken;
  if (!dot) return;
  const instead = ts.isPropertyAccessExpression(node) ? '!.' : '!';
  yield replaced('not optional', dot, source, instead);
}

type Literal =
  | ts.BooleanLiteral
  | ts.NumericLiteral
  | ts.StringLiteral
  | ts.NoSubstitutionTemplateLiteral
  | ts.ArrayLiteralExpression
  | ts.ObjectLiteralExpression;

function isLiteral(node: ts.Node): node is Literal {
  return (
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword ||
    ts.isNumericLiteral(node) ||
    ts.isStringLiteralLike(node) ||
    ts.isArrayLiteralExpression(node) ||
    ts.isObjectLiteralExpression(node)
  );
}

function* ofLiteral(node: Literal, source: ts.SourceFile): Generator<Change> {
  if (node.kind === ts.SyntaxKind.TrueKeyword) yield replaced('boolean', node, source, 'false');
  else if (node.kind === ts.SyntaxKind.FalseKeyword) yield replaced('boolean', node, source, 'true');
  else if (ts.isNumericLiteral(node)) {
    if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) return;
    yield replaced('number', node, source, `(${node.text} + 1)`);
    if (Number(node.text) > 1) yield replaced('number', node, source, `(${node.text} * 2)`);
  } else if (ts.isStringLiteralLike(node)) {
    if (isData(node)) yield replaced('text', node, source, node.text === '' ? "'mutant'" : "''");
  } else if (ts.isArrayLiteralExpression(node)) {
    if (node.elements.length > 0) yield replaced('emptied list', node, source, '[]');
  } else {
    for (const property of node.properties) {
      yield replaced('property dropped', property, source, '', commaAfter(property, source));
    }
  }
}

function commaAfter(node: ts.Node, source: ts.SourceFile): number {
  return /^\s*,/.exec(source.text.slice(node.getEnd()))?.[0].length ?? 0;
}

/**
 * Texts with spaces are for people, and so are the names of operations that errors begin with, such as
 * `ledger.commit`; texts in a type or an import are no data of the program.
 */
function isData(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  if (/\s/.test(node.text)) return false;
  if (ts.isCallExpression(parent) && /^[a-z]+\.[a-z]+$/i.test(node.text)) return false;
  return !(
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isModuleDeclaration(parent) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    // Compared with: the operator is mutated there.
    (ts.isBinaryExpression(parent) && parent.operatorToken.getText() === '===')
  );
}

function* ofStatement(node: ts.Statement, source: ts.SourceFile): Generator<Change> {
  if (ts.isExpressionStatement(node)) {
    const text = node.expression.getText(source);
    if (text.startsWith('super(')) return;
    yield replaced('statement removed', node, source, ';');
  } else if (ts.isThrowStatement(node)) {
    yield replaced('throw removed', node, source, ';');
  } else if (ts.isReturnStatement(node) && node.expression && node.expression.getText(source) !== 'undefined') {
    yield replaced('returns nothing', node, source, 'return;');
  } else if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) {
    yield replaced('jump removed', node, source, ';');
  }
}

function negated(condition: ts.Expression, source: ts.SourceFile): Change {
  return replaced('negated condition', condition, source, `!(${condition.getText(source)})`);
}

function replaced(kind: string, node: ts.Node, source: ts.SourceFile, instead: string, more = 0): Change {
  return { kind, start: node.getStart(source), end: node.getEnd() + more, instead };
}
