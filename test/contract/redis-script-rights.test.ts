import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadScript, run, script } from '../../src/drivers/redis/scripts/script.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

interface Case {
  /** If it is not the name of the case. */
  readonly script?: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** The reply to a user with every right. */
  readonly reply: unknown;
  /** Each command that the script runs, with the key or channel that it runs it on first. */
  readonly commands: Readonly<Record<string, string>>;
}

const TERM = { GET: 'term' };
const LEDGER = { ...TERM, HMGET: 'states', HSET: 'states', ZCARD: 'order', ZADD: 'order' };
const HISTORY = { RPUSH: 'history', LTRIM: 'history', LRANGE: 'history' };
const PUSHES = { LLEN: 'list', LPUSH: 'list', SCARD: 'binding', SADD: 'binding', PUBLISH: 'news' };

const UNACKED = ['unacked', 'unacked_index'] as const;
const ACKS = { ZREM: 'unacked_index', HDEL: 'unacked' };

/** In a commit of stored entries, a command may be finished too. */
const ENTRIES = {
  ...TERM,
  HMGET: 'states',
  HSET: 'states',
  HDEL: 'audit',
  ZCARD: 'order',
  ZADD: 'order',
  ZREM: 'order',
  LREM: 'commands',
  LRANGE: 'commands',
  LPUSH: 'ids',
  LLEN: 'ids',
  RPOP: 'ids',
};

/** The change of one state, of an entry without one. */
const CHANGE = ['7', '1', 'a', 'state', '', '0', '0'];
/** The change of one stored entry, which moves in the order. */
const MOVE = ['7', '1', 'old', 'new state', 'state'];
/** One finished command, and what is written beside the state of that entry. */
const MOVED = ['1', '1000000', '10000', 'command', 'id', 'audit row', '1', '1', '2', ''];
/** One row of one entry's history, and one minute. */
const ROW = [...['1', '100', '10', '1000', '0', '8', '1', 'row'], ...['1', '5', '28', '1', '0', '0', '0']];
/** One message to a channel, one to a list, and one binding. */
const PUSH = ['1', 'news', 'text', '1', '1', 'message', 'member'];

/** By the names of their scripts, or of what these do. */
const CASES: Readonly<Record<string, Case>> = {
  'begin-term': {
    keys: ['term', 'states', 'order', 'absent', 'absent too', 'history', 'minutes'],
    args: [],
    reply: expect.any(Number),
    commands: {
      TIME: '',
      ...TERM,
      SET: 'term',
      HSCAN: 'states',
      HMGET: 'states',
      HSET: 'states',
      EXISTS: 'absent',
      ZRANGEBYLEX: 'order',
      ZADD: 'order',
      RPUSH: 'history',
      LTRIM: 'history',
    },
  },
  commit: {
    keys: ['term', 'states', 'order', 'minutes', 'history', 'list', 'binding'],
    args: [...CHANGE, ...ROW, ...PUSH],
    reply: ['committed', [1]],
    commands: { ...LEDGER, ...PUSHES, ...HISTORY },
  },
  'commit of stored entries': {
    script: 'commit',
    keys: [
      ...['term', 'states', 'order', 'commands', 'audit', 'ids', 'definitions', 'names'],
      ...['minutes', 'history', 'list', 'binding'],
    ],
    args: [...MOVE, ...MOVED, ...ROW, ...PUSH],
    reply: ['committed', [1]],
    commands: { ...PUSHES, ...HISTORY, ...ENTRIES },
  },
  send: { keys: ['list', 'binding'], args: PUSH, reply: ['committed', [1]], commands: PUSHES },
  append: {
    keys: ['term', 'states', 'order', 'outbox ids', 'outbox', 'minutes', 'history'],
    args: [...CHANGE, ...ROW, 'id', 'message'],
    reply: ['committed'],
    commands: { ...LEDGER, ...HISTORY, HEXISTS: 'outbox', HLEN: 'outbox', HDEL: 'outbox', ZREM: 'outbox ids' },
  },
  'append of stored entries': {
    script: 'append',
    keys: [
      ...['term', 'states', 'order', 'outbox ids', 'outbox', 'commands', 'audit', 'ids'],
      ...['definitions', 'names', 'minutes', 'history'],
    ],
    args: [...MOVE, ...MOVED, ...ROW, 'id', 'message'],
    reply: ['committed'],
    commands: { ...HISTORY, ...ENTRIES, HEXISTS: 'outbox', HLEN: 'outbox' },
  },
  'append-history': {
    keys: ['minutes', 'history'],
    args: ROW,
    reply: 1,
    commands: { ...HISTORY, HMGET: 'minutes', HSET: 'minutes' },
  },
  'append-command': { keys: ['commands'], args: ['text', 'channel'], reply: 1, commands: { RPUSH: 'commands' } },
  'read-commands': {
    keys: ['commands'],
    args: ['10', '100', '1000'],
    reply: [[1, 'command']],
    commands: { LRANGE: 'commands' },
  },
  'check-commit': {
    keys: ['term', 'states'],
    args: CHANGE,
    reply: ['rejected'],
    commands: { ...TERM, HMGET: 'states' },
  },
  'take-message': {
    keys: [...UNACKED, 'empty', 'waiting'],
    args: ['beat-1', '"empty"', '"waiting"'],
    reply: ['envelope', 2],
    commands: { LINDEX: 'empty', RPOP: 'empty', ZADD: 'unacked_index', HSET: 'unacked' },
  },
  'acknowledge-message': { keys: UNACKED, args: ['beat-tag'], reply: 1, commands: ACKS },
  'requeue-message': { keys: UNACKED, args: ['beat-tag', ''], reply: null, commands: { ...ACKS, HGET: 'unacked' } },
  'restore-messages': {
    keys: UNACKED,
    args: ['300', '', 'beat-'],
    reply: null,
    commands: { ...ACKS, HGET: 'unacked', ZRANGEBYSCORE: 'unacked_index' },
  },
  'find-entries': {
    keys: ['definitions', 'states'],
    args: ['old', 'other'],
    reply: [
      ['old', '1 {}', 'state'],
      ['other', null, null],
    ],
    commands: { HMGET: 'definitions' },
  },
  'page-entries': {
    keys: ['order', 'definitions', 'states'],
    args: ['-', '+', '1', ''],
    reply: [':31206f6c64', [['1 old', '1 {}', 'state']]],
    commands: { ZRANGEBYLEX: 'order', HMGET: 'definitions' },
  },
  'page-positions': {
    keys: ['order'],
    args: ['-', '+', '2', ''],
    reply: ['', ['1 old'], []],
    commands: { ZRANGEBYLEX: 'order' },
  },
  'remove-messages': {
    keys: ['term', 'outbox ids', 'outbox'],
    args: ['7', 'old'],
    reply: 1,
    commands: { ...TERM, ZREM: 'outbox ids', HDEL: 'outbox' },
  },
  'withdraw-messages': {
    keys: ['term', 'outbox ids', 'outbox', 'minutes', 'history'],
    args: ['7', '1', 'old', ...ROW, 'old'],
    reply: 1,
    commands: { ...TERM, ...HISTORY, HEXISTS: 'outbox', ZREM: 'outbox ids', HDEL: 'outbox' },
  },
  'remove-state': {
    keys: ['term', 'states', 'order'],
    args: ['7', 'old'],
    reply: 1,
    commands: { ...TERM, HDEL: 'states', ZREM: 'order' },
  },
  'lock-acquire': {
    keys: ['free'],
    args: ['me', '5000'],
    reply: 1,
    commands: { EXISTS: 'free', GET: 'free', PEXPIRE: 'free', DEL: 'free', SET: 'free' },
  },
  'lock-extend': { keys: ['held'], args: ['me', '5000'], reply: 1, commands: { GET: 'held', PEXPIRE: 'held' } },
  'lock-release': { keys: ['held'], args: ['me'], reply: 1, commands: { GET: 'held', DEL: 'held' } },
};

const EACH_COMMAND = Object.entries(CASES).flatMap(([name, { commands }]) =>
  Object.entries(commands).map(([command, key]) => ({ name, command, key })),
);

/** Scripts whose keys may be of any type, because others write them too; with these keys. */
const EACH_KEY = Object.entries({
  commit: ['states', 'order', 'list', 'binding'],
  send: ['list', 'binding'],
  append: ['states', 'order', 'outbox ids', 'outbox'],
  'commit of stored entries': ['commands', 'audit', 'ids', 'definitions', 'order', 'names'],
  'append of stored entries': ['commands', 'audit', 'ids', 'definitions', 'order', 'names'],
  'page-entries': ['order', 'definitions', 'states'],
}).flatMap(([name, keys]) => keys.map((key) => ({ name, key })));

const HIDE = 'local redis = setmetatable({ acl_check_cmd = false }, { __index = redis })\n';
const VERSIONS = [
  { version: 'since Redis 7', begin: '' },
  { version: 'before Redis 7', begin: HIDE },
];

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'redis scripts', () => {
  let server: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = new Redis({ path: server.socket, username: 'narrow', password: 'pw', lazyConnect: true });
    await allow();
    await client.connect();
  });
  beforeEach(async () => {
    await allow();
    await server.flush();
    await server.client
      .multi()
      .set('term', '7')
      .hset('states', 'old', 'state')
      .zadd('outbox ids', 0, 'old')
      .hset('outbox', 'old', 'message')
      .hset('definitions', 'old', '1 {}')
      .zadd('order', 0, '1 old')
      .zadd('names', 0, 'old')
      .rpush('commands', 'command')
      .set('held', 'me')
      .rpush('waiting', 'envelope')
      .hset('unacked', 'beat-tag', '["envelope", "", "queue"]')
      .zadd('unacked_index', 0, 'beat-tag')
      .exec();
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  const allow = (...rules: string[]) =>
    server.client.call(
      ...(['ACL', 'SETUSER', 'narrow', 'reset', 'on', '>pw'] as const),
      ...['~*', '&*', '+@all', ...rules],
    );
  const runCase = (begin: string, name: string) => {
    const { script: file = name, keys, args } = CASES[name]!;
    return run(client, script(begin + loadScript(file).lua), keys, args);
  };
  /** Every key with its value, in Redis's own format. */
  const contents = async () => {
    const keys = (await server.client.keys('*')).toSorted();
    const values = await Promise.all(keys.map((key) => server.client.dumpBuffer(key)));
    return Object.fromEntries(keys.map((key, i) => [key, values[i]!.toString('hex')]));
  };

  test.each(EACH_COMMAND)(
    '$name without the right to $command names it, and writes nothing',
    async ({ name, command, key }) => {
      await allow(`-${command.toLowerCase()}`);
      const before = await contents();
      const error: unknown = await runCase('', name).catch((e: unknown) => e);
      expect(String(error)).toMatch(/may not run|user executing the script can't run/);
      expect(error).toMatchObject({ command, keys: key === '' ? [] : [key] });
      expect(await contents()).toEqual(before);
    },
  );

  test.each(['commit of stored entries', 'append of stored entries'])(
    '%s with the right to HSET on any key but the definitions names these, and writes nothing',
    async (name) => {
      await allow('-hset', '(+hset ~states ~audit ~minutes ~outbox)');
      const before = await contents();
      const error: unknown = await runCase('', name).catch((e: unknown) => e);
      expect(error).toMatchObject({ command: 'HSET', keys: ['definitions'] });
      expect(await contents()).toEqual(before);
    },
  );

  test.each([
    ['LPUSH', 'list'],
    ['SADD', 'binding'],
  ])('before Redis 7, send without the right to %s names it', async (command, key) => {
    await allow(`-${command.toLowerCase()}`);
    const error: unknown = await runCase(HIDE, 'send').catch((e: unknown) => e);
    expect(error).toMatchObject({ command, keys: [key] });
  });

  describe.each(VERSIONS)('$version', ({ begin }) => {
    test.each(Object.keys(CASES))('%s works for a user with every right', async (name) => {
      expect(await runCase(begin, name)).toEqual(CASES[name]!.reply);
    });

    test.each(EACH_KEY)('$name with a key "$key" of another type writes nothing', async ({ name, key }) => {
      await server.client.set(key, 'a text');
      const before = await contents();
      await expect(runCase(begin, name)).rejects.toThrow('WRONGTYPE');
      expect(await contents()).toEqual(before);
    });
  });
});
