import type { MessageOptions } from './message.ts';

/** Renders the templates of a text. */
export type RenderTemplates = (text: string) => string;

/** The options that may contain templates. All others determine the destination or have fixed values. */
export const RENDERED_OPTIONS = ['taskId', 'shadow', 'headers'] as const;

/** Renders the options of one occurrence. */
export function renderOptions(options: MessageOptions, render: RenderTemplates): MessageOptions {
  const present = RENDERED_OPTIONS.filter((option) => options[option] !== undefined);
  if (present.length === 0) return options;
  const filled = present.map((option) => [option, renderValue(options[option], render)]);
  return { ...options, ...(Object.fromEntries(filled) as MessageOptions) };
}

/** Keys of maps are not rendered. */
function renderValue(value: unknown, render: RenderTemplates): unknown {
  if (typeof value === 'string') return render(value);
  if (Array.isArray(value)) return value.map((item) => renderValue(item, render));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, renderValue(item, render)]),
  );
}
