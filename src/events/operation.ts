/**
 * What beat attempts again until it works. Log, metrics and alerts take their labels from `kind` and the
 * other fields, which are stable.
 */
export type Operation =
  /** Acquire, renew or release the lock. */
  | { readonly kind: 'lock'; readonly action: 'acquire' | 'renew' | 'release' }
  /** Begin a term of leadership and run its first tick. */
  | { readonly kind: 'lead' }
  /** Commit a batch of runs. */
  | { readonly kind: 'commit' }
  /** Commit the run of one entry, which the store rejects although it can be reached. */
  | { readonly kind: 'commit-entry'; readonly entry: string }
  /** Read the stored state of an entry. */
  | { readonly kind: 'read-state'; readonly entry: string }
  /** Read the definition or the state of a stored entry. */
  | { readonly kind: 'read-definition'; readonly entry: string }
  /** Load the stored entries that are due soon. */
  | { readonly kind: 'load-entries' }
  /** Compute the next run of an entry. */
  | { readonly kind: 'schedule'; readonly entry: string }
  /** Compute a run and render its messages. */
  | { readonly kind: 'prepare'; readonly entry: string }
  /** Publish a message of an entry to its target, such as `queue "celery"`. */
  | { readonly kind: 'publish'; readonly entry: string; readonly target: string }
  /** Have workers end runs that newer ones replace. */
  | { readonly kind: 'cancel' }
  /** Read outcomes of runs from the result backend. */
  | { readonly kind: 'read-outcomes' }
  /** Decode the result of a run; the result of a later run may be readable. */
  | { readonly kind: 'read-result'; readonly entry: string }
  /** Receive the task events of workers. */
  | { readonly kind: 'receive-task-events' }
  /** Append outcomes, and runs that were withdrawn, to the history. */
  | { readonly kind: 'append-outcomes' }
  /** Register the sizes of chords with the result backend. */
  | { readonly kind: 'register-chords' }
  /** Read the command log, or apply a command. */
  | { readonly kind: 'commands' }
  /** Publish `task-sent` events. */
  | { readonly kind: 'task-events' }
  /** `beat worker`: receive messages. */
  | { readonly kind: 'receive' }
  /** `beat worker`: acknowledge a message whose command has ended, or return it to its queue. */
  | { readonly kind: 'acknowledge' }
  /** `beat worker`: store the result of a command. */
  | { readonly kind: 'store-result' }
  /** Run a listener of this event. */
  | { readonly kind: 'listener'; readonly event: string };

/**
 * A text that is equal for operations that fail and recover together. The entry of a publish is left out:
 * a target that works for one entry works for all.
 */
export function operationKey(operation: Operation): string {
  switch (operation.kind) {
    case 'lock':
      return `lock ${operation.action}`;
    case 'publish':
      return `publish ${operation.target}`;
    case 'listener':
      return `listener ${operation.event}`;
    case 'commit-entry':
    case 'read-state':
    case 'read-definition':
    case 'read-result':
    case 'schedule':
    case 'prepare':
      return `${operation.kind} ${operation.entry}`;
    default:
      return operation.kind;
  }
}
