import { expect, test } from 'vitest';
import { addRecord, encodeRecord, type LedgerRecord } from '../../../src/store/ledger.ts';
import { makeRecord } from '../../support/entry.ts';

const RECORD = makeRecord({ dueAt: 1, sentAt: 2, taskId: 'id' });

test.each([
  ...['spec', 'anchor', 'dueAt', 'sentAt', 'taskId', 'runCount'].map((field) => [field, true]),
  ...['anchor', 'runCount'].map((field) => [field, null]),
] as [keyof LedgerRecord, unknown][])(
  'a ledger record whose %s is %j cannot be read',
  (field, value) => {
    const text = encodeRecord({ ...RECORD, [field]: value });
    const records = new Map<string, LedgerRecord>();
    expect(() => addRecord(records, 'cleanup', text)).toThrow(
      'the record of entry "cleanup" cannot be read: ',
    );
    expect(records.size).toBe(0);
  },
);

test.each(['spec', 'dueAt', 'sentAt', 'taskId'] as const)(
  'a ledger record whose %s is null can be read',
  (field) => {
    const record = { ...RECORD, [field]: null };
    const records = new Map<string, LedgerRecord>();
    addRecord(records, 'cleanup', encodeRecord(record));
    expect(records.get('cleanup')).toEqual(record);
  },
);
