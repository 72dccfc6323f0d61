import { describe, expect, test } from 'vitest';
import { DeniedError, findDenied, isAboutKeys } from '../../../../src/drivers/redis/rights.ts';

/** An error reply as ioredis passes it on, with the command that it answers. */
const reply = (message: string, name = '', args: unknown[] = []) =>
  Object.assign(new Error(message), { command: { name, args } });
const found = (error: unknown) => {
  const denied = findDenied(error);
  return denied && [denied.command, denied.keys];
};

const NO_KEYS = 'NOPERM No permissions to access a key';

describe('redis rights: an error', () => {
  test('of a script that checks its commands names command and key', () => {
    expect(found(reply('NORIGHT HSET beat:states'))).toEqual(['HSET', ['beat:states']]);
    expect(found(reply('NORIGHT HSET a key\nof two lines'))).toEqual(['HSET', ['a key\nof two lines']]);
    expect(found(reply('NORIGHT TIME '))).toEqual(['TIME', []]);
  });

  test('of a script with a denied key names all of its keys', () => {
    const args = ['return 1', '2', 'one', 'two', 'argument'];
    expect(found(reply(NO_KEYS, 'eval', args))).toEqual(['EVAL', ['one', 'two']]);
    expect(found(reply(NO_KEYS, 'evalsha', args))).toEqual(['EVALSHA', ['one', 'two']]);
  });

  test('of a denied EVALSHA names none of its keys', () => {
    const error = reply("NOPERM this user has no permissions to run the 'evalsha' command", 'evalsha', [
      ...['sha', '2', 'one', 'two'],
    ]);
    expect(found(error)).toEqual(['EVALSHA', []]);
  });

  test('of a command whose first argument is a key or channel names it', () => {
    expect(found(reply(NO_KEYS, 'hscan', ['beat:states', '0']))).toEqual(['HSCAN', ['beat:states']]);
    expect(found(reply('NOPERM No permissions to access a channel', 'subscribe', ['c']))).toEqual(['SUBSCRIBE', ['c']]);
  });

  test('of any other command names only the command', () => {
    expect(found(reply(NO_KEYS, 'time', ['2', 'one', 'two']))).toEqual(['TIME', []]);
    expect(found(reply("NOPERM User x has no permissions to run the 'client|setname' command"))).toEqual([
      'CLIENT SETNAME',
      [],
    ]);
  });

  test('is found among the causes of another error', () => {
    const denied = new DeniedError('GET', ['a']);
    expect(findDenied(denied)).toBe(denied);
    expect(findDenied(new Error('outer', { cause: new Error('inner', { cause: denied }) }))).toBe(denied);
    expect(findDenied(new Error('ERR NOPERM'))).toBeNull();
    expect(findDenied('NOPERM')).toBeNull();
  });

  test('has a message with command and keys', () => {
    expect(new DeniedError('GET', ['a', 'b"']).message).toBe('may not run GET on "a", "b\\""');
    expect(new DeniedError('TIME', []).message).toBe('may not run TIME');
  });

  test('concerns the keys of an entry if Redis reports keys and none is a key of the ledger', () => {
    expect(isAboutKeys(new DeniedError('LPUSH', ['queue']), ['own'])).toBe(true);
    expect(isAboutKeys(new DeniedError('EVAL', ['queue', 'own']), ['own'])).toBe(false);
    expect(isAboutKeys(new DeniedError('TIME', []))).toBe(false);
    expect(isAboutKeys(new Error('WRONGTYPE Operation against a key'))).toBe(true);
    expect(isAboutKeys(new Error('ERR other'))).toBe(false);
  });
});
