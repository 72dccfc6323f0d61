import { html } from 'hono/html';
import type { Html } from './layout.ts';

export interface Bar {
  readonly value: number | null;
  readonly kind: 'run' | 'run failed' | 'run waiting' | 'gap';
  readonly title: string;
}

/** A bar per run, oldest first. A run without a value has a short outline. */
export function runChart(
  title: string,
  given: readonly Bar[],
  format: (value: number) => string,
): Html {
  const known = given.flatMap(({ value }) => value ?? []);
  const most = Math.max(1, ...known);
  const words =
    known.length === 0
      ? `${title}: not known for these runs`
      : `${title} of ${given.length} runs: at most ${format(most)}, at last ${format(known.at(-1)!)}`;
  const width = 12;
  return html`<figure class="chart history">
    <h2>
      ${title}${known.length > 0 ? html` <span class="small">up to ${format(most)}</span>` : ''}
    </h2>
    <svg
      viewBox="0 0 ${Math.max(given.length, 40) * width} 120"
      preserveAspectRatio="none"
      role="img"
      aria-label="${words}"
    >
      ${given.map(({ value, kind, title: text }, i) => {
        const height = value === null ? 2 : Math.max(2, (value / most) * 116);
        return html`<rect
          class="${value === null ? 'gap' : kind}"
          x="${i * width + 1}"
          y="${120 - height}"
          width="${width - 2}"
          height="${height}"
          ><title>${text}</title></rect
        >`;
      })}
    </svg>
  </figure>`;
}
