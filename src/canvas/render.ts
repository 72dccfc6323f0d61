import { renderOptions, type RenderTemplates } from '../message/render-options.ts';
import type { Canvas, Task } from './canvas.ts';

/** Renders the templates in the options of a canvas for one occurrence. */
export function renderCanvas(canvas: Canvas, fill: RenderTemplates): Canvas {
  const each = (parts: readonly Canvas[]) => parts.map((part) => renderCanvas(part, fill));
  switch (canvas.kind) {
    case 'task': {
      const { link, linkError } = canvas.links;
      const links = { link: each(link), linkError: each(linkError) };
      return { ...canvas, options: renderOptions(canvas.options, fill), links };
    }
    case 'chain': {
      const first = renderCanvas(canvas.first, fill) as Task;
      return { ...canvas, first, rest: each(canvas.rest) };
    }
    case 'group': {
      const id = canvas.id === null ? null : fill(canvas.id);
      return { ...canvas, id, tasks: each(canvas.tasks) };
    }
    case 'chord':
      return { ...canvas, header: each(canvas.header), body: renderCanvas(canvas.body, fill) };
  }
}
