/**
 * What happens to an occurrence that is due while an earlier run of its entry has no outcome: `allow` publishes it,
 * `skip` skips it, `queue` publishes it when the run has ended, `cancel` ends the run and publishes it.
 */
export type OverlapPolicy = 'allow' | 'skip' | 'queue' | 'cancel';

/** How long a run without an outcome counts as running, unless its entry says otherwise. Milliseconds. */
const DEFAULT_MAX_RUNTIME = 24 * 3_600_000;

/** Whether runs of the entry must not overlap, so that its state contains those that are running. */
export function limitsOverlap({
  overlap = 'allow',
}: {
  readonly overlap?: OverlapPolicy;
}): boolean {
  return overlap !== 'allow';
}

/** When a run that was published at `sentAt` no longer counts as running. Epoch milliseconds. */
export function endsBy(
  { maxRuntime = DEFAULT_MAX_RUNTIME }: { readonly maxRuntime?: number },
  sentAt: number,
): number {
  return sentAt + maxRuntime;
}
