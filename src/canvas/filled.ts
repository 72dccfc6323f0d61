import { filledOptions, type FillTemplates } from '../message/fill-options.ts';
import type { Canvas, Task } from './canvas.ts';

/** The canvas of one occurrence, in whose options templates are filled in. */
export function filledCanvas(canvas: Canvas, fill: FillTemplates): Canvas {
  const each = (parts: readonly Canvas[]) => parts.map((part) => filledCanvas(part, fill));
  switch (canvas.kind) {
    case 'task': {
      const { link, linkError } = canvas.links;
      const links = { link: each(link), linkError: each(linkError) };
      return { ...canvas, options: filledOptions(canvas.options, fill), links };
    }
    case 'chain': {
      const first = filledCanvas(canvas.first, fill) as Task;
      return { ...canvas, first, rest: each(canvas.rest) };
    }
    case 'group': {
      const id = canvas.id === null ? null : fill(canvas.id);
      return { ...canvas, id, tasks: each(canvas.tasks) };
    }
    case 'chord':
      return { ...canvas, header: each(canvas.header), body: filledCanvas(canvas.body, fill) };
  }
}
