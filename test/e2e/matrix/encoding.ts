import { date, datetime, decimal, time, uuid } from 'celery-beat';
import type { Cell, Row } from './row.ts';

const see = { task: 'matrix.see' };
const ARGS = [1, 2.5, 'tøy 🎺', null, true, { deep: [[]] }];

/** kombu decodes typed values since 5.3; older workers pass them on as written. */
const TYPED = {
  new: [
    { datetime: '2030-01-31 12:30:00.000001+02:00' },
    { datetime: '2030-01-31 00:00:00+00:00' },
    { date: '2030-01-31' },
    { time: '12:30:00' },
    { UUID: 'c7bbb4a2-1e18-43b0-8eb9-d09113fc7155' },
    { Decimal: '1.50' },
    { bytes: 'AP8=' },
  ],
  old: [
    { __type__: 'datetime', __value__: '2030-01-31T12:30:00.000001+02:00' },
    { __type__: 'datetime', __value__: '2030-01-31T00:00:00+00:00' },
    { __type__: 'date', __value__: '2030-01-31' },
    { __type__: 'time', __value__: '12:30:00' },
    { __type__: 'uuid', __value__: { hex: 'c7bbb4a21e1843b08eb9d09113fc7155' } },
    { __type__: 'decimal', __value__: '1.50' },
    { __type__: 'base64', __value__: 'AP8=' },
  ],
};

const MIME = {
  json: ['application/json', 'utf-8'],
  yaml: ['application/x-yaml', 'utf-8'],
  msgpack: ['application/x-msgpack', 'binary'],
} as const;

const COMPRESSIONS = {
  zlib: 'application/x-gzip',
  gzip: 'application/x-gzip',
  lzma: 'application/x-lzma',
  xz: 'application/x-lzma',
  brotli: 'application/x-brotli',
  zstd: 'application/zstd',
} as const;

const serializers = Object.entries(MIME).map(([serializer, [contentType, contentEncoding]]): Row => {
  return {
    name: `serializer ${serializer}`,
    entry: { ...see, args: ARGS, options: { serializer: serializer as keyof typeof MIME } },
    runs: [{ args: ARGS, contentType, contentEncoding, returned: 'seen' }],
    result: 'seen',
  };
});

const compressions = Object.entries(COMPRESSIONS).map(([compression, header]): Row => {
  return {
    name: `compression ${compression}`,
    entry: { ...see, args: ARGS, options: { compression: compression as keyof typeof COMPRESSIONS } },
    runs: [{ args: ARGS, headers: { compression: header }, contentType: 'application/json' }],
  };
});

export const encodingRows: readonly Row[] = [
  ...serializers,
  ...compressions,
  {
    name: 'serializer msgpack, compressed with zstd',
    entry: { ...see, args: ARGS, options: { serializer: 'msgpack', compression: 'zstd' } },
    runs: [{ args: ARGS, contentType: 'application/x-msgpack' }],
  },
  {
    name: 'values of types that JSON has not',
    entry: {
      ...see,
      args: [
        ...[datetime('2030-01-31T12:30:00.000001+02:00'), new Date('2030-01-31T00:00:00Z')],
        ...[date('2030-01-31'), time('12:30'), uuid('c7bbb4a2-1e18-43b0-8eb9-d09113fc7155')],
        ...[decimal('1.50'), new Uint8Array([0, 255])],
      ],
    },
    runs: ({ celery }: Cell) => [{ args: TYPED[celery] }],
  },
  {
    name: 'serializer and compression of the settings',
    entry: { ...see, args: ARGS },
    settings: 'yaml',
    runs: [{ args: ARGS, contentType: 'application/x-yaml', headers: { compression: 'application/x-gzip' } }],
  },
  {
    name: 'serializer and compression that the entry says otherwise',
    entry: { ...see, args: ARGS, options: { serializer: 'json', compression: 'brotli' } },
    settings: 'yaml',
    runs: [{ args: ARGS, contentType: 'application/json', headers: { compression: 'application/x-brotli' } }],
  },
  {
    name: 'protocol 1',
    entry: { ...see, args: ARGS, options: { countdown: 0.25, expires: 3600, timeLimit: 9 } },
    settings: 'protocol 1',
    runs: [{ args: ARGS, returned: 'seen', timelimit: [9, null], etaIn: 250, expiresIn: 3.6e6 }],
    result: 'seen',
  },
];
