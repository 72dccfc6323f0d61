import type { Arguments, MessageOptions } from '../message/message.ts';
import type { Embed } from '../message/payload.ts';
import { pythonJson } from '../message/python/python-json.ts';
import type { ChordSize } from '../message/run-messages.ts';
import type { Canvas, Chord, Task } from './canvas.ts';
import {
  freeze,
  freezeRest,
  assignId,
  type FreezeContext,
  type Result,
  type Position,
} from './freeze.ts';
import { markScheduled } from './mark-scheduled.ts';
import { resolveArguments, serializeLinks, type SerializedSignature } from './serialize.ts';

/** A task to publish, with the signatures that run after it. */
export interface TaskCall {
  readonly task: Task;
  /** The arguments for this occurrence. */
  readonly given: Arguments;
  readonly id: string;
  /** The options of the task, with its position in its group. */
  readonly options: MessageOptions;
  readonly embed: Embed;
}

export interface Unfolded {
  /** The id of the result. */
  readonly id: string;
  /** In the order of publishing. */
  readonly calls: readonly TaskCall[];
  readonly chords: readonly ChordSize[];
}

/** Lists the tasks to publish: Celery's `apply_async` without publishing. `id` is that of the result. */
export function unfold(canvas: Canvas, id: string, context: FreezeContext): Unfolded {
  const calls: TaskCall[] = [];
  const chords: ChordSize[] = [];
  const result = start(canvas, { place: '', id }, { ...context, calls, chords });
  return { id: result.id, calls, chords };
}

interface UnfoldContext extends FreezeContext {
  readonly calls: TaskCall[];
  readonly chords: ChordSize[];
}

function start(canvas: Canvas, position: Position, context: UnfoldContext): Result {
  switch (canvas.kind) {
    case 'task': {
      const id = assignId(canvas, position, context);
      return { id: call(canvas, { ...position, id }, null, context) };
    }
    case 'chain': {
      const { signatures, result } = freezeRest(canvas.rest, position, context);
      // The worker pops the next step from the end.
      call(canvas.first, { place: `${position.place}/0` }, signatures.toReversed(), context);
      return result;
    }
    case 'group': {
      const groupId = canvas.id ?? position.id ?? context.idAt(position.place);
      return { id: groupId, nodes: startAll(canvas.tasks, { ...position, groupId }, context) };
    }
    case 'chord':
      return startChord(canvas, position, context);
  }
}

function startAll(tasks: readonly Canvas[], position: Position, context: UnfoldContext): Result[] {
  const { place, groupId, chord } = position;
  return tasks.map((task, groupIndex) =>
    start(task, { place: `${place}/${groupIndex}`, groupId, groupIndex, chord }, context),
  );
}

function startChord({ header, body }: Chord, position: Position, context: UnfoldContext): Result {
  const place = `${position.place}/header`;
  const groupId = context.idAt(place);
  const bodyPosition = {
    ...position,
    place: `${position.place}/body`,
    groupId: position.groupId ?? groupId,
  };
  const { signature, result } = freeze(markScheduled(body), bodyPosition, context);
  const nodes = startAll(header, { place, groupId, chord: signature }, context);
  const size = header.reduce((sum, task) => sum + countResults(task), 0);
  context.chords.push({ groupId, size, results: serializeResults(groupId, nodes) });
  return result;
}

function call(
  task: Task,
  position: Position,
  chain: SerializedSignature[] | null,
  context: UnfoldContext,
): string {
  const { link, errback } = serializeLinks(task.links, context);
  const id = assignId(task, position, context);
  const { groupId = task.options.groupId, groupIndex = task.options.groupIndex } = position;
  context.calls.push({
    task,
    given: resolveArguments(task, context),
    id,
    options: { ...task.options, groupId, groupIndex },
    embed: { callbacks: link, errbacks: errback, chain, chord: position.chord ?? null },
  });
  return id;
}

/** Counts the results of a part of a header for which the body of the chord waits. */
function countResults(canvas: Canvas): number {
  switch (canvas.kind) {
    case 'task':
      return 1;
    case 'chain':
      return countResults(canvas.rest.at(-1)!);
    case 'group':
      return canvas.tasks.reduce((sum, task) => sum + countResults(task), 0);
    case 'chord':
      return countResults(canvas.body);
  }
}

/** Serializes results as Celery's `GroupResult.save`, without parents. */
function serializeResults(groupId: string, nodes: readonly Result[]): string | null {
  if (nodes.every((node) => node.nodes === undefined)) return null;
  return pythonJson({ result: toTuple({ id: groupId, nodes }) });
}

function toTuple({ id, nodes }: Result): unknown {
  return [[id, null], nodes?.map(toTuple) ?? null];
}
