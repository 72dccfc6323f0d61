import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { date } from '../../src/celery/message/typed.ts';
import { encodeBody, type Encoding } from '../../src/celery/message/payload.ts';
import { pythonJson } from '../../src/celery/message/python.ts';
import { generateArguments } from '../support/arguments.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';

const SCRIPT = join(import.meta.dirname, '../support/kombu_reads.py');

function lineOf(value: unknown, encoding: Encoding, exact = false): string {
  const { body, contentType, contentEncoding, compression } = encodeBody(value, encoding);
  return JSON.stringify({
    content_type: contentType,
    content_encoding: contentEncoding,
    compression,
    body,
    meant: pythonJson(value),
    exact,
  });
}

for (const celery of CELERIES) {
  const missing = requireCelery(celery, 'yaml', 'msgpack', 'brotli');
  const found = findCelery(celery);

  describe.skipIf(missing)(missing || `the kombu of Celery ${found?.version}`, () => {
    const complaintsOf = (lines: readonly string[]): unknown => {
      const input = lines.join('\n');
      const { stdout, stderr } = spawnSync(found!.python, [SCRIPT], { input, encoding: 'utf8' });
      expect(stderr).toBe('');
      return JSON.parse(stdout);
    };

    test.each(['json', 'yaml', 'msgpack'] as const)('decodes every value, in %s', (serializer) => {
      const encoding = { serializer, compression: null };
      const lines = generateArguments(serializer).map((value) => lineOf(value, encoding));
      expect(lines.length).toBeGreaterThan(150);
      expect(complaintsOf(lines)).toEqual([]);
    });

    test.each(['zlib', 'brotli', 'zstd', 'lzma'] as const)('decompresses every body, by %s', (compression) => {
      const bodies = [[], ['ø'], ['a'.repeat(1_000_000)], ...generateArguments('json').slice(0, 20)];
      const lines = bodies.map((value) => lineOf(value, { serializer: 'json', compression }));
      lines.push(lineOf(generateArguments('msgpack'), { serializer: 'msgpack', compression }));
      expect(complaintsOf(lines)).toEqual([]);
    });

    test('writes the same YAML for short lines of ASCII', () => {
      const values = [
        [[1, 'two'], { three: [3] }, { callbacks: null, chord: null }],
        [[], {}, [[]], [{}], { a: {} }, [[1, [2]], { b: [{ c: 1, d: [] }] }]],
        ["it's", 'a b', '', 'yes', '2020-01-02', '12:30:00', '- a', 'a: b', '#', 'tøy 🎺', 'tasks.add'],
        [true, null, 1.5, 1e21, 1e-7, NaN, -Infinity, -0.0, new Date(0), date('2020-01-02')],
      ];
      const encoding = { serializer: 'yaml', compression: null } as const;
      expect(complaintsOf(values.map((value) => lineOf(value, encoding, true)))).toEqual([]);
    });
  });
}
