import { describe, expect, test } from 'vitest';
import { compareRuns } from '../../../../src/import/celery/compare-messages.ts';
import type { CeleryMessage } from '../../../../src/import/celery/exported.ts';
import type { Message } from '../../../../src/celery/message/message.ts';

const EMBED = { callbacks: null, errbacks: null, chain: null, chord: null };
type Headers = Readonly<Record<string, unknown>>;
interface Parts {
  readonly headers?: Headers;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly encoding?: string;
  readonly properties?: Headers;
}

function byCelery({ headers, body = [[], {}, EMBED], contentType, encoding, properties }: Parts = {}): CeleryMessage {
  return {
    ...{ at: 0, exchange: 'x', routing_key: 'r', priority: 1 },
    content_type: contentType ?? 'application/json',
    content_encoding: encoding ?? 'utf-8',
    headers: { task: 't', ...headers },
    properties: { delivery_mode: 2, ...properties },
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
  };
}

function byBeat({ headers, body = [[], {}, EMBED], contentType, encoding, properties }: Parts = {}): Message {
  return {
    destination: { exchange: 'x', routingKey: 'r' },
    priority: 1,
    contentType: contentType ?? 'application/json',
    contentEncoding: encoding ?? 'utf-8',
    headers: { task: 't', ...headers },
    properties: { delivery_mode: 2, ...properties },
    body: Buffer.from(JSON.stringify(body)),
  } as unknown as Message;
}

const compare = (celery: Parts = {}, beat: Parts = {}) => compareRuns([byCelery(celery)], [byBeat(beat)]);
const compareHeaders = (celery: Headers, beat: Headers = {}) => compare({ headers: celery }, { headers: beat });

describe('messages of Celery and beat', () => {
  test('are equal', () => {
    expect(compare()).toEqual([]);
    expect(compareRuns([], [])).toEqual([]);
  });

  test('differ in their encoding only if their content type is the same', () => {
    expect(compare({ encoding: 'binary' })).toEqual(['content encoding: Celery "binary", beat "utf-8"']);
    expect(compare({ contentType: 'application/x-yaml', encoding: 'binary' })).toEqual([
      'content type: Celery "application/x-yaml", beat "application/json"',
    ]);
  });

  test('have bodies of another type that are compared byte by byte', () => {
    const type = { contentType: 'text/plain' };
    expect(compare({ ...type, body: 'a' }, { ...type, body: 'a' })).toEqual([]);
    expect(compare({ ...type, body: 'a' }, { ...type, body: 'b' })).toEqual(['arguments: they differ']);
  });

  test('have compressed bodies that are not compared', () => {
    const headers = { compression: 'application/x-gzip' };
    expect(compare({ headers, body: 'a' }, { headers, body: 'b' })).toEqual([]);
  });

  test.each(['id', 'root_id', 'lang', 'origin', 'argsrepr', 'kwargsrepr'])('may have another header %s', (name) => {
    expect(compareHeaders({ [name]: 'a' }, { [name]: 'b' })).toEqual([]);
  });

  test.each(['celery_beat_task', 'periodic_task_name', 'beat_due_at'])('may have the mark %s', (name) => {
    expect(compareHeaders({}, { [name]: 'b' })).toEqual([]);
  });

  test.each([
    [{}, { replaced_task_nesting: 0, stamps: {}, ignore_result: false, shadow: null }],
    [{ replaced_task_nesting: 0, stamps: {}, ignore_result: false, shadow: null }, {}],
    [{}, { ignore_result: true }],
  ])('have absent headers with the value that workers assume: %j and %j', (celery, beat) => {
    expect(compareHeaders(celery, beat)).toEqual([]);
  });

  test.each([
    [{ replaced_task_nesting: 1 }, {}, 'header replaced_task_nesting: Celery 1, beat 0'],
    [{ stamps: { a: 1 } }, {}, 'header stamps: Celery {"a":1}, beat {}'],
    [{ ignore_result: false }, { ignore_result: true }, 'header ignore_result: Celery false, beat true'],
    [{}, { shadow: 'other' }, 'header shadow: Celery none, beat "other"'],
  ])('with the headers %j and %j differ', (celery, beat, line) => {
    expect(compareHeaders(celery, beat)).toEqual([line]);
  });

  test('have instants that may differ by a second', () => {
    const eta = (text: string) => ({ eta: text });
    expect(compareHeaders(eta('2027-01-01T00:00:01+00:00'), eta('2027-01-01T00:00:00Z'))).toEqual([]);
    // Without an offset it is in UTC.
    expect(compareHeaders(eta('2027-01-01T00:00:00'), eta('2027-01-01T01:00:00+01:00'))).toEqual([]);
    expect(compareHeaders(eta('2027-01-01T00:00:01.001Z'), eta('2027-01-01T00:00:00Z'))).toHaveLength(1);
    expect(compareHeaders(eta('2027-01-01T00:00:00Z'))).toEqual(['eta: Celery "2027-01-01T00:00:00Z", beat none']);
  });

  test('have a time to live that may differ by a second', () => {
    const expiring = (expiration: string) => ({ properties: { expiration } });
    expect(compare(expiring('60000'), expiring('59000'))).toEqual([]);
    expect(compare(expiring('60000'), expiring('58999'))).toEqual(['expiration: Celery "60000", beat "58999"']);
    expect(compare({}, expiring('1'))).toEqual(['expiration: Celery none, beat "1"']);
  });

  test('of several have the number of the one that differs', () => {
    const [celery, beat] = [byCelery(), byBeat()];
    expect(compareRuns([celery, byCelery({ encoding: 'x' })], [beat, beat])).toEqual([
      'message 2: content encoding: Celery "x", beat "utf-8"',
    ]);
  });

  test('have a group index that counts in a chord alone', () => {
    const chord = { ...EMBED, chord: { task: 'sum' } };
    const headers = [{ headers: { group_index: 1 } }, { headers: { group_index: 2 } }] as const;
    expect(compare(headers[0], headers[1])).toEqual([]);
    const body = [[], {}, chord];
    expect(compare({ ...headers[0], body }, { ...headers[1], body })).toEqual(['header group_index: Celery 1, beat 2']);
    expect(compare({ body }, { ...headers[1], body })).toEqual([]);
  });
});

describe('ids in messages of Celery and beat', () => {
  const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

  test('are equal if they are at the same positions', () => {
    expect(compare({ body: [[id(1), id(2), id(1)]] }, { body: [[id(3), id(4), id(3)]] })).toEqual([]);
    expect(compare({ body: [[id(1), id(2), id(1)]] }, { body: [[id(3), id(4), id(4)]] })).toHaveLength(1);
  });

  test('do not depend on the order of keys', () => {
    const [a, b] = [
      { x: id(1), y: id(2), z: id(1) },
      { y: id(4), z: id(3), x: id(3) },
    ];
    expect(compare({ body: [[a]] }, { body: [[b]] })).toEqual([]);
  });

  test('that both have are compared as they are', () => {
    const bodies = [{ body: [[id(1), id(2)]] }, { body: [[id(2), id(1)]] }] as const;
    expect(compare(bodies[0], bodies[1])).toEqual(['arguments: they differ']);
  });
});

describe('signatures in messages of Celery and beat', () => {
  const signature = (options: object, more: object = {}) => ({
    ...{ task: 'next', args: [], kwargs: {}, subtask_type: null, options },
    ...more,
  });
  const inEmbed = (link: object) => ({ body: [[], {}, { ...EMBED, callbacks: [link] }] });
  const compareLinks = (celery: object, beat: object) => compare(inEmbed(celery), inEmbed(beat));

  test('are equal without the reply queue, marks and a size outside of chords', () => {
    const celery = signature({ reply_to: 'me', headers: { periodic_task_name: 'a' } }, { chord_size: null });
    expect(compareLinks(celery, signature({}))).toEqual([]);
    expect(compareLinks(signature({}), celery)).toEqual([]);
    expect(compareLinks(signature({ headers: { team: 'a' } }), signature({}))).toHaveLength(1);
    expect(compareLinks(signature({}, { chord_size: 2 }), signature({}))).toHaveLength(1);
  });

  test.each(['group_id', 'group_index', 'task_id'])(
    'may lack the option %s, which older versions do not write',
    (name) => {
      expect(compareLinks(signature({}), signature({ [name]: 1 }))).toEqual([]);
      expect(compareLinks(signature({ [name]: 2 }), signature({ [name]: 1 }))).toHaveLength(1);
      expect(compareLinks(signature({ [name]: 2 }), signature({}))).toHaveLength(1);
    },
  );

  test('may have an empty chain', () => {
    const body = (chain: unknown) => ({ body: [[], {}, { ...EMBED, chain }] });
    expect(compare(body([]), body(null))).toEqual([]);
    expect(compare(body([signature({})]), body(null))).toHaveLength(1);
  });

  test('of a chord may have a copy of its body in their header', () => {
    const chord = (header: unknown) => signature({}, { subtask_type: 'chord', kwargs: { header, body: 1 } });
    const task = (options: object) => signature(options);
    const group = (options: object, tasks: readonly object[]) =>
      signature(options, { subtask_type: 'group', kwargs: { tasks } });
    expect(compareLinks(chord([task({ chord: 1 })]), chord([task({})]))).toEqual([]);
    const nested = group({ chord: 1 }, [task({ chord: 1 })]);
    expect(compareLinks(chord(nested), chord(group({}, [task({})])))).toEqual([]);
    expect(compareLinks(chord([task({ queue: 'q' })]), chord([task({})]))).toHaveLength(1);
    // Elsewhere the body of a chord counts.
    expect(compareLinks(task({ chord: 1 }), task({}))).toHaveLength(1);
  });
});
