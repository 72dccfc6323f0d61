import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';
import { parseSqsUrl } from '../../../../src/drivers/sqs/url.ts';
import { configErrors } from '../../../../src/util/errors.ts';

const keys = (accessKeyId: string, secretAccessKey: string) => ({ accessKeyId, secretAccessKey });

describe('the URL of SQS', () => {
  test.each([
    ['sqs://', null, null],
    ['sqs:///', null, null],
    ['SQS://AKIA:se%2Fcr%2Bet@', null, keys('AKIA', 'se/cr+et')],
    ['sqs://AKIA:secret@/', null, keys('AKIA', 'secret')],
    ['sqs://localhost:4566', 'http://localhost:4566', null],
    ['sqs://a:b@localhost:4566//', 'http://localhost:4566', keys('a', 'b')],
    ['sqs://a:b@[::1]:4566', 'http://[::1]:4566', keys('a', 'b')],
  ])('%s', (url, endpoint, credentials) => {
    expect(parseSqsUrl(parseEndpoint(url), false)).toEqual({ endpoint, credentials });
  });

  test('an emulator is reached over TLS if the options say so', () => {
    expect(parseSqsUrl(parseEndpoint('sqs://a:b@emulator'), true).endpoint).toBe('https://emulator');
  });

  test.each([
    ['sqs://AKIA@', 'an access key needs its secret key'],
    ['sqs://:secret@', 'an access key needs its secret key'],
    ['sqs://a:%@', 'the secret key contains a % that begins no escape'],
    ['sqs://a:b/c@', 'in a user name or password, write %2F for /'],
  ])('%s is rejected', (url, message) => {
    const [error] = configErrors(() => parseSqsUrl(parseEndpoint(url), false));
    expect(error).toMatchObject({ path: ['brokerUrl'] });
    expect(error!.message).toContain(message);
  });
});
