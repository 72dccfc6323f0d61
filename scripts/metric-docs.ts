// Renders the reference of docs/metrics.md from src/observe/metrics/definitions.ts.
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { METRICS, type MetricDefinition } from '../src/observe/metrics/definitions.ts';

const [START, END] = ['<!-- reference: npm run docs -->', '<!-- end of reference -->'];

/** Returns the page with its reference rendered again. */
export async function withMetricReference(page: string): Promise<string> {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/metrics.md: expected ${START} and ${END}`);
  }
  const text = [before, START, '\n\n', renderTable(), '\n\n', END, after].join('');
  const style = await resolveConfig(fileURLToPath(new URL('../docs/metrics.md', import.meta.url)));
  return format(text, { ...style, parser: 'markdown' });
}

function renderTable(): string {
  const rows = Object.entries<MetricDefinition>(METRICS).map(([name, definition]) => {
    const labels = Object.keys(definition.labels ?? {})
      .map((label) => `\`${label}\``)
      .join(', ');
    return `| \`${name}\` | ${definition.type} | ${labels} | ${definition.help} |`;
  });
  return ['| metric | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
