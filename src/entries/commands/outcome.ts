import type { Entry } from '../catalog/entry.ts';
import type { Decision } from '../planning/decide.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';

/** An entry with its state, when a command is applied to it. */
export interface Target {
  readonly entry: Entry;
  readonly state: EntryState;
}

export interface Applied extends Decision {
  readonly kind: 'applied';
  /** The answer that the sender sees, one sentence. */
  readonly answer: string;
  /** Whether this is a part of the effect: the command is then applied again, to the state after it. */
  readonly isPart: boolean;
}

/** A command without an effect, and why. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: string;
}

/** Creates an effect, which publishes and skips nothing unless `parts` say otherwise. */
export function applied(
  { entry, state }: Target,
  answer: string,
  parts: Partial<Pick<Applied, 'runs' | 'causeOf' | 'skipped' | 'changes' | 'isPart'>>,
): Applied {
  return {
    kind: 'applied',
    entry,
    before: state,
    answer,
    isPart: false,
    runs: [],
    causeOf: () => 'manual',
    skipped: [],
    changes: {},
    ...parts,
  };
}

export function rejected(reason: string): Rejected {
  return { kind: 'rejected', reason };
}
