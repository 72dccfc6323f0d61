import type { Canvas, Chain, Chord, Group, Task } from './canvas.ts';
import {
  serializeComposite,
  serializeTask,
  type SerializeContext,
  type SerializedSignature,
} from './serialize.ts';

// Celery's `freeze`: assigns all ids of signatures that workers publish later. Repeats of a run have the same ids, and
// the id of the result is known before the first task starts.

/** The position of a part in the canvas. */
export interface Position {
  /** The path from which ids are computed. */
  readonly place: string;
  /** A fixed id of its result. */
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord that waits for its result. */
  readonly chord?: SerializedSignature | undefined;
}

export interface FreezeContext extends SerializeContext {
  /** The queue for replies. */
  readonly replyTo: string;
  readonly idAt: (place: string) => string;
}

/** The id of a result; for a group also the results of its tasks. */
export interface Result {
  readonly id: string;
  readonly nodes?: readonly Result[];
}

export interface Frozen {
  readonly signature: SerializedSignature;
  readonly result: Result;
}

export function freeze(canvas: Canvas, position: Position, context: FreezeContext): Frozen {
  switch (canvas.kind) {
    case 'task':
      return freezeTask(canvas, position, context);
    case 'chain':
      return freezeChain(canvas, position, context);
    case 'group':
      return freezeGroup(canvas, position, context);
    case 'chord':
      return freezeChord(canvas, position, context);
  }
}

function freezeTask(task: Task, position: Position, context: FreezeContext): Frozen {
  const id = assignId(task, position, context);
  const replyTo = task.options.replyTo ?? context.replyTo;
  const signature = serializeTask(
    task,
    { task_id: id, reply_to: replyTo, ...groupOptions(position) },
    context,
  );
  return { signature, result: { id } };
}

export function assignId(
  { options }: Task,
  { id, place }: Position,
  { idAt }: FreezeContext,
): string {
  return options.taskId ?? id ?? idAt(place);
}

function freezeChain({ first, rest }: Chain, position: Position, context: FreezeContext): Frozen {
  const start = freeze(first, { place: `${position.place}/0` }, context);
  const { signatures, result } = freezeRest(rest, position, context);
  const signature = serializeComposite(
    { kind: 'chain' },
    { tasks: [start.signature, ...signatures] },
    { task_id: result.id },
  );
  return { signature, result };
}

/** Freezes the steps after the first of a chain; the last one has the position of the chain. */
export function freezeRest(
  rest: Chain['rest'],
  position: Position,
  context: FreezeContext,
): { signatures: SerializedSignature[]; result: Result } {
  const frozen = rest.map((step, i) => {
    const place = `${position.place}/${i + 1}`;
    return freeze(step, i === rest.length - 1 ? { ...position, place } : { place }, context);
  });
  return { signatures: frozen.map(({ signature }) => signature), result: frozen.at(-1)!.result };
}

function freezeGroup({ id, tasks }: Group, position: Position, context: FreezeContext): Frozen {
  const groupId = id ?? position.id ?? context.idAt(position.place);
  const frozen = tasks.map((task, i) => {
    const place = `${position.place}/${i}`;
    // Without a chord, the worker that starts the group sets the group id.
    const whole = position.chord && { groupId: position.groupId, chord: position.chord };
    return freeze(task, { place, groupIndex: i, ...whole }, context);
  });
  const options = { task_id: groupId, ...groupOptions(position), root_id: null, parent_id: null };
  const signature = serializeComposite(
    { kind: 'group' },
    { tasks: frozen.map((part) => part.signature) },
    options,
  );
  return { signature, result: { id: groupId, nodes: frozen.map(({ result }) => result) } };
}

function freezeChord({ header, body }: Chord, position: Position, context: FreezeContext): Frozen {
  const id = context.idAt(`${position.place}/header`);
  const after = freeze(body, { ...position, place: `${position.place}/body` }, context);
  const group: Group = { kind: 'group', id, tasks: header };
  const before = freeze(
    group,
    { place: `${position.place}/header`, chord: after.signature },
    context,
  );
  const kwargs = { kwargs: {}, header: before.signature, body: after.signature };
  return {
    signature: serializeComposite({ kind: 'chord' }, kwargs, { task_id: id }),
    result: after.result,
  };
}

function groupOptions({ groupId, chord, groupIndex }: Position): Record<string, unknown> {
  return {
    ...(groupId !== undefined && { group_id: groupId }),
    ...(chord && { chord }),
    ...(groupIndex !== undefined && { group_index: groupIndex }),
  };
}
