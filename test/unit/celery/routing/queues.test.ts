import { describe, expect, test } from 'vitest';
import { topicMatches, DEFAULT_RULES, Queues, type QueueRules } from '../../../../src/celery/routing/queues.ts';
import { toQueue } from '../../../../src/celery/message/destination.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../../../support/exchanges.ts';

const buildArguments = (name: string, rules: Partial<QueueRules>) =>
  new Queues({ ...DEFAULT_RULES, ...rules }).get(name).arguments;

test('queues: a queue is declared without arguments by default', () => {
  expect(buildArguments('celery', {})).toEqual({});
});

test('queues: one quorum queue among classic ones is enough for delayed delivery', () => {
  const classic = makeBoundQueue('classic', 'jobs', 'direct', 'a');
  const quorumType = { 'x-queue-type': 'quorum' };
  const quorum = { ...makeBoundQueue('quorum', 'jobs', 'direct', 'b'), arguments: quorumType };
  expect(configureQueues(classic, quorum).usesQuorum).toBe(true);
  expect(configureQueues(quorum, classic).usesQuorum).toBe(true);
  expect(configureQueues(classic).usesQuorum).toBe(false);
  expect(new Queues().usesQuorum).toBe(false);
});

test('queues: every queue has the configured priorities', () => {
  for (const queue of ['celery', 'reports']) {
    expect(buildArguments(queue, { maxPriority: 10 })).toEqual({ 'x-max-priority': 10 });
  }
});

test('queues: the default queue and other queues may have different types', () => {
  const quorum = { 'x-queue-type': 'quorum' };
  expect(buildArguments('celery', { defaultType: 'quorum' })).toEqual(quorum);
  expect(buildArguments('reports', { defaultType: 'quorum' })).toEqual({});
  expect(buildArguments('celery', { missingType: 'quorum' })).toEqual({});
  expect(buildArguments('reports', { missingType: 'quorum' })).toEqual(quorum);
});

test('queues: the cache of computed names is bounded, configured queues stay', () => {
  const queues = configureQueues(makeBoundQueue('one', 'jobs', 'direct', 'work'));
  const [one, computed] = [queues.get('one'), queues.get('computed')];
  expect(queues.get('computed')).toBe(computed);
  for (let i = 0; i < 5_000; i++) queues.get(`computed-${i}`);
  expect(queues.get('one')).toBe(one);
  expect(queues.get('computed')).not.toBe(computed);
  expect(queues.get('computed')).toEqual(computed);
});

test('queues: a queue outside the configuration is bound to an exchange of its own name', () => {
  const { bindings } = new Queues().get('reports');
  expect(bindings).toMatchObject([
    { exchange: { name: 'reports', type: 'direct', durable: true }, routingKey: 'reports' },
  ]);
});

test('queues: an unknown queue is rejected with the closest name if createMissing is false', () => {
  const queues = new Queues({
    ...DEFAULT_RULES,
    configured: [makeBoundQueue('reports', 'x', 'direct', 'x'), makeBoundQueue('web', 'x', 'direct', 'x')],
    createMissing: false,
  });
  expect(queues.find('report')).toBeNull();
  expect(() => queues.get('report')).toThrow(/^no queue "report" .*did you mean "reports"/);
  expect(() => queues.default).toThrow(/^no queue "celery" in taskQueues.*allowed: reports, web$/);
});

describe('queues that receive a message', () => {
  const queues = configureQueues(
    makeBoundQueue('one', 'jobs', 'direct', 'work', ['more']),
    makeBoundQueue('two', 'jobs', 'direct', 'other'),
    { ...makeBoundQueue('far', 'far', 'fanout', ''), alias: 'nick' },
  );
  const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);

  test('are the queue itself on the anonymous exchange, configured or not', () => {
    expect(names(queues.queuesFor(toQueue('one')))).toEqual(['one']);
    expect(names(queues.queuesFor(toQueue('new')))).toEqual(['new']);
  });

  test('are those with at least one matching binding', () => {
    expect(names(queues.queuesFor(toExchange('jobs', 'direct', 'work')))).toEqual(['one']);
    expect(names(queues.queuesFor(toExchange('more', 'direct', 'work')))).toEqual(['one']);
    expect(names(queues.queuesFor(toExchange('far', 'fanout', 'any')))).toEqual(['far']);
    expect(queues.queuesFor(toExchange('jobs', 'direct', 'nothing'))).toEqual([]);
  });

  test('include a requested queue outside the configuration', () => {
    expect(names(queues.queuesFor(toExchange('new', 'direct', 'new', 'new')))).toEqual(['new']);
  });

  test('are declared, and so is the requested queue', () => {
    const destination = toExchange('jobs', 'direct', 'work', 'two');
    expect(names(queues.declaredFor(destination))).toEqual(['two', 'one']);
  });
});

describe('a topic pattern', () => {
  test.each([
    ['a.b', ['a.b'], ['a', 'a.b.c', 'axb', '']],
    ['*', ['a'], ['', 'a.b']],
    ['a.*', ['a.b'], ['a', 'a.b.c']],
    ['#', ['', 'a', 'a.b.c'], []],
    ['a.#', ['a', 'a.b', 'a.b.c'], ['', 'b.a']],
    ['#.z', ['z', 'a.z', 'a.b.z'], ['z.a', '']],
    ['*.b.#', ['a.b', 'a.b.c.d'], ['b', 'a.c.b']],
    ['a.#.z', ['a.z', 'a.b.c.z'], ['a', 'z']],
    ['', [''], ['a']],
  ])("%j matches what AMQP's topic exchanges match", (pattern, matching, others) => {
    const found = [...matching, ...others].filter((key) => topicMatches(pattern, key));
    expect(found).toEqual(matching);
  });

  test('with any number of "#" is matched without backtracking', () => {
    const pattern = `${'#.a.'.repeat(30)}b`;
    expect(topicMatches(pattern, `${'a.'.repeat(5_000)}c`)).toBe(false);
    expect(topicMatches(pattern, `${'a.'.repeat(5_000)}b`)).toBe(true);
  });

  test('matches special characters of regular expressions literally', () => {
    const found = ['my-app.x', 'my-app', 'my+app.x'].filter((key) => topicMatches('my-app.*', key));
    expect(found).toEqual(['my-app.x']);
  });
});

test('queues: new rules replace all queues, including computed ones', () => {
  const queues = configureQueues(makeBoundQueue('web', 'x', 'direct', 'x'));
  const { revision } = queues;
  const computed = queues.get('computed');
  queues.replace({ ...DEFAULT_RULES, missingType: 'quorum' });
  expect(queues.revision).toBeGreaterThan(revision);
  expect(queues.exchange('x')).toBeNull();
  expect(queues.get('computed')).not.toEqual(computed);
});
