/** Colors for both color schemes, chosen so that they also differ for color-blind readers and in print. */
export const STYLE = `
  :root { --paper: #ffffff; --ink: #1f2937; --soft: #6b7280; --grid: #e5e7eb; --mark: #9ca3af;
    --c0: #0f766e; --c1: #b45309; --c2: #4f46e5; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9aa4af; --grid: #262d36;
    --mark: #58616c; --c0: #2dd4bf; --c1: #fbbf24; --c2: #a5b4fc; } }
  text { fill: var(--ink); font: 12px ui-sans-serif, system-ui, Helvetica, Arial, sans-serif; }
  .head { font-size: 17px; font-weight: 600; } .title { font-size: 13px; font-weight: 600; } .soft { fill: var(--soft); }
  .tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
  .end { text-anchor: end; } .middle { text-anchor: middle; }
  .paper { fill: var(--paper); } .grid { stroke: var(--grid); } .axis { stroke: var(--mark); }
  .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
  .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
  .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .other { fill: var(--mark); }`;

/** The whole drawing; `label` describes it for screen readers. */
export function drawSvg(width: number, height: number, label: string, parts: readonly string[], style = ''): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label)}">
<style>${STYLE}${style}
</style>
<rect class="paper" width="${width}" height="${height}" rx="10"/>
${parts.join('\n')}
</svg>
`;
}

export function drawText(x: number, y: number, text: string, className: string): string {
  return `<text x="${round(x)}" y="${round(y)}" class="${className}">${escape(text)}</text>`;
}

export function drawLine(from: readonly [number, number], to: readonly [number, number], className: string): string {
  const [x1, y1, x2, y2] = [...from, ...to].map(round);
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${className}"/>`;
}

/** Round values from 0 to at least `most`: 0, 20, 40, 60. */
export function makeTicks(most: number, wanted = 4): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!;
  const last = Math.ceil(most / step - 1e-9);
  return Array.from({ length: last + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Powers of ten that include all values. */
export function makeLogTicks(least: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return Array.from({ length: Math.max(1, to - from) + 1 }, (_, i) => 10 ** (from + i));
}

const TICK = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

export function formatTick(value: number): string {
  return TICK.format(value);
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
