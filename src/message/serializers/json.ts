import { pythonJson } from '../python/python-json.ts';
import { validateDigits, type Serializer } from './serializer.ts';

/** The default, and the one that every worker accepts. */
export const json: Serializer = {
  name: 'json',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  format: 'JSON',
  extras: ['a Date', 'a Uint8Array', 'what decimal(), uuid(), date(), time() and datetime() make'],
  validate: (leaf) => (typeof leaf === 'bigint' ? validateDigits(leaf) : null),
  // All ASCII.
  write: pythonJson,
};
