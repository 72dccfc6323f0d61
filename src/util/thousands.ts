/** A whole number from 0 on with commas: `10,000`. Written here, because the first use of `Intl` takes 10 ms and more. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
