// Changes of SQL and Lua: of texts in the source, and of the scripts of Redis.
import type { Change } from './mutant.ts';

const SQL = /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|BEGIN|PRAGMA|CREATE (TABLE|INDEX|UNIQUE))\b/;
/** Comments of Lua. */
const COMMENTS = /^--\[\[.*?^\]\]$|^ *--[^\n]*$/gms;

interface Rule {
  readonly kind: string;
  readonly find: RegExp;
  readonly instead: string | ((found: RegExpExecArray) => string);
}

const COLUMN = String.raw`[\w."\`]+`;
const VALUE = String.raw`(?:\$\d+|\?|:\w+|\$\{[^}]*\}|'[^']*'|[\w."\`]+(?:\(\))?)`;

// A condition is widened, not removed: its parameter must stay, or the statement would only be invalid.
const SQL_RULES: readonly Rule[] = [
  { kind: 'sql: lock dropped', find: /\s+FOR (UPDATE|SHARE)( SKIP LOCKED| NOWAIT)?/g, instead: '' },
  { kind: 'sql: lock dropped', find: / IMMEDIATE\b/g, instead: '' },
  { kind: 'sql: skip locked dropped', find: / SKIP LOCKED\b/g, instead: '' },
  { kind: 'sql: order turned', find: /(?<=ORDER BY [^)]*?)\b(\w+) DESC\b/g, instead: '$1' },
  { kind: 'sql: order dropped', find: /\s+ORDER BY [\w\s,."]+?(?=\s+LIMIT|\)|$|\s*['`])/g, instead: '' },
  { kind: 'sql: conflict is an error', find: /\s+ON CONFLICT[^`']*?DO NOTHING/g, instead: '' },
  { kind: 'sql: conflict is an error', find: /\bINSERT (OR )?IGNORE\b/g, instead: 'INSERT' },
  { kind: 'sql: conflict keeps the old', find: /DO UPDATE SET [^`']*?(?=\s*[`']|$)/g, instead: 'DO NOTHING' },
  { kind: 'sql: setting dropped', find: /PRAGMA \w+ ?= ?[^;`']+;?/g, instead: '' },
  { kind: 'sql: unique dropped', find: /\bUNIQUE\b(?! \()/g, instead: '' },
  { kind: 'sql: greatest is least', find: /\bgreatest\(/gi, instead: 'least(' },
  {
    kind: 'sql: condition always holds',
    find: new RegExp(`(?<=\\b(?:WHERE|AND|OR)\\s+)${COLUMN} ?(?:=|<>|<=|>=|<|>) ?${VALUE}`, 'g'),
    instead: ([all]) => `(${all} OR 1 = 1)`,
  },
  { kind: 'sql: boundary', find: / <= /g, instead: ' < ' },
  { kind: 'sql: boundary', find: / >= /g, instead: ' > ' },
  { kind: 'sql: boundary', find: / < /g, instead: ' <= ' },
  { kind: 'sql: boundary', find: / > /g, instead: ' >= ' },
  { kind: 'sql: boolean', find: /\b(true|TRUE)\b/g, instead: 'false' },
  { kind: 'sql: boolean', find: /\b(false|FALSE)\b/g, instead: 'true' },
  { kind: 'sql: number', find: /(?<=[\s(])(\d+)(?=[\s,)*])/g, instead: ([, n]) => String(Number(n) + 1) },
  { kind: 'sql: operator', find: / \+ /g, instead: ' - ' },
];

const LUA_RULES: readonly Rule[] = [
  { kind: 'lua: early exit removed', find: /^ *if .* then return .* end\n/gm, instead: '' },
  { kind: 'lua: call removed', find: /^ *redis\.p?call\(.*\)\n/gm, instead: '' },
  { kind: 'lua: loop removed', find: /^ *for .* do .* end\n/gm, instead: '' },
  { kind: 'lua: assignment removed', find: /^ *(?!local|if|for|return|end)[\w.#[\]+ ]+ = .*\n/gm, instead: '' },
  { kind: 'lua: condition', find: / ~= /g, instead: ' == ' },
  { kind: 'lua: condition', find: / == /g, instead: ' ~= ' },
  { kind: 'lua: condition', find: / and /g, instead: ' or ' },
  { kind: 'lua: condition', find: / or /g, instead: ' and ' },
  { kind: 'lua: condition', find: /(?<=\b(?:if|and|or) )not /g, instead: '' },
  { kind: 'lua: boundary', find: / <= /g, instead: ' < ' },
  { kind: 'lua: boundary', find: / > /g, instead: ' >= ' },
  { kind: 'lua: boundary', find: / < /g, instead: ' <= ' },
  { kind: 'lua: operator', find: / \+ /g, instead: ' - ' },
  { kind: 'lua: operator', find: / - /g, instead: ' + ' },
  { kind: 'lua: number', find: /(?<=[\s(+\-[,])(\d+)(?=[\s,)\]])/g, instead: ([, n]) => String(Number(n) + 1) },
  { kind: 'lua: min is max', find: /math\.min\b/g, instead: 'math.max' },
  { kind: 'lua: max is min', find: /math\.max\b/g, instead: 'math.min' },
  { kind: 'lua: pcall is call', find: /redis\.pcall/g, instead: 'redis.call' },
];

/** The changes of one literal's source text, which begins at `offset` of its file. */
export function* changesWithin(text: string, offset: number): Generator<Change> {
  if (SQL.test(text)) yield* changesBy(SQL_RULES, text, offset);
}

/** The changes of a Lua file, without changes of its comments. */
export function changesOfLua(text: string): Generator<Change> {
  return changesBy(
    LUA_RULES,
    text.replaceAll(COMMENTS, (comment) => comment.replaceAll(/[^\n]/g, '.')),
    0,
  );
}

function* changesBy(rules: readonly Rule[], text: string, offset: number): Generator<Change> {
  for (const { kind, find, instead } of rules) {
    for (const found of text.matchAll(find)) {
      const start = offset + found.index;
      const end = start + found[0].length;
      const written = typeof instead === 'string' ? instead.replace('$1', found[1] ?? '') : instead(found);
      yield { kind, start, end, instead: written };
    }
  }
}
