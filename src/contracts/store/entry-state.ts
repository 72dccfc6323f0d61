import type { SkipReason } from '../../celery/message/skip-reasons.ts';
import { parseJson } from '../../util/decode/json.ts';
import { StoreError } from '../../util/errors.ts';
import {
  isCount,
  isInstant,
  isText,
  listOf,
  mapOf,
  optional,
  orNull,
  type Check,
  type Checked,
} from './record-fields.ts';

/** The version of the state's format that this release writes. */
const VERSION = 1;

const isVersion: Check<number> = (value): value is number => isCount(value) && value !== 0;

/** A published run without an outcome. Epoch milliseconds. */
export type RunningRun = Checked<typeof isRunningRun>;
const isRunningRun = mapOf({ taskId: isText, dueAt: isInstant, sentAt: isInstant });

/** A skipped occurrence, and why. Epoch milliseconds. */
export type LastSkip = Checked<typeof isLastSkip>;
const isLastSkip = mapOf({ dueAt: isInstant, reason: isText as Check<SkipReason> });

/** A pause of an entry. Instants are epoch milliseconds. */
export type Pause = Checked<typeof isPause>;
const isPause = mapOf({
  since: isInstant,
  /** When it ends; `null` if only a `resume` ends it. */
  until: orNull(isInstant),
  reason: orNull(isText),
  by: isText,
});

/**
 * The persisted state of an entry, from which its next occurrence is computed, never from "now". A state that was
 * read also contains the fields that this release does not know. Only `advance` derives a state from another: it
 * copies these fields.
 */
export type EntryState = Checked<typeof isState>;
const isState = mapOf({
  /** The newest format that the state was written in. */
  version: isVersion,
  /** Grows with each commit, so that no two states of an entry are equal. */
  rev: isVersion,
  /**
   * The schedule's `spec` at the time of writing: a different one now means that it was edited.
   * `null` while the entry is not scheduled (disabled, or gone from the configuration).
   */
  spec: orNull(isText),
  /** The instant after which the first occurrence is computed. Epoch milliseconds. */
  anchor: isInstant,
  /** The newest occurrence that was published or skipped. Epoch milliseconds; `null` before the first. */
  dueAt: orNull(isInstant),
  /** When the last run was published. Epoch milliseconds; `null` before the first. */
  sentAt: orNull(isInstant),
  taskId: orNull(isText),
  /** How many runs have been published, over all edits of the schedule. */
  runCount: isCount,
  pause: optional(isPause),
  /** Instants of occurrences to come that are skipped, ascending. Epoch milliseconds; absent for none. */
  skip: optional(listOf(isInstant)),
  /** Absent unless the newest occurrence that the leader dealt with was skipped, and nothing was published since. */
  lastSkip: optional(isLastSkip),
  /** Runs without an outcome, oldest first, if runs of the entry must not overlap; absent for none. */
  running: optional(listOf(isRunningRun)),
  /** A backfill that is partly published; absent for none. */
  backfill: optional(
    mapOf({
      command: isText,
      /** The instant of the first occurrence that was not published. Epoch milliseconds. */
      next: isInstant,
      published: isCount,
    }),
  ),
});

/** Called with a state that cannot be read: edited by hand, damaged, or of a format that is not compatible. */
export type OnUnreadable = (entry: string, error: StoreError) => void;

export function newState(spec: string | null, anchor: number): EntryState {
  return { version: VERSION, rev: 1, spec, anchor, dueAt: null, sentAt: null, taskId: null, runCount: 0 };
}

/** Derives the next state: with changes, the next `rev`, and all fields that this release does not know. */
export function advance(state: EntryState, changes: Partial<Omit<EntryState, 'version' | 'rev'>>): EntryState {
  const version = Math.max(VERSION, state.version);
  return { ...state, ...changes, version, rev: state.rev + 1 };
}

export function encodeState(state: EntryState): string {
  return JSON.stringify(state);
}

/** How the text of a state begins, up to its `rev`: no two states of an entry begin alike, so stores compare this. */
export function beginningOf(state: EntryState): string {
  const [first, second] = Object.keys(state);
  // A later release may have written another order.
  if (first !== 'version' || second !== 'rev') return encodeState(state);
  return `{"version":${state.version},"rev":${state.rev},`;
}

/**
 * The inverse of `encodeState`. Throws a `StoreError` with the entry's name when the text is not a state, or when
 * this release would encode it differently: every commit would then conflict.
 */
export function decodeState(entry: string, text: string): EntryState {
  let cause: unknown;
  try {
    const value = parseJson(text);
    if (isState(value) && encodeState(value) === text) return value;
  } catch (error) {
    cause = error;
  }
  const found = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new StoreError(`the state of entry ${JSON.stringify(entry)} cannot be read: ${found}`, { cause });
}

/** Decodes a state and adds it to the map, or reports that it is unreadable; throws without `unreadable`. */
export function addState(states: Map<string, EntryState>, entry: string, text: string, unreadable?: OnUnreadable) {
  try {
    states.set(entry, decodeState(entry, text));
  } catch (error) {
    if (!unreadable || !(error instanceof StoreError)) throw error;
    unreadable(entry, error);
  }
}
