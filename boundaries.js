// The architecture as data: which folder of src may import which, and which code is pure. The rules of
// ESLint and of dependency-cruiser are made from these two lists.

/** The folders of src, lowest first. A folder imports only folders above it in this list. */
export const LAYERS = [
  'util',
  'schedule',
  'message',
  'canvas',
  'routing',
  'broker',
  'catalog',
  'compose',
  'events',
  'store',
  'scheduling',
  'outbox',
  'drivers',
  'config',
  'observe',
];

/** Folders and files without clock, I/O, randomness or `async`. They import only one another. */
export const PURE = [
  'schedule/',
  'message/',
  'canvas/',
  'routing/',
  'catalog/',
  'compose/',
  'broker/envelope.ts',
  'broker/kombu.ts',
  'broker/url-list.ts',
  'broker/url-parameters.ts',
  'drivers/table.ts',
  'events/beat-events.ts',
  'events/operation.ts',
  'scheduling/agenda.ts',
  'scheduling/plan.ts',
  'scheduling/planned-change.ts',
  'scheduling/preview.ts',
  'store/commit.ts',
  'store/entry-state.ts',
  'util/did-you-mean.ts',
  'util/errors.ts',
  'util/mask.ts',
  'util/memoize.ts',
  'util/on-demand.ts',
  'util/diagnostic.ts',
  'util/promise.ts',
];
