import { describe, expect, test } from 'vitest';
import { lazy } from '../../../../src/index.ts';
import { entryProblems, problemsOf } from '../support.ts';

const AMQP = { brokerUrl: 'amqp://rabbit' };
const POSTGRES = { brokerUrl: 'sqla+postgresql://db/app' };
const MARIA = { brokerUrl: 'sqla+mariadb://db/app' };
const REDIS = { brokerUrl: 'redis://redis' };

/** 256 bytes in 128 characters. */
const LONG = 'ø'.repeat(128);
const FITS = `${'ø'.repeat(127)}x`;
const SAID = 'is 256 bytes long in UTF-8; AMQP allows 255';

describe('texts that are too long for AMQP', () => {
  test.each([
    ['queue', {}],
    ['exchange', { routingKey: 'a', exchangeType: 'topic' }],
    ['routingKey', { exchange: 'jobs', exchangeType: 'topic' }],
    ['taskId', {}],
    ['replyTo', {}],
    ['messageId', {}],
    ['type', {}],
    ['userId', {}],
    ['appId', {}],
  ])('are rejected at load, and accepted with one byte less: %s', (option, more) => {
    const problems = [`options.${option}: ${SAID}`];
    expect(entryProblems({ options: { ...more, [option]: LONG } }, AMQP)).toEqual(problems);
    expect(entryProblems({ options: { ...more, [option]: FITS } }, AMQP)).toEqual([]);
    expect(entryProblems({ options: { ...more, [option]: LONG } }, REDIS)).toEqual([]);
  });

  test('are rejected as names of headers and stamps, at any depth', () => {
    const headers = { a: [{ [LONG]: 1 }] };
    expect(entryProblems({ options: { headers } }, AMQP)).toEqual([
      `options.headers.a[0]["${LONG}"]: its name ${SAID}`,
    ]);
    expect(entryProblems({ options: { stamps: { [LONG]: 1 } } }, AMQP)).toEqual([
      `options.stamps["${LONG}"]: its name ${SAID}`,
    ]);
    expect(entryProblems({ options: { headers: { a: LONG } } }, AMQP)).toEqual([]);
  });

  test('are rejected in groups and in entries whose arguments depend on the occurrence', () => {
    const options = { queue: LONG };
    const problems = [`options.queue: ${SAID}`];
    expect(entryProblems({ args: [lazy(() => 1)], options }, AMQP)).toEqual(problems);
    expect(entryProblems({ task: { group: ['a', { task: 'b', options }] } }, AMQP)).toEqual(problems);
  });

  test('are reported for each entry whose routes or settings have them', () => {
    const entry = { task: 'a.b', schedule: 60 };
    const two = { ...AMQP, beatSchedule: { one: entry, two: entry } };
    const both = ['one', 'two'].map((name) => `beatSchedule.${name}: its queue ${SAID}`);
    expect(problemsOf({ ...two, taskRoutes: { 'a.*': LONG }, resultExpires: null })).toEqual(both);
    expect(problemsOf({ ...two, taskDefaultQueue: LONG, resultExpires: null })).toEqual(both);
  });
});

describe('headers that are too many for AMQP', () => {
  test('are rejected at load', () => {
    const headers = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`x-${i}`, 'x'.repeat(100)]));
    expect(entryProblems({ options: { headers } }, AMQP)).toEqual([
      expect.stringMatching(/^options.headers: all headers together are about \d\d KiB; AMQP allows 64$/),
    ]);
    expect(entryProblems({ options: { headers } }, REDIS)).toEqual([]);
    expect(entryProblems({ options: { headers: { a: 'x'.repeat(50_000) } } }, AMQP)).toEqual([]);
    expect(entryProblems({ options: { stamps: { a: 'x'.repeat(70_000) } } }, AMQP)).toEqual([
      expect.stringMatching(/^options.stamps: all headers together/),
    ]);
  });
});

describe('names that are too long for SQL', () => {
  test.each([POSTGRES, MARIA])('names of queues with more than 200 characters are rejected: %j', (broker) => {
    const queue = '😀'.repeat(201);
    expect(entryProblems({ options: { queue } }, broker)).toEqual([
      "options.queue: is 201 characters long; kombu's table allows 200",
    ]);
    expect(entryProblems({ options: { queue: '😀'.repeat(200) } }, broker)).toEqual([]);
  });

  test('queues, entries and the key prefix with a NUL are rejected on PostgreSQL', () => {
    const queue = 'a\0b';
    const nul = 'contains the character NUL (\\0), which PostgreSQL cannot store';
    expect(entryProblems({ options: { queue } }, POSTGRES)).toEqual([`options.queue: ${nul}`]);
    expect(entryProblems({ options: { queue } }, MARIA)).toEqual([]);
    const named = { keyPrefix: 'a\0', beatSchedule: { 'a\0': { task: 't', schedule: 60 } } };
    const problems = [`keyPrefix: its name ${nul}`, `beatSchedule["a\\u0000"]: its name ${nul}`];
    expect(problemsOf({ ...POSTGRES, ...named })).toEqual(problems);
    expect(problemsOf({ ...AMQP, stateUrl: POSTGRES.brokerUrl, ...named })).toEqual(problems);
    expect(problemsOf({ ...REDIS, ...named })).toEqual([]);
  });

  test('entries and the key prefix beyond the size of their columns are rejected on MariaDB', () => {
    const entry = { task: 't', schedule: 60 };
    const config = { keyPrefix: 'ø'.repeat(128), beatSchedule: { ['x'.repeat(2_049)]: entry } };
    expect(problemsOf({ ...MARIA, ...config })).toEqual([
      'keyPrefix: its name is 256 bytes long in UTF-8; the ledger in sqla+mariadb:// stores at most 255',
      expect.stringMatching(/its name is 2049 bytes long in UTF-8; .* stores at most 2048$/),
    ]);
    expect(problemsOf({ ...POSTGRES, ...config })).toEqual([]);
  });
});
