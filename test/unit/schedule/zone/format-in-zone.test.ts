import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { formatInZone, formatLocal } from '../../../../src/schedule/zone/format-in-zone.ts';

const ZONES = ['UTC', 'Europe/Oslo', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Monrovia', 'Etc/GMT+12'];
const EDGES = [
  0, -1, 1, 1_234_567_890_123, -1e12, -3e12, 1_774_745_999_999, 1_774_746_000_000, 253_402_300_799_999, 9e12,
];
const YEARS = Array.from({ length: 100 }, (_, i) => 1_600_000_000_000 + i * 291_168_000);

test.each(ZONES)('format in zone: luxon formats the same instants in %s the same way', (zone) => {
  for (const at of [...EDGES, ...YEARS]) {
    const local = DateTime.fromMillis(at, { zone });
    const fraction = at % 1_000 === 0 ? '' : '.SSS';
    expect(formatInZone(at, zone)).toBe(`${local.toFormat(`yyyy-MM-dd HH:mm:ss${fraction} ZZ`)} ${zone}`);
    expect(formatLocal(at, zone)).toBe(local.toFormat(`yyyy-MM-dd'T'HH:mm:ss${fraction}`));
  }
});
