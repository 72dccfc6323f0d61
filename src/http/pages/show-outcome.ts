import { html } from 'hono/html';
import { formatDuration } from '../../util/format-duration.ts';
import { describeOutcome } from './describe-run.ts';
import type { Html } from './layout.ts';

/** How a task ended: with its runtime (milliseconds), its worker, further details, and its error. */
export function showOutcome(
  {
    state,
    runtimeMs,
    worker,
    error,
  }: {
    readonly state: string;
    readonly runtimeMs: number | null;
    readonly worker: string | null;
    readonly error: string | null;
  },
  more: readonly string[],
): Html {
  const { kind, sign, words } = describeOutcome(state);
  const details = [
    ...(runtimeMs === null ? [] : [`in ${formatDuration(runtimeMs)}`]),
    ...(worker === null ? [] : [`on ${worker}`]),
    ...more,
  ];
  return html`<span class="outcome ${kind}">${sign} ${words}</span
    ><span class="muted">${details.join(', ')}</span>
    ${error !== null && html`<div class="reason">${error.slice(0, 1_000)}</div>`}`;
}
