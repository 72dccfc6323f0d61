import { Worker } from 'node:worker_threads';

/** A time in which the machine ran no thread of this process, measured by a thread with one timer. Milliseconds. */
export interface Lag {
  /** When it ended, epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
}

/** Longer than the timer's own inaccuracy. Milliseconds. */
const SHORTEST = 10;
const INTERVAL = 5;

const PROGRAM = `
  const { parentPort } = require('node:worker_threads');
  let expected = performance.now() + ${INTERVAL};
  setInterval(() => {
    const now = performance.now();
    if (now - expected >= ${SHORTEST}) parentPort.postMessage({ at: Date.now(), ms: now - expected });
    expected = now + ${INTERVAL};
  }, ${INTERVAL});
`;

/** Measures how long the machine itself delays a thread: other programs may use its processors. */
export class MachineLag implements AsyncDisposable {
  readonly lags: Lag[] = [];
  readonly #worker = new Worker(PROGRAM, { eval: true });

  constructor() {
    this.#worker.on('message', (lag: Lag) => this.lags.push(lag));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
