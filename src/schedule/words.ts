/** From Monday, as in Python and in recurrence rules. */
export const WEEKDAY_NAMES: readonly string[] = [
  ...['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
];

export const MONTH_NAMES: readonly string[] = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
];

/** `1st`, `22nd`, `113th`. */
export function ordinal(number: number): string {
  const teens = number % 100 > 10 && number % 100 < 20;
  const ending = teens ? undefined : ['th', 'st', 'nd', 'rd'][number % 10];
  return `${number}${ending ?? 'th'}`;
}

/** `a, b and c`. */
export function listed(texts: readonly string[], conjunction = 'and'): string {
  const last = texts.at(-1) ?? '';
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
