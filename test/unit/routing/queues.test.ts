import { describe, expect, test } from 'vitest';
import { topicMatches } from '../../../src/routing/bindings.ts';
import { toQueue } from '../../../src/message/destination.ts';
import { DEFAULT_RULES, Queues, type QueueRules } from '../../../src/routing/queues.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../../support/exchanges.ts';

const buildArguments = (name: string, rules: Partial<QueueRules>) =>
  new Queues({ ...DEFAULT_RULES, ...rules }).get(name).arguments;

test('a queue is declared without arguments unless the configuration asks for some', () => {
  expect(buildArguments('celery', {})).toEqual({});
});

test('one quorum queue beside classic ones has tasks wait for their ETA as beside quorum queues', () => {
  const classic = makeBoundQueue('classic', 'jobs', 'direct', 'a');
  const quorumType = { 'x-queue-type': 'quorum' };
  const quorum = { ...makeBoundQueue('quorum', 'jobs', 'direct', 'b'), arguments: quorumType };
  expect(configureQueues(classic, quorum).usesQuorum).toBe(true);
  expect(configureQueues(quorum, classic).usesQuorum).toBe(true);
  expect(configureQueues(classic).usesQuorum).toBe(false);
  expect(new Queues().usesQuorum).toBe(false);
});

test('every queue has the priorities that are configured', () => {
  for (const queue of ['celery', 'reports']) {
    expect(buildArguments(queue, { maxPriority: 10 })).toEqual({ 'x-max-priority': 10 });
  }
});

test('the default queue and all others each have a type of their own', () => {
  const quorum = { 'x-queue-type': 'quorum' };
  expect(buildArguments('celery', { defaultType: 'quorum' })).toEqual(quorum);
  expect(buildArguments('reports', { defaultType: 'quorum' })).toEqual({});
  expect(buildArguments('celery', { missingType: 'quorum' })).toEqual({});
  expect(buildArguments('reports', { missingType: 'quorum' })).toEqual(quorum);
});

test('names that routes compute are forgotten again, those of described queues are not', () => {
  const queues = configureQueues(makeBoundQueue('one', 'jobs', 'direct', 'work'));
  const [one, computed] = [queues.get('one'), queues.get('computed')];
  expect(queues.get('computed')).toBe(computed);
  for (let i = 0; i < 5_000; i++) queues.get(`computed-${i}`);
  expect(queues.get('one')).toBe(one);
  expect(queues.get('computed')).not.toBe(computed);
  expect(queues.get('computed')).toEqual(computed);
});

test('a queue that nobody describes is bound to an exchange of its own name', () => {
  const { bindings } = new Queues().get('reports');
  expect(bindings).toMatchObject([
    { exchange: { name: 'reports', type: 'direct', durable: true }, routingKey: 'reports' },
  ]);
});

test('where none may be made, an unknown one is refused with the nearest name', () => {
  const queues = new Queues({
    ...DEFAULT_RULES,
    configured: [
      makeBoundQueue('reports', 'x', 'direct', 'x'),
      makeBoundQueue('web', 'x', 'direct', 'x'),
    ],
    createMissing: false,
  });
  expect(queues.find('report')).toBeNull();
  expect(() => queues.get('report')).toThrow(/^no queue "report" .*did you mean "reports"/);
  expect(() => queues.default).toThrow(/^no queue "celery" in taskQueues.*allowed: reports, web$/);
});

describe('who receives a message', () => {
  const queues = configureQueues(
    makeBoundQueue('one', 'jobs', 'direct', 'work', ['more']),
    makeBoundQueue('two', 'jobs', 'direct', 'other'),
    { ...makeBoundQueue('far', 'far', 'fanout', ''), alias: 'nick' },
  );
  const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);

  test('is the queue itself on the anonymous exchange, described or not', () => {
    expect(names(queues.queuesFor(toQueue('one')))).toEqual(['one']);
    expect(names(queues.queuesFor(toQueue('new')))).toEqual(['new']);
  });

  test('is who is bound by any of its bindings', () => {
    expect(names(queues.queuesFor(toExchange('jobs', 'direct', 'work')))).toEqual(['one']);
    expect(names(queues.queuesFor(toExchange('more', 'direct', 'work')))).toEqual(['one']);
    expect(names(queues.queuesFor(toExchange('far', 'fanout', 'any')))).toEqual(['far']);
    expect(queues.queuesFor(toExchange('jobs', 'direct', 'nothing'))).toEqual([]);
  });

  test('includes a queue that was asked for and that nobody has described', () => {
    expect(names(queues.queuesFor(toExchange('new', 'direct', 'new', 'new')))).toEqual(['new']);
  });

  test('is declared, and so is the queue that was asked for', () => {
    const destination = toExchange('jobs', 'direct', 'work', 'two');
    expect(names(queues.declaredFor(destination))).toEqual(['two', 'one']);
  });
});

describe('a pattern of words', () => {
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

  test('is matched at once, however many "#" it holds', () => {
    const pattern = `${'#.a.'.repeat(30)}b`;
    expect(topicMatches(pattern, `${'a.'.repeat(5_000)}c`)).toBe(false);
    expect(topicMatches(pattern, `${'a.'.repeat(5_000)}b`)).toBe(true);
  });

  test('is matched by words alone: what is special in a regular expression is text', () => {
    const found = ['my-app.x', 'my-app', 'my+app.x'].filter((key) => topicMatches('my-app.*', key));
    expect(found).toEqual(['my-app.x']);
  });
});

test('queues: other rules replace all queues, also those that were computed', () => {
  const queues = configureQueues(makeBoundQueue('web', 'x', 'direct', 'x'));
  const { revision } = queues;
  const computed = queues.get('computed');
  queues.replace({ ...DEFAULT_RULES, missingType: 'quorum' });
  expect(queues.revision).toBeGreaterThan(revision);
  expect(queues.exchange('x')).toBeNull();
  expect(queues.get('computed')).not.toEqual(computed);
});
