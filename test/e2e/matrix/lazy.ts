import { lazy } from 'celery-beat';
import type { Row } from './row.ts';

/** Arguments that are computed for each occurrence. */
export const lazyRows: readonly Row[] = [
  {
    name: 'lazy args',
    entry: { task: 'matrix.see', args: lazy(({ entry, taskId }) => [entry, taskId.length, 1 + 1]) },
    runs: [{ args: ['lazy args', 36, 2] }],
  },
  {
    name: 'lazy values, nested',
    entry: { task: 'matrix.see', args: [[{ deep: lazy(({ entry }) => entry) }]] },
    runs: [{ args: [[{ deep: 'lazy values, nested' }]] }],
  },
  {
    name: 'lazy that answers with the instant',
    entry: { task: 'matrix.see', args: [lazy(({ dueAt }) => dueAt.toISOString())] },
    runs: [{ args: [/^20\d\d-.*Z$/] }],
  },
  {
    name: 'templates',
    entry: {
      task: 'matrix.see',
      args: ['{{dueAt | yyyy}}', '{{entry}}', '{{other}}'],
      kwargs: { by: { zone: '{{dueAt | ZZ | Asia/Kolkata}}' } },
    },
    runs: [{ args: [/^20\d\d$/, 'templates', '{{other}}'], kwargs: { by: { zone: '+05:30' } } }],
  },
  {
    name: 'template of an instant',
    entry: { task: 'matrix.see', args: ['{{dueAt}}'] },
    runs: [{ args: [/^20\d\d-.*Z$/] }],
  },
];
