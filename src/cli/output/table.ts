import { DateTime } from 'luxon';

/** Formats rows under a heading, in columns as wide as their widest cell. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Formats an instant as `2026-11-21 08:00:00 +01:00 Europe/Oslo`: local time, offset and zone. */
export function formatInZone(at: number, zone: string): string {
  const local = DateTime.fromMillis(at, { zone });
  const fraction = at % 1000 === 0 ? '' : '.SSS';
  return `${local.toFormat(`yyyy-MM-dd HH:mm:ss${fraction} ZZ`)} ${zone}`;
}
