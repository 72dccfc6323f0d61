import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/util/errors.ts';
import { OutboxLedger } from '../../../src/leader/outbox/outbox-ledger.ts';
import { openStore } from '../../../src/leader/outbox/open-store.ts';
import type { Store } from '../../../src/contracts/store/store.ts';
import { storeOptions } from '../../contract/test-store.ts';
import { makeFirstRun } from '../../support/change.ts';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'beat-open-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function open(brokerUrl: string, stateUrl: string): Promise<Store> {
  return openStore(storeOptions(brokerUrl, { state: parseEndpoint(stateUrl) }));
}

/** Whether a commit uses an outbox. */
async function steps(brokerUrl: string, stateUrl: string): Promise<'one step' | 'outbox'> {
  const store = await open(brokerUrl, stateUrl);
  await store.close();
  return store.ledger instanceof OutboxLedger ? 'outbox' : 'one step';
}

describe('broker and state store', () => {
  test.each([
    ['redis://localhost', 'redis://127.0.0.1:6379/0'],
    ['redis://:secret@h:6379', 'redis://:other@h'],
    ['redis+socket:///run/redis.sock?virtual_host=1', 'unix:///run/redis.sock?db=1'],
    ['memory://', 'memory://'],
  ])('%s and %s are one store, and a commit uses no outbox', async (broker, state) => {
    expect(await steps(broker, state)).toBe('one step');
  });

  test.each([
    ['redis://h', 'redis://h/1'],
    ['redis://h', 'redis://h:6380'],
    ['redis://anna@h', 'redis://otto@h'],
    ['redis://h', 'sqla+sqlite:///state.sqlite'],
    ['memory://a', 'memory://b'],
    ['amqp://h', 'memory://b'],
    ['amqp://a;amqp://b', 'redis://h'],
  ])('%s and %s are two stores, and a commit uses the outbox', async (broker, state) => {
    expect(await steps(broker, state)).toBe('outbox');
  });

  test('two paths of one file are one store', async () => {
    const path = join(folder, 'beat.sqlite');
    const other = relative(process.cwd(), path);
    expect(await steps(`sqla+sqlite:///${path}`, `sqla+sqlite:///${other}`)).toBe('one step');
    expect(await steps(`sqla+sqlite:///${path}`, `sqla+sqlite:///${path}2`)).toBe('outbox');
  });

  test('two files are two stores', async () => {
    const [broker, state] = ['queues', 'state'].map((n) => `sqla+sqlite:///${folder}/${n}.sqlite`);
    const store = await open(broker!, state!);
    const change = makeFirstRun('a');
    const outcome = await store.ledger.commit({ token: await store.ledger.beginTerm(), changes: [change] });
    expect(outcome).toEqual({ kind: 'committed' });
    await store.close();

    const records = async (url: string) => {
      const one = await open(url, url);
      const found = await one.ledger.load();
      await one.close();
      return [...found.keys()];
    };
    expect(await records(state!)).toEqual(['a']);
    expect(await records(broker!)).toEqual([]);
  });
});

test('stored entries are in the state store', async () => {
  const store = await open(`memory://${randomUUID()}`, `sqla+sqlite:///${folder}/state.sqlite`);
  const stored = { dueAt: 1, definition: '{}' };
  const token = await store.ledger.beginTerm();
  await store.ledger.commit({ token, changes: [{ ...makeFirstRun('a'), stored }] });
  expect(await store.entries!.page({ limit: 1 })).toMatchObject([{ entry: 'a', ...stored }]);
  await store.close();
});

test.each([
  ['redis://h:port', 'memory://', /^brokerUrl: not a URL/],
  ['memory://', 'redis://h/name', /^stateUrl: database "name" is not a number/],
  ['redis://h', 'redis://h/name', /^stateUrl: database "name" is not a number/],
  ['redis://h', 'sqla+sqlite://host/f', /^stateUrl: "host" is in the place of a host/],
  ['reds://h', 'memory://', /^brokerUrl: unsupported URL scheme "reds"; allowed: redis:.*amqp:/],
  ['memory://', 'amqp://h', /^stateUrl: unsupported URL scheme "amqp"; allowed: redis:/],
])('the error for an invalid URL has the name of its setting: %s, %s', async (broker, state, message) => {
  const error: unknown = await open(broker, state).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).message).toMatch(message);
});
