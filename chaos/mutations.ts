import type { Mutation } from './program.ts';

const LUA = 'drivers/redis/scripts';
const LUA_STATES = `${LUA}/includes/compare-states.lua`;
const SQL = 'drivers/sql/ledger.js';
const SQL_ENTRIES = 'drivers/sql/entries.js';
/** The comparison of states that all stores but Redis share. */
const COMMIT = 'contracts/store/commit.js';

const LUA_FENCE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end\n`;
const LUA_COMPARE = `if not repeated and #conflicts > 0 then return {'conflict', conflicts} end\n`;
const LUA_BEFORE = `
  local SLICE, denied = 4000, false
  local function failure() return false end
  local n = tonumber(ARGV[2])
  local pairs_end = 2 + 2 * n
  local at = pairs_end + n + 1
  local first = 4
  local finished = tonumber(ARGV[at])
  at = at + 1
  if finished > 0 then first, at = first + 3, at + 2 + 3 * finished end
  local stored = tonumber(ARGV[at])
  at = at + 1 + 3 * stored
  if stored > 0 then first = first + 2 end
  local rows = tonumber(ARGV[at])
  at = at + 1
  if rows > 0 then
    first = first + 1 + rows
    at = at + 6 + rows
    at = at + 1 + 6 * tonumber(ARGV[at])
  end
  at = at + 2 * tonumber(ARGV[at]) + 1
  local lists_end = first - 1 + tonumber(ARGV[at])
  at = at + 1
`;
const LUA_CHECK = '--- @include compare-states\n';
const LUA_PUSH = `
  for k = first, lists_end do
    local last = at + tonumber(ARGV[at])
    for from = at + 1, last, SLICE do
      local to = math.min(from + SLICE - 1, last)
      denied = failure('LPUSH', KEYS[k], redis.pcall('LPUSH', KEYS[k], unpack(ARGV, from, to)))
      if denied then return denied end
    end
    at = last + 1
  end
`;
/** Replaces LUA_PUSH: moves on to the arguments behind the messages. */
const LUA_PASS = `
  for k = first, lists_end do at = at + tonumber(ARGV[at]) + 1 end
`;

const COMPARE = 'return conflictOfAll(conflicts);';

const SQL_FENCE = `            if ((await newestTerm(tx)) !== token)
                return { kind: 'fenced' };
`;
const SQL_COMMIT = `            return commitWith('ledger.commit', commit, {\n`;
/** In a transaction of its own: a rollback of the commit would remove the messages again. */
const SQL_BEFORE = `            await db.transaction('ledger.commit', (tx) => insertMessages(tx, sql, envelopes.flat()));\n`;
const SQL_PUSH = '                    await insertMessages(tx, sql, envelopes.flat());\n';

const unfenced: readonly Mutation[] = [
  { file: LUA_STATES, text: LUA_FENCE, instead: '' },
  { file: SQL_ENTRIES, text: SQL_FENCE, instead: '' },
];

/** Safeguards to remove on purpose, which shows that the checker detects their absence. */
export const MUTATIONS = {
  /** Accepts commits of older terms. The comparison of states still rejects most of them. */
  unfenced,

  /** Accepts every commit: neither the fencing token nor the states are compared. */
  unchecked: [
    ...unfenced,
    { file: LUA_STATES, text: LUA_COMPARE, instead: '' },
    { file: COMMIT, text: COMPARE, instead: `return 'new';` },
  ],

  /** Publishes before the checks, as a scheduler does that publishes first and stores state afterwards. */
  'publish-first': [
    { file: `${LUA}/includes/push.lua`, text: LUA_PUSH, instead: LUA_PASS },
    { file: `${LUA}/commit.lua`, text: LUA_CHECK, instead: LUA_BEFORE + LUA_PUSH + LUA_CHECK },
    { file: SQL, text: SQL_PUSH, instead: '' },
    { file: SQL, text: SQL_COMMIT, instead: SQL_BEFORE + SQL_COMMIT },
  ],

  /** Publishes as if no run of an entry were running. */
  overlapping: [
    {
      file: 'entries/planning/decide.js',
      text: 'const running = stillRunning(entry, before, now);',
      instead: 'const running = [];',
    },
  ],

  /** Applies a command each time that it arrives. */
  'command-repeated': [
    { file: 'leader/inbox/command-inbox.js', text: '(await log.findAudit([id])).has(id)', instead: 'false' },
  ],

  /** Removes messages from the outbox when they are written to the socket, without waiting for confirms. */
  unconfirmed: [
    {
      file: 'leader/outbox/message-states.js',
      text: '(await Promise.all(answers)).flatMap((each) => [...each])',
      instead: '(void Promise.allSettled(answers), [])',
    },
  ],
} as const satisfies Readonly<Record<string, readonly Mutation[]>>;
