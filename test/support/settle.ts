/** Lets everything that can go on without time passing go on: promises, and what they start. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
