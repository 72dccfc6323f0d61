import { EventEmitter } from 'node:events';
import { type BeatEvents, type WarningKind, operationKey, type Operation } from './beat-events.ts';

/** A listener may be asynchronous: beat does not await it, and reports its rejection as a failure. */
export type Listener<K extends keyof BeatEvents> = (...payload: BeatEvents[K]) => unknown;

/** The source of events for log, metrics and users. */
export interface EventSource {
  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this;
}

/**
 * Emits the events of one instance. A listener that throws or rejects is reported as a failure and affects
 * neither the scheduler nor other listeners.
 */
export class Events implements EventSource {
  readonly #emitter = new EventEmitter();
  readonly #failing = new Set<string>();
  readonly #warnings = new Map<WarningKind, string>();

  on<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.on(name, listener);
    return this;
  }

  once<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.once(name, listener);
    return this;
  }

  off<K extends keyof BeatEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.off(name, listener);
    return this;
  }

  /** Emits `failure`, also for an operation that failed before, so that listeners can count. */
  reportFailure(operation: Operation, error: unknown): void {
    this.#failing.add(operationKey(operation));
    this.emit('failure', { operation, error });
  }

  /** Emits `recovered` if the operation failed before. */
  reportRecovery(operation: Operation): void {
    if (this.#failing.size === 0) return;
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
    const onError = (error: unknown) => {
      if (name === 'failure') return;
      this.emit('failure', { operation: { kind: 'listener', event: name }, error });
    };
    for (const listener of this.#emitter.rawListeners(name)) {
      try {
        const answer: unknown = Reflect.apply(listener, undefined, payload);
        if (answer instanceof Promise) answer.catch(onError);
      } catch (error) {
        onError(error);
      }
    }
  }
}
