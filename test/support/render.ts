import type { Frame, Html } from '../../src/http/pages/layout.ts';

/** The frame of a page that a reader without a session opens. */
export function makeFrame(parts: Partial<Frame> = {}): Frame {
  return {
    now: Date.parse('2027-03-01T12:00:00Z'),
    zone: 'UTC',
    path: '/',
    place: '/',
    leader: 'beat-1:4711',
    mayChange: false,
    hasSession: false,
    canLogIn: false,
    version: '1.2.3',
    ...parts,
  };
}

/** The text of a page without its tags. */
export function textOf(page: string): string {
  return page
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Renders markup with one space in place of each run of white space. */
export async function render(markup: Html | string): Promise<string> {
  return (await markup).toString().replaceAll(/\s+/g, ' ');
}
