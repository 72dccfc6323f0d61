/** Waits until pending promises, and those that they start, have settled; no timer fires. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
