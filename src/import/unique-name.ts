/** The name itself, or with the first number from 2 that makes it unique: `backup-2`. */
export function uniqueName(name: string, isTaken: (name: string) => boolean): string {
  let unique = name;
  for (let number = 2; isTaken(unique); number += 1) unique = `${name}-${number}`;
  return unique;
}
