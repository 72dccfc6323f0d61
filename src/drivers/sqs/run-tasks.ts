/** The most requests at a time: SQS answers each of them after some milliseconds. */
const CONCURRENCY = 8;

/** Runs tasks, some at a time, and starts no further one after a failure. Settles when none is running. */
export async function runTasks(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const left = tasks.values();
  let failure: { readonly error: unknown } | null = null;
  const work = async (): Promise<void> => {
    for (const task of left) {
      await task().catch((error: unknown) => {
        failure ??= { error };
      });
      if (failure) return;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const failed = failure as { readonly error: unknown } | null;
  if (failed) throw failed.error;
}
