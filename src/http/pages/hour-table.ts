import { html } from 'hono/html';
import { COUNTERS, type MinuteCounts } from '../../contracts/store/minutes.ts';
import type { PastDay } from '../past-day.ts';
import { thousands } from '../../util/thousands.ts';
import { formatInstant } from './format.ts';
import type { Html } from './layout.ts';

/** The same as the picture in numbers: a row for each hour with an occurrence, newest first. */
export function hourTable({ minutes }: PastDay, zone: string): Html {
  const hours = Map.groupBy(minutes, ({ at }) => formatInstant(at, zone).slice(0, 13));
  return html`<details id="hours">
    <summary class="small">By hour</summary>
    <div class="scroll">
      <table class="dense">
        <thead>
          <tr>
            <th scope="col">Hour (${zone})</th>
            ${COUNTERS.map((name) => html`<th scope="col" class="number">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${[...hours].toReversed().map(([hour, counts]) => line(`${hour}:00`, counts))}
        </tbody>
      </table>
    </div>
  </details>`;
}

function line(hour: string, minutes: readonly MinuteCounts[]): Html {
  return html`<tr>
    <th scope="row">${hour}</th>
    ${COUNTERS.map((name) => {
      const sum = minutes.reduce((all, counts) => all + counts[name], 0);
      return html`<td class="number">${sum === 0 ? '–' : thousands(sum)}</td>`;
    })}
  </tr>`;
}
