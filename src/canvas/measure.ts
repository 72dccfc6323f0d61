import type { Arguments, MessageOptions } from '../message/message.ts';
import { initialTasks, type Canvas, type Links } from './canvas.ts';

/** What a call adds to the tasks of a canvas. */
interface Call extends Arguments {
  readonly options: MessageOptions;
  readonly links: Links;
}

/** About how many bytes a signature has beside its arguments and options. */
const SIGNATURE = 200;

/** About how many bytes the messages of one run have, after a call is applied to its canvas. */
export function measureCall(canvas: Canvas, { args, kwargs, options, links }: Call): number {
  const added = initialTasks(canvas).length * measureJson([args, kwargs]);
  return added + measureCanvas(canvas, measureJson([options, links]));
}

/**
 * About how many bytes the messages of one run of a canvas have; `more` are added for each task. Each task of a header
 * contains the body of its chord, so that the size of a chain of groups grows exponentially with its length.
 */
export function measureCanvas(canvas: Canvas, more = 0, chord = 0): number {
  const sum = (parts: readonly Canvas[], body = 0) =>
    parts.reduce((bytes, part) => bytes + measureCanvas(part, more, body), 0);
  switch (canvas.kind) {
    case 'task': {
      const { args, kwargs, options, links } = canvas;
      return SIGNATURE + measureJson([args, kwargs, options, links]) + more + chord;
    }
    case 'chain':
      return (
        SIGNATURE +
        sum([canvas.first, ...canvas.rest.slice(0, -1)]) +
        sum(canvas.rest.slice(-1), chord)
      );
    case 'group':
      return SIGNATURE + chord + sum(canvas.tasks, chord);
    case 'chord': {
      const body = measureCanvas(canvas.body, more, chord);
      return 2 * (SIGNATURE + body) + sum(canvas.header, body);
    }
  }
}

/** About how many bytes a value has in a message. */
export function measureJson(value: unknown): number {
  const toText = (_key: string, each: unknown) => (typeof each === 'bigint' ? String(each) : each);
  return JSON.stringify(value, toText).length;
}
