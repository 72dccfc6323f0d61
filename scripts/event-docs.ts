// Renders the reference of docs/events.md from the types, comments and tags of src/contracts/events.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { SKIP_REASONS } from '../src/celery/message/skip-reasons.ts';

const ROOT = new URL('../', import.meta.url);

/** The source files that declare events and the types of their fields. */
const SOURCES = ['src/contracts/events/beat-events.ts', 'src/celery/message/run.ts'];

/** Types with a section of their own. */
const SECTIONS: Readonly<Record<string, string>> = {
  Operation: 'Operations',
  SkipReason: 'Skip reasons',
  WarningKind: 'Kinds of warnings',
  EntryChange: 'Changes of an entry',
  RunCause: 'Causes of a run',
};

const [START, END] = ['<!-- reference: npm run docs -->', '<!-- end of reference -->'];

type Declarations = ReadonlyMap<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>;

/** Returns the page with its reference rendered again. */
export async function withEventReference(page: string): Promise<string> {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/events.md: expected ${START} and ${END}`);
  }
  const text = [before, START, '\n\n', renderEventReference(), '\n\n', END, after].join('');
  const style = await resolveConfig(fileURLToPath(new URL('docs/events.md', ROOT)));
  return format(text, { ...style, parser: 'markdown' });
}

function renderEventReference(): string {
  const declarations = readDeclarations();
  return [
    ...membersOf(declarations, 'BeatEvents').map((event) => renderEvent(event, declarations)),
    ...Object.entries(SECTIONS).map(([name, title]) =>
      name === 'SkipReason' ? renderSkipReasons(title) : renderUnion(name, title, declarations),
    ),
  ].join('\n\n');
}

function readDeclarations(): Declarations {
  const found = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
  for (const path of SOURCES) {
    const text = readFileSync(new URL(path, ROOT), 'utf8');
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    for (const node of file.statements) {
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
        found.set(node.name.text, node);
      }
    }
  }
  return found;
}

function membersOf(declarations: Declarations, name: string): ts.PropertySignature[] {
  const declaration = declarations.get(name);
  if (!declaration || !ts.isInterfaceDeclaration(declaration)) {
    throw new Error(`${name}: expected an interface in ${SOURCES.join(', ')}`);
  }
  const inherited = declaration.heritageClauses?.flatMap(({ types }) => [...types]) ?? [];
  return [
    ...inherited.flatMap(({ expression }) => membersOf(declarations, expression.getText())),
    ...declaration.members.filter(ts.isPropertySignature),
  ];
}

function renderEvent(event: ts.PropertySignature, declarations: Declarations): string {
  const name = nameOf(event);
  const [payload] = (event.type as ts.TupleTypeNode).elements;
  const payloadName = payload?.getText();
  const described = payloadName === undefined ? event : declarations.get(payloadName)!;
  const log = tagOf(event, 'log');
  const description = commentOf(described);
  if (!description || !log) throw new Error(`event "${name}": its comment or @log is missing`);
  const lines = [`### ${name}`, '', `${description} Log level: ${log}.`];
  if (payloadName !== undefined) {
    lines.push('', ...table(['field', 'type', 'unit', 'meaning']));
    for (const field of membersOf(declarations, payloadName)) {
      const meaning = commentOf(field);
      if (!meaning) throw new Error(`event "${name}": the comment of ${nameOf(field)} is missing`);
      lines.push(row([`\`${nameOf(field)}\``, typeText(field), unitOf(field), meaning]));
    }
  }
  return lines.join('\n');
}

function renderSkipReasons(title: string): string {
  const rows = Object.entries(SKIP_REASONS).map(([reason, text]) => row([`\`${reason}\``, text]));
  const header = table(['value', 'meaning']);
  return [`### ${title}`, '', 'Why an occurrence is not sent.', '', ...header, ...rows].join('\n');
}

function renderUnion(name: string, title: string, declarations: Declarations): string {
  const declaration = declarations.get(name);
  if (!declaration || !ts.isTypeAliasDeclaration(declaration)) {
    throw new Error(`${name}: expected a type in ${SOURCES.join(', ')}`);
  }
  const members = (declaration.type as ts.UnionTypeNode).types;
  const isOperation = ts.isTypeLiteralNode(members[0]!);
  const header = isOperation ? ['kind', 'other fields', 'meaning'] : ['value', 'meaning'];
  const rows = members.map((member, i) => {
    const comment = commentBefore(member, i === 0 ? declaration.type.pos : members[i - 1]!.end);
    if (!comment) throw new Error(`${name}: the comment of ${member.getText()} is missing`);
    if (!ts.isTypeLiteralNode(member)) return row([`\`${unquoted(member)}\``, comment]);
    const [kind, ...fields] = member.members.filter(ts.isPropertySignature);
    const others = fields.map((field) => `\`${nameOf(field)}\`: ${typeText(field)}`).join(', ');
    return row([`\`${unquoted(kind!.type!)}\``, others, comment]);
  });
  return [`### ${title}`, '', commentOf(declaration), '', ...table(header), ...rows].join('\n');
}

function nameOf({ name }: ts.PropertySignature): string {
  return ts.isStringLiteral(name) ? name.text : name.getText();
}

/** Types of numbers with a unit. */
const UNITS: Readonly<Record<string, string>> = { EpochMs: 'epoch ms', Milliseconds: 'ms' };
const UNIT = new RegExp(`\\b(?:${Object.keys(UNITS).join('|')})\\b`);

function unitOf({ type }: ts.PropertySignature): string {
  return UNITS[UNIT.exec(type!.getText())?.[0] ?? ''] ?? '';
}

/** The type as written in the source, with a link to the section of a union. */
function typeText({ type }: ts.PropertySignature): string {
  const text = type!
    .getText()
    .replace(/^readonly /, '')
    .replace(UNIT, 'number');
  const title = SECTIONS[text];
  if (title !== undefined) return `[${text}](#${title.toLowerCase().replaceAll(' ', '-')})`;
  return text
    .split(' | ')
    .map((part) => `\`${part.replaceAll("'", '"')}\``)
    .join(' or ');
}

function unquoted(node: ts.Node): string {
  return node.getText().replaceAll("'", '');
}

function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function tagOf(node: ts.Node, name: string): string {
  const tag = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === name);
  return (tag && ts.getTextOfJSDocComment(tag.comment)?.trim()) ?? '';
}

/** The doc comment before a member of a union, which TypeScript attaches to no node. */
function commentBefore(member: ts.Node, start: number): string {
  const text = member.getSourceFile().text.slice(start, member.getStart());
  return (
    /\/\*\*(.*?)\*\//s
      .exec(text)?.[1]
      ?.replace(/\s*\n\s*\* ?/g, ' ')
      .trim() ?? ''
  );
}

function table(header: readonly string[]): string[] {
  return [row(header), row(header.map(() => '---'))];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
