import { type BeatEvents, type WarningKind, operationKey, type Operation } from './beat-events.ts';

/** A listener may be asynchronous: beat does not await it, and reports its rejection as a failure. */
export type Listener<K extends keyof BeatEvents> = (...payload: BeatEvents[K]) => unknown;

/** The source of events for log, metrics and users. */
export interface EventSource {
  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
}

interface Added<K extends keyof BeatEvents> {
  readonly listener: Listener<K>;
  readonly isOnce: boolean;
}

/** Emits events. A listener that throws or rejects is reported as a failure, and affects no other listener. */
export class Events implements EventSource {
  /** Lists are replaced, not changed: a listener may remove itself during an event. */
  readonly #listeners = new Map<keyof BeatEvents, readonly Added<never>[]>();
  readonly #failing = new Set<string>();
  readonly #warnings = new Map<WarningKind, string>();

  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    return this.#add(name, { listener, isOnce: false });
  }

  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    return this.#add(name, { listener, isOnce: true });
  }

  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#listeners.set(name, this.#listeners.get(name)?.filter((added) => added.listener !== listener) ?? []);
    return this;
  }

  /** Whether an operation failed, and has not succeeded since. */
  get hasFailure(): boolean {
    return this.#failing.size > 0;
  }

  /** Emits `failure`, also for an operation that failed before, so that listeners can count. */
  reportFailure(operation: Operation, error: unknown): void {
    this.#failing.add(operationKey(operation));
    this.emit('failure', { operation, error });
  }

  /** Emits `recovered` if the operation failed before. */
  reportRecovery(operation: Operation): void {
    if (!this.hasFailure) return;
    if (this.#failing.delete(operationKey(operation))) this.emit('recovered', { operation });
  }

  /** Emits `warning` when the condition begins or its message changes, and with `null` when it ends. */
  warn(kind: WarningKind, message: string | null): void {
    if ((this.#warnings.get(kind) ?? null) === message) return;
    if (message === null) this.#warnings.delete(kind);
    else this.#warnings.set(kind, message);
    this.emit('warning', { kind, message });
  }

  emit<K extends keyof BeatEvents>(name: K, ...payload: BeatEvents[K]): void {
    for (const { listener, isOnce } of (this.#listeners.get(name) ?? []) as readonly Added<K>[]) {
      if (isOnce) this.off(name, listener);
      try {
        const answer = listener(...payload);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#reportListener(name, error));
      } catch (error) {
        this.#reportListener(name, error);
      }
    }
  }

  #add<K extends keyof BeatEvents>(name: K, added: Added<K>): this {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), added]);
    return this;
  }

  #reportListener(event: keyof BeatEvents, error: unknown): void {
    if (event !== 'failure') this.emit('failure', { operation: { kind: 'listener', event }, error });
  }
}
