// Rejects words in comments, texts and titles that readers without beat's history have to decode: the list
// is part of the style in CONTRIBUTING.md. Arguments, such as src/leader/outbox, limit it to paths below them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** A pattern, and what to write instead. */
const REJECTED: readonly (readonly [RegExp, string])[] = [
  [/\bno(?:body|-one|\b one\b)/i, 'name the component that does not act, or use the passive'],
  [/\bsome(?:body|one)\b/i, 'name the component that acts'],
  [/\b(?:who|what)(?:so)?ever\b/i, 'name the component or the case'],
  [/\banybody\b/i, 'name the component that acts'],
  [/\b(?:tells?|told|untold)\b/i, 'report, log, emit, send, show'],
  [/\b(?:hears?|heard|unheard)\b/i, 'receive, be notified, acknowledge'],
  [/\bmean(?:time|while)\b/i, 'until then, or name the event'],
  [/\bof no (?:use|length)\b/i, 'ignored; zero'],
  [/(?<!\bthere )\bis no (?!longer\b|more\b|such\b)/i, 'is not a, invalid'],
  [/\bgets? (?:any|no)where\b/i, 'makes progress, is stuck'],
  [/\bworks? again\b/i, 'recovered'],
  [/\bstands? for\b/i, 'means, replaces, is'],
  [/\b(?:lets? go)\b/i, 'release'],
  [/\bheld up\b/i, 'blocked, delayed'],
  [/\bworth a word\b/i, 'deserves a warning'],
  [/\bbrings? along\b/i, 'installs, includes'],
  [/\bfor good\b/i, 'permanently'],
  [/\bin hand\b/i, 'in progress'],
  [/\bmade up for\b/i, 'caught up'],
  [/\bfencing numbers?\b/i, 'fencing token'],
  [/\bow(?:es|ed|ing)\b/i, 'is pending, catches up'],
  [/\b(?:unless|where) (?:told|said)\b/i, 'by default'],
  [/\bremark(?:s|ed)?\b/i, 'warning'],
  [/\blest\b/i, 'so that … not'],
  [/\banew\b/i, 'again'],
  [/\bworked out\b/i, 'computed'],
  [/\bworth a\b/i, 'deserves a'],
  [/\bleads? nowhere\b/i, 'is invalid'],
  [/\bhung up\b/i, 'closes the connection, is stuck'],
  [/\bfor want of\b/i, 'because … is missing'],
  [/\bas (?:it|they) stands?\b/i, 'unchanged, current'],
  [/\bta(?:ke|kes|ken) for\b/i, 'read as, treated as'],
  [/\bthe very\b/i, 'the same, exactly'],
  [/\bsees to\b/i, 'does, ensures'],
  [/\b(?:is|are|be|being|was|were) refused\b|\brefus(?:es|als?)\b/i, 'reject, if beat or a store does it'],
];

/** The Unix user without privileges, whose name is one of these words. */
const UNIX_USER = 'nobody';

/** Files that quote texts of other programs, or that list these words. */
const EXEMPT = /^(scripts\/words\.ts|test\/conformance\/|CHANGELOG\.md)/;

/** Files of which comments and literals are read, and those that are read whole. */
const CODE = /\.(ts|js|mjs)$/;
const TEXT = /\.(md|lua|py|ya?ml|toml|sh|service|timer)$/;

const below = process.argv.slice(2);
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => (CODE.test(file) || TEXT.test(file)) && !EXEMPT.test(file))
  .filter((file) => below.length === 0 || below.some((path) => file.startsWith(path)));

let count = 0;
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const [start, piece] of TEXT.test(file) ? [[0, text] as const] : pieces(file, text)) {
    for (const [pattern, instead] of REJECTED) {
      for (const found of piece.matchAll(new RegExp(pattern, 'gi'))) {
        const line = text.slice(0, start + found.index).split('\n').length;
        console.error(`${file}:${line}: "${found[0]}": write instead: ${instead}`);
        count += 1;
      }
    }
  }
}
console.log(`${files.length} files, ${count} words to replace`);
process.exitCode = count === 0 ? 0 : 1;

/** Comments, string literals and the texts of templates, with their offsets. */
function* pieces(file: string, text: string): Generator<readonly [number, string]> {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const seen = new Set<number>();
  const found: (readonly [number, string])[] = [];
  const visit = (node: ts.Node) => {
    const comments = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of comments) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      found.push([pos, text.slice(pos, end)]);
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (node.text !== UNIX_USER) found.push([node.getStart(source), node.text]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const end = source.endOfFileToken;
  visit(end);
  yield* found;
}
