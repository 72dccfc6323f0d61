import { stringify } from 'yaml';
import type { OptionDoc } from '../src/config/values/option.ts';

/** The default of an option as a sentence to append to its description; empty if it has none. */
export function describeDefault(doc: OptionDoc): string {
  const value = formatDefault(doc);
  return value === '' ? '' : ` Default: ${value}.`;
}

/** The default of an option, with literal values in backticks; empty if it has none. */
export function formatDefault({ default: value, otherwise }: OptionDoc): string {
  return otherwise ?? (value === undefined ? '' : `\`${formatValue(value)}\``);
}

/** A value as it is written in YAML, on one line. */
export function formatValue(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false });
  return text.trim();
}
