import { quote } from '../../../schedule/text.ts';
import { IcsError } from './problem.ts';

/** A property as it is written, such as `DTSTART;VALUE=DATE:20301224`, without the folding of long lines. */
export interface ContentLine {
  /** From 1. */
  readonly line: number;
  /** In upper case. */
  readonly name: string;
  readonly text: string;
}

/** What is between a `BEGIN` and its `END`. */
export interface Component {
  /** In upper case, such as `VEVENT`. */
  readonly name: string;
  readonly line: number;
  readonly properties: readonly ContentLine[];
  readonly components: readonly Component[];
}

/** Splits an iCalendar file (RFC 5545) into its components. Throws an `IcsError` for text that is not one. */
export function parseComponents(text: string): readonly Component[] {
  const root = open('', 1);
  const stack = [root];
  for (const content of unfold(text)) {
    const { line, name } = content;
    const current = stack.at(-1)!;
    const value = content.text
      .slice(name.length + 1)
      .trim()
      .toUpperCase();
    if (name === 'BEGIN') {
      const component = open(value, line);
      current.components.push(component);
      stack.push(component);
    } else if (name === 'END') {
      if (stack.length === 1 || current.name !== value) {
        throw new IcsError(line, `END:${value} without BEGIN:${value}`);
      }
      stack.pop();
    } else if (stack.length === 1) {
      throw new IcsError(
        line,
        `is not a calendar file: expected BEGIN:VCALENDAR, got ${quote(content.text)}`,
      );
    } else current.properties.push(content);
  }
  const { name, line } = stack.at(-1)!;
  if (stack.length > 1)
    throw new IcsError(line, `BEGIN:${name} without END:${name}; is the file complete?`);
  if (root.components.length === 0)
    throw new IcsError(1, 'is empty; a calendar file begins with BEGIN:VCALENDAR');
  return root.components;
}

interface OpenComponent extends Component {
  readonly properties: ContentLine[];
  readonly components: Component[];
}

function open(name: string, line: number): OpenComponent {
  return { name, line, properties: [], components: [] };
}

/** A line that begins with a blank continues the one before. */
function* unfold(text: string): Generator<ContentLine> {
  let current: { line: number; text: string } | undefined;
  for (const [i, each] of text.split(/\r\n|\n|\r/).entries()) {
    if (/^[ \t]/.test(each) && current) current.text += each.slice(1);
    else {
      if (current) yield toContent(current);
      current = each.trim() === '' ? undefined : { line: i + 1, text: each };
    }
  }
  if (current) yield toContent(current);
}

function toContent({ line, text }: { readonly line: number; readonly text: string }): ContentLine {
  const [, name] = /^([\w-]+)[:;]/.exec(text) ?? [];
  if (name !== undefined) return { line, name: name.toUpperCase(), text };
  throw new IcsError(line, `is not a line of a calendar file: ${quote(text)}`);
}
