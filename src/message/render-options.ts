import type { MessageOptions } from './message.ts';

/** Fills in the templates of a text. */
export type RenderTemplates = (text: string) => string;

/** The options whose texts may hold templates: the others say where a message goes, or name what is fixed. */
export const RENDERED_OPTIONS = ['taskId', 'shadow', 'headers'] as const;

/** The options of one occurrence. */
export function renderOptions(options: MessageOptions, render: RenderTemplates): MessageOptions {
  const said = RENDERED_OPTIONS.filter((option) => options[option] !== undefined);
  if (said.length === 0) return options;
  const filled = said.map((option) => [option, renderValue(options[option], render)]);
  return { ...options, ...(Object.fromEntries(filled) as MessageOptions) };
}

/** Names in maps stay as they are. */
function renderValue(value: unknown, render: RenderTemplates): unknown {
  if (typeof value === 'string') return render(value);
  if (Array.isArray(value)) return value.map((item) => renderValue(item, render));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, renderValue(item, render)]),
  );
}
