import fc from 'fast-check';
import type { SerializerName } from '../../src/celery/message/serializers.ts';
import { date, datetime, decimal, time, uuid } from '../../src/celery/message/typed.ts';

/** Texts that YAML reads as another type, or not at all, when they are not quoted. */
const TRICKY = [
  ...['', ' ', ' a', 'a ', 'yes', 'No', 'on', 'OFF', 'y', 'n', 'true', 'null', '~', 'None', '=', '<<', '.nan'],
  ...['-.inf', '.5', '1.', '1e3', '1.0e+3', '0x1F', '0b1', '017', '0o7', '1_000', '190:20:30', '12:30', '+1'],
  ...['2020-01-02', '2020-01-02 03:04:05', '- a', '-', '---', '--- a', '...', '? a', ': a', 'a: b', 'a:', 'a #b'],
  ...['#', '&a', '*a', '!a', '!!int 1', '|', '>', '%a', '@a', '`a`', "'", '"', '[', '{}', ',', '\\', '\\n'],
  ...['a\nb', '\n', 'a\n', '\t', 'a\tb', '\r\n', '\0', '\u0007', '\u007f', '\u0085', '\u00a0', '\u2028', '\ufeff'],
  ...['\uffff', 'ø', '漢字', '🎺', 'a'.repeat(200), 'two words '.repeat(30), 'x/y', 'a.b-c', "it's", 'a  b'],
];
const text = fc.oneof(fc.constantFrom(...TRICKY), fc.string(), fc.string({ unit: 'binary' }));
const wellFormed = text.filter((value) => value.isWellFormed());
const plain = fc.oneof(
  ...[wellFormed, wellFormed, fc.boolean(), fc.constant(null), fc.maxSafeInteger(), fc.integer()],
  // A number without a fraction is an integer in Python, and zero has no sign there.
  fc.double().filter((n) => !Number.isInteger(n) || Math.abs(n) >= 1e21),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
);
const bytes = fc.uint8Array({ maxLength: 80 });
const day = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const instants = fc.oneof(
  day,
  day.map((when) => date(when.toISOString().slice(0, 10))),
  day.map((when) => datetime(when.toISOString().slice(0, -1))),
  day.map((when) => datetime(when.toISOString().replace('Z', '456-03:30'))),
);
const pythonTypes = fc.oneof(
  ...[fc.constant(decimal('-1.50')), fc.uuid().map(uuid), fc.bigInt().map((n) => decimal(`${n}e-7`))],
  day.map((when) => time(when.toISOString().slice(11, -1))),
);

const LEAVES = {
  json: fc.oneof(text, plain, bytes, instants, pythonTypes, fc.bigInt()),
  yaml: fc.oneof(plain, plain, bytes, instants, fc.bigInt()),
  msgpack: fc.oneof(plain, plain, bytes),
};

/** Generates arguments of every type that the serializer supports, the same ones each time. */
export function generateArguments(serializer: SerializerName): unknown[] {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, LEAVES[serializer], tie('array'), tie('map')),
    array: fc.array(tie('tree'), { maxLength: 5 }),
    map: fc.dictionary(wellFormed, tie('tree'), { maxKeys: 5 }),
  }));
  let deep: unknown = 'deep';
  for (let i = 0; i < 190; i++) deep = i % 2 ? [deep] : { deep };
  const made = fc.sample(fc.array(tree, { maxLength: 4 }), { numRuns: 150, seed: 7 });
  return [TRICKY, Object.fromEntries(TRICKY.map((key) => [key, key])), deep, { ['k'.repeat(2_000)]: [1] }, ...made];
}
