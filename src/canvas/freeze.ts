import type { Canvas, Chain, Chord, Group, Task } from './canvas.ts';
import {
  serializeComposite,
  serializeTask,
  type SerializeContext,
  type SerializedSignature,
} from './serialize.ts';

// Celery's `freeze`: signatures that a worker starts later, with every id given beforehand. So a run has
// the same ids whoever sends it and however often, and the last one is known before the first has begun.

/** A part's place in the whole, and what that makes of it. */
export interface Position {
  /** Names the place, and gives its ids. */
  readonly place: string;
  /** The id of its result, where that is given. */
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord that its result is awaited by. */
  readonly chord?: SerializedSignature | undefined;
}

export interface FreezeContext extends SerializeContext {
  /** The queue for answers. */
  readonly replyTo: string;
  readonly idAt: (place: string) => string;
}

/** Where a result will be: its id; of a group also where those of its tasks will. */
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

/** What follows the first task of a chain; the last stands for the whole wherever its result is awaited. */
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
    // Until a chord waits for them, they are given their group by the worker that starts it.
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
