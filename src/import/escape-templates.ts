/** What beat would replace for each run, as in `{{dueAt}}` or `{{ entry }}`. */
const TEMPLATE = /\{\{(?=\s*(?:dueAt|entry)\b)/g;

/** The same value with a backslash before texts that beat would read as templates, which Celery does not have. */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(TEMPLATE, String.raw`\{{`);
  if (Array.isArray(value)) return value.map(escapeTemplates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, escapeTemplates(inner)]),
  );
}
