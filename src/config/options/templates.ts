import type { Entry } from '../../entries/catalog/entry.ts';
import { RENDERED_OPTIONS, hasTemplate, compileTemplate, type RenderText } from '../../celery/message/template.ts';
import type { Path, Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

const NOT_RENDERED = 'not rendered: templates are rendered in the values of args, kwargs, headers, taskId and shadow';

/** The templates in the options of one entry and its signatures. */
export class OptionTemplates {
  readonly #zone: string;
  readonly #known = new Map<string, RenderText | null>();
  /** Headers may contain themselves, which another check reports. */
  readonly #seen = new WeakSet<object>();
  #found = false;

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** Reports invalid templates in the options of a task, and warns of templates that are not rendered. */
  read({ options, kwargs }: Readonly<Record<string, unknown>>, report: Report, warn: Report) {
    this.#inNames(kwargs, ['kwargs'], warn);
    if (!isMap(options)) return;
    this.#inNames(options['headers'], ['options', 'headers'], warn);
    for (const [option, value] of Object.entries(options)) {
      const path = ['options', option];
      if (RENDERED_OPTIONS.some((each) => each === option)) this.#inValue(value, path, report);
      else if (typeof value === 'string' && hasTemplate(value)) warn(path, NOT_RENDERED);
    }
  }

  get render(): Entry['render'] {
    if (!this.#found) return undefined;
    const render: Entry['render'] = (text, context) => this.#compile(text)?.(context) ?? text;
    return Object.assign(render, { spec: this.#zone });
  }

  #inValue(value: unknown, path: Path, report: Report): void {
    if (typeof value === 'string') {
      try {
        // Every text is compiled, also after the first template, to find all errors.
        const render = this.#compile(value);
        this.#found ||= render !== null;
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
      if (hasTemplate(key)) warn([...path, key], `its name is ${NOT_RENDERED}`);
    }
  }

  #compile(text: string): RenderText | null {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const render = compileTemplate(text, this.#zone);
    this.#known.set(text, render);
    return render;
  }
}
