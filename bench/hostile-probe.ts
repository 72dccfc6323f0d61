// Loaded into the process under test by --import: writes how late its timers are, which is how long its main thread
// was blocked. One line per block: when it ended (epoch milliseconds), and its length in milliseconds.
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const INTERVAL = 5;
const SHORTEST = 15;

const file = process.env['BENCH_PROBE'];
if (isMainThread && file !== undefined) {
  let expected = performance.now() + INTERVAL;
  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - expected;
    expected = now + INTERVAL;
    if (late >= SHORTEST) appendFileSync(file, `${Date.now()} ${Math.round(late)}\n`);
  }, INTERVAL);
  timer.unref();
}
