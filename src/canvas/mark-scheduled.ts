import { BEAT_TASK } from '../message/beat-task.ts';
import type { Canvas, Task } from './canvas.ts';

/**
 * Adds the header that marks scheduled tasks to the body of a chord: Celery's chord passes the headers of its call
 * on to its body, although a worker publishes that. Only the first step of a chain has the header.
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
