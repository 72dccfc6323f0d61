import { snakeCase } from './spellings.ts';

/** Options of kombu's transports that mean something beat cannot do, and why. */
const REFUSED: readonly (readonly [options: RegExp, why: string])[] = [
  [/^credential_provider$/, 'it is a class of Python; write user and password into brokerUrl'],
  [
    /^(queue|message)_tablename$/,
    'the tables of an SQL broker bear the names that kombu gives them',
  ],
  [/^(store_processed|(data|control|processed)_folder)/, 'beat sends to no folder'],
  [
    /^(predefined_queues|queue_name_prefix|region|wait_time_seconds|is_secure|backoff_|sqs|sts)/,
    'beat does not send to Amazon SQS',
  ],
];

/** Why beat does not take a transport option of kombu's; `undefined` for one that it may not know at all. */
export function refusedTransportOption(key: string): string | undefined {
  const name = snakeCase(key);
  return REFUSED.find(([options]) => options.test(name))?.[1];
}
