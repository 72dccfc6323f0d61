import type { Entry } from '../../catalog/entry.ts';
import { RENDERED_OPTIONS } from '../../message/render-options.ts';
import { hasTemplate, compileTemplate, type RenderText } from '../../message/template.ts';
import type { Path, Report } from '../validate.ts';
import { isMap } from '../keys/normalize-keys.ts';

const AS_IT_STANDS =
  'sent as it stands: templates are filled in in the values of args, kwargs, headers, taskId and shadow';

/** Where templates stand in one entry and its signatures, beside their arguments. */
export class OptionTemplates {
  readonly #zone: string;
  readonly #known = new Map<string, RenderText | null>();
  /** Headers may contain themselves, which is told elsewhere. */
  readonly #seen = new WeakSet<object>();
  #some = false;

  /** `zone` is an IANA name: of dates with a format. */
  constructor(zone: string) {
    this.#zone = zone;
  }

  /**
   * Looks into the options of a task, whose names are canonical, and the names of its arguments. Reports what
   * is wrong with a template, and remarks on such as nobody fills in.
   */
  read({ options, kwargs }: Readonly<Record<string, unknown>>, report: Report, warn: Report) {
    this.#inNames(kwargs, ['kwargs'], warn);
    if (!isMap(options)) return;
    this.#inNames(options['headers'], ['options', 'headers'], warn);
    for (const [option, value] of Object.entries(options)) {
      const path = ['options', option];
      if (RENDERED_OPTIONS.some((each) => each === option)) this.#inValue(value, path, report);
      else if (typeof value === 'string' && hasTemplate(value)) warn(path, AS_IT_STANDS);
    }
  }

  /** Fills in those of an occurrence; `undefined` where there are none. */
  get render(): Entry['render'] {
    if (!this.#some) return undefined;
    return (text, context) => this.#of(text)?.(context) ?? text;
  }

  #inValue(value: unknown, path: Path, report: Report): void {
    if (typeof value === 'string') {
      try {
        // Every text is parsed, also after the first template: parsing is what finds the mistakes.
        const render = this.#of(value);
        this.#some ||= render !== null;
      } catch (error) {
        report(path, (error as Error).message);
      }
      return;
    }
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) this.#inValue(item, [...path, i], report);
    } else if (isMap(value)) {
      for (const [key, item] of Object.entries(value)) this.#inValue(item, [...path, key], report);
    }
  }

  #inNames(map: unknown, path: Path, warn: Report): void {
    if (!isMap(map)) return;
    for (const key of Object.keys(map)) {
      if (hasTemplate(key)) warn([...path, key], `its name is ${AS_IT_STANDS}`);
    }
  }

  #of(text: string): RenderText | null {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const fill = compileTemplate(text, this.#zone);
    this.#known.set(text, fill);
    return fill;
  }
}
