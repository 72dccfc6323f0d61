import { BEAT_TASK } from '../message/beat-task.ts';
import type { Canvas, Task } from './canvas.ts';

/**
 * The body of a chord that beat starts, with the header that marks tasks of a schedule. Celery's chord hands the
 * headers that beat calls it with on to its body, though a worker sends that. Steps of a chain behind the first
 * bear no mark.
 */
export function markScheduled(canvas: Canvas): Canvas {
  switch (canvas.kind) {
    case 'task': {
      const headers = { ...canvas.options.headers, [BEAT_TASK]: true };
      return { ...canvas, options: { ...canvas.options, headers } };
    }
    case 'chain':
      return { ...canvas, first: markScheduled(canvas.first) as Task };
    case 'group':
      return { ...canvas, tasks: canvas.tasks.map(markScheduled) };
    case 'chord':
      return {
        ...canvas,
        header: canvas.header.map(markScheduled),
        body: markScheduled(canvas.body),
      };
  }
}
