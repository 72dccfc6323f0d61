import { queueAlerts } from '../../../../src/observe/alerts/alerts.ts';
import type { FunctionCall, HttpRequest } from '../../../../src/observe/alerts/requests.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import type { OutcomeEvent, SentEvent } from '../../../../src/contracts/events/beat-events.ts';
import { Events } from '../../../../src/contracts/events/events.ts';

export const NOON = Date.parse('2027-03-01T12:00:00Z');
export const TASK_ID = '0bd3a4c5-8d7e-5c39-8b0f-6a4f6a1f8a11';

export const sent = (more: Partial<SentEvent> = {}): SentEvent => ({
  entry: 'Pay Roll',
  task: 'tasks.pay',
  taskId: TASK_ID,
  queue: 'celery',
  cause: 'schedule',
  dueAt: NOON,
  sentAt: NOON + 20,
  term: 1,
  messages: [],
  ...more,
});

export const outcome = (state: string, more: Partial<OutcomeEvent> = {}): OutcomeEvent => ({
  entry: 'Pay Roll',
  task: 'tasks.pay',
  taskId: TASK_ID,
  dueAt: NOON,
  sentAt: NOON,
  doneAt: NOON,
  state,
  runtimeMs: null,
  worker: null,
  error: null,
  ...more,
});

/** Alerts of a configuration, with the requests that they would send. */
export function makeAlerts(alerts: BeatConfig['alerts'], more: BeatConfig = {}) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const pushed: HttpRequest[] = [];
  const called: FunctionCall[] = [];
  const state = { settings: resolveSettings({ alerts, ...more }) };
  const sendHeartbeats = queueAlerts(events, {
    settings: () => state.settings,
    delivery: { push: (request) => void ('call' in request ? called.push(request) : pushed.push(request)) },
    clock,
  });
  const bodies = () => pushed.map(({ body }) => JSON.parse(body!) as Record<string, unknown>);
  return { clock, events, pushed, called, state, sendHeartbeats, bodies };
}
