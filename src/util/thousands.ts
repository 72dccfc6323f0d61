/** A whole number with commas: `10,000`. */
export function thousands(count: number): string {
  return count.toLocaleString('en-US');
}
