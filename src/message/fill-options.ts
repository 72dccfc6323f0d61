import type { MessageOptions } from './message.ts';

/** Fills in the templates of a text. */
export type FillTemplates = (text: string) => string;

/** The options whose texts may hold templates: the others say where a message goes, or name what is fixed. */
export const FILLED = ['taskId', 'shadow', 'headers'] as const;

/** The options of one occurrence. */
export function filledOptions(options: MessageOptions, fill: FillTemplates): MessageOptions {
  const said = FILLED.filter((option) => options[option] !== undefined);
  if (said.length === 0) return options;
  const filled = said.map((option) => [option, filledValue(options[option], fill)]);
  return { ...options, ...(Object.fromEntries(filled) as MessageOptions) };
}

/** Names in maps stay as they are. */
function filledValue(value: unknown, fill: FillTemplates): unknown {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((item) => filledValue(item, fill));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filledValue(item, fill)]),
  );
}
