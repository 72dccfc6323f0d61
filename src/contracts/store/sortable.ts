/** The earliest instant that a `Date` can hold. */
const EARLIEST = -8_640_000_000_000_000;

/** Digits that sort in the order of the instants, also before 1970. */
export function sortableInstant(instant: number): string {
  return sortableNumber(instant - EARLIEST, 17);
}

export function parseSortableInstant(digits: string): number {
  return Number(digits) + EARLIEST;
}

/** As `sortableInstant`; `never`, which sorts after all digits, for `null`. */
export function sortableDue(dueAt: number | null): string {
  return dueAt === null ? 'never' : sortableInstant(dueAt);
}

/** Digits that sort in the order of the numbers, which must be integers from 0 on. */
export function sortableNumber(number: number, count: number): string {
  return String(number).padStart(count, '0');
}
