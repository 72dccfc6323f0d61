import { snakeCase } from './spellings.ts';

/** Options of kombu's transports that beat cannot follow, and why. */
const REFUSED: readonly (readonly [options: RegExp, why: string])[] = [
  [/^credential_provider$/, 'it is a class of Python; write user and password into brokerUrl'],
  [/^(queue|message)_tablename$/, 'the tables of an SQL broker have the names that kombu uses'],
  [/^(store_processed|(data|control|processed)_folder)/, 'beat does not publish to a folder'],
  [
    /^(predefined_queues|queue_name_prefix|region|wait_time_seconds|is_secure|backoff_|sqs|sts)/,
    'beat does not publish to Amazon SQS',
  ],
];

/** Why beat does not support a transport option of kombu; `undefined` for an unknown one. */
export function explainRefusedTransportOption(key: string): string | undefined {
  const name = snakeCase(key);
  return REFUSED.find(([options]) => options.test(name))?.[1];
}
