import { describe, expect, test } from 'vitest';
import {
  bindingKey,
  bindingMember,
  channelName,
  listKey,
  selectFanoutKeys,
} from '../../../../src/drivers/redis/kombu.ts';
import { isBroadcast, queuesBound } from '../../../../src/celery/kombu/bindings.ts';
import { DEFAULT_TRANSPORT } from '../../../../src/contracts/broker/connection-settings.ts';
import type { ExchangeType } from '../../../../src/celery/message/destination.ts';
import { createExchange } from '../../../../src/celery/routing/queue.ts';

const SEP = '\x06\x16';

describe('kombu: the list of a message', () => {
  test.each([
    [0, 'celery'],
    [1, 'celery'],
    [3, `celery${SEP}3`],
    [5, `celery${SEP}3`],
    [6, `celery${SEP}6`],
    [9, `celery${SEP}9`],
    [255, `celery${SEP}9`],
    [-1, 'celery'],
  ])('has the greatest step up to its priority %d', (priority, list) => {
    expect(listKey('celery', priority, DEFAULT_TRANSPORT)).toBe(list);
  });

  test('depends on the separator and the steps of the transport options', () => {
    const tenSteps = { sep: ':', prioritySteps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
    expect(listKey('celery', 4, tenSteps)).toBe('celery:4');
    expect(listKey('celery', 0, tenSteps)).toBe('celery');
  });

  test('has the last step for a priority below all of them, as in kombu', () => {
    expect(listKey('celery', 0, { sep: ':', prioritySteps: [3, 6] })).toBe('celery:6');
    expect(listKey('celery', 5, { sep: ':', prioritySteps: [] })).toBe('celery');
  });
});

describe('kombu: a binding', () => {
  const bound = (queue: string, type: ExchangeType, key: string) =>
    bindingMember(queue, { exchange: createExchange('e', type), routingKey: key, arguments: {} }, SEP);

  test('is a member of the set of its exchange', () => {
    expect(bindingKey('reports')).toBe('_kombu.binding.reports');
    expect(bound('reports', 'direct', 'reports')).toBe(`reports${SEP}${SEP}reports`);
    expect(bound('q', 'fanout', '')).toBe(`${SEP}${SEP}q`);
  });

  // Each as kombu 5.6 writes it.
  test.each([
    ['jobs.work', String.raw`^jobs\.work$`],
    ['a.#', String.raw`^a\..*?$`],
    ['*.stock.#', String.raw`^[^\.]+\.stock\..*?$`],
    ['feed_x.a-b', String.raw`^feed\_x\.a\-b$`],
    ['æ.é', String.raw`^æ\.é$`],
  ])("to a topic exchange contains kombu's expression for %s", (key, pattern) => {
    expect(bound('q', 'topic', key)).toBe([key, pattern, 'q'].join(SEP));
  });

  const BROADCAST = 'bcast.1b4e28ba-2fa1-41d2-883f-0016d3cca427';
  const members = [
    ['work', '', 'one'],
    ['work', '', 'two'],
    ['other', '', 'three'],
    ['jobs.#', String.raw`^jobs\..*?$`, 'topic'],
    ['jobs.*', String.raw`^jobs\..*?[^\.]$`, 'as older kombus write it'],
    ['work', '(?P<python>x)', 'strange'],
    ['work', '', BROADCAST],
    ['work', '', ''],
  ].map((parts) => parts.join(SEP));

  test.each([
    ['work', ['one', 'two']],
    ['other', ['three']],
    ['jobs.daily', ['topic', 'as older kombus write it']],
    ['jobs', []],
    ['none', []],
  ])('determines the queues of a message with the key %s', (key, queues) => {
    expect(queuesBound(members, key, SEP)).toEqual(queues);
  });

  test('to a fanout exchange may have a queue of one worker', () => {
    expect(members.filter((member) => isBroadcast(member, SEP))).toEqual([['work', '', BROADCAST].join(SEP)]);
  });
});

describe('kombu: the channel of a fanout exchange', () => {
  const { fanoutPrefix, fanoutPatterns } = DEFAULT_TRANSPORT;
  const options = { database: 3, fanoutPrefix, fanoutPatterns };

  test.each([
    ['celery', options, '/3.bc/celery'],
    ['', options, '/3.bc'],
    ['celery', { ...options, fanoutPatterns: false }, '/3.bc'],
    ['celery', { ...options, fanoutPrefix: '' }, 'bc/celery'],
    ['', { ...options, fanoutPrefix: '/app-{db}.' }, '/app-3.bc'],
  ])('for the key %j and the option %j', (key, given, channel) => {
    expect(channelName('bc', key, given)).toBe(channel);
  });
});

describe('kombu: fanout', () => {
  test.each([
    ['every bound key, without duplicates', ['a', 'b', 'a'], [], ['a', 'b']],
    ['keys of the configuration that no worker has bound', ['a'], ['', 'b'], ['a', '', 'b']],
    ['one channel when a pattern matches it', ['a.b', 'a.#'], [], ['a.b']],
    ['a separate channel for a pattern that matches no other', ['a', 'b.#'], [], ['a', 'b.*']],
    ['one channel for a pattern and a wider pattern', ['a.#', '#'], [], ['a.*']],
    ['no two channels that one pattern matches', ['a', 'b', '#'], [], ['a']],
    ['a bound key rather than a key of the configuration that the same pattern matches', ['a', '#'], ['c'], ['a']],
    ['characters of regular expressions literally', ['a+b', 'aab', 'a(b'], [], ['a+b', 'aab', 'a(b']],
  ])('selects %s', (_, bound, own, keys) => {
    expect(selectFanoutKeys(bound, own)).toEqual(keys);
  });

  test('no pattern matches the channel of an empty key', () => {
    expect(selectFanoutKeys(['#', ''], [])).toEqual(['*', '']);
  });

  test('a pattern with many stars matches a long key without backtracking', () => {
    const pattern = `${'#a'.repeat(12)}b`;
    const key = 'a'.repeat(50_000);
    expect(selectFanoutKeys([pattern, key], [])).toEqual([pattern.replaceAll('#', '*'), key]);
  });
});
