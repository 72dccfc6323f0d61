import type { Beat } from '../../src/leader/beat.ts';

/** Lets an instance lead for one tick. */
export async function leadOnce(beat: Beat): Promise<void> {
  const ticked = new Promise<void>((resolve) => {
    beat.once('tick', () => {
      resolve();
    });
  });
  await beat.start();
  await ticked;
  await beat.stop();
}
