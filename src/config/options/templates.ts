import type { Entry } from '../../entries/catalog/entry.ts';
import { RENDERED_OPTIONS, hasTemplate, compileTemplate, type RenderText } from '../../celery/message/template.ts';
import { eachText, type Path, type Report } from '../validate.ts';
import { isMap } from '../../util/is-map.ts';

const NOT_RENDERED = 'not rendered: templates are rendered in the values of args, kwargs, headers, taskId and shadow';

export type OptionTemplates = ReturnType<typeof optionTemplates>;

export function optionTemplates(zone: string) {
  const known = new Map<string, RenderText | null>();
  /** Headers may contain themselves, which another check reports. Few entries need it: weak sets delay collections. */
  let seen: WeakSet<object> | undefined;
  const compile = (text: string) => {
    let render = known.get(text);
    if (render === undefined) known.set(text, (render = compileTemplate(text, zone)));
    return render;
  };
  return {
    /** Reports invalid templates in the options of a task, and warns of templates that are not rendered. */
    read({ options, kwargs }: Readonly<Record<string, unknown>>, report: Report, warn: Report): void {
      warnOfNames(kwargs, ['kwargs'], warn);
      if (!isMap(options)) return;
      warnOfNames(options['headers'], ['options', 'headers'], warn);
      // Every text is compiled, also after the first template, to find all errors.
      const check = (text: string, path: Path) => {
        try {
          compile(text);
        } catch (error) {
          report(path, (error as Error).message);
        }
      };
      for (const [option, value] of Object.entries(options)) {
        const path = ['options', option];
        if (RENDERED_OPTIONS.some((each) => each === option)) eachText(value, path, check, (seen ??= new WeakSet()));
        else if (typeof value === 'string' && hasTemplate(value)) warn(path, NOT_RENDERED);
      }
    },
    /** A function that renders the texts that were read; `undefined` if none of them is a template. */
    renderer(): Entry['render'] {
      if ([...known.values()].every((render) => render === null)) return undefined;
      const render: Entry['render'] = (text, context) => compile(text)?.(context) ?? text;
      return Object.assign(render, { spec: zone });
    },
  };
}

function warnOfNames(map: unknown, path: Path, warn: Report): void {
  if (!isMap(map)) return;
  for (const key of Object.keys(map)) {
    if (hasTemplate(key)) warn([...path, key], `its name is ${NOT_RENDERED}`);
  }
}
