import { vi } from 'vitest';

/** Gives `take` each text written to a stream of this process, in place of writing it. */
export function captureWrites(name: 'stdout' | 'stderr', take: (text: string) => void) {
  return vi.spyOn(process[name], 'write').mockImplementation((text, ...rest) => {
    take(String(text));
    const written = rest.at(-1) as unknown as (() => void) | undefined;
    written?.();
    return true;
  });
}
