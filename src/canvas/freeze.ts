import type { Canvas, Chain, Chord, Group, Task } from './canvas.ts';
import { wireOfMany, wireOfTask, type Making, type Wire } from './wire.ts';

// Celery's `freeze`: signatures that a worker starts later, with every id given beforehand. So a run has
// the same ids whoever sends it and however often, and the last one is known before the first has begun.

/** A part's place in the whole, and what that makes of it. */
export interface Spot {
  /** Names the place, and gives its ids. */
  readonly place: string;
  /** The id of its result, where that is given. */
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord that its result is awaited by. */
  readonly chord?: Wire | undefined;
}

export interface Freezing extends Making {
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
  readonly wire: Wire;
  readonly result: Result;
}

export function freeze(canvas: Canvas, spot: Spot, freezing: Freezing): Frozen {
  switch (canvas.kind) {
    case 'task':
      return freezeTask(canvas, spot, freezing);
    case 'chain':
      return freezeChain(canvas, spot, freezing);
    case 'group':
      return freezeGroup(canvas, spot, freezing);
    case 'chord':
      return freezeChord(canvas, spot, freezing);
  }
}

function freezeTask(task: Task, spot: Spot, freezing: Freezing): Frozen {
  const id = idOf(task, spot, freezing);
  const replyTo = task.options.replyTo ?? freezing.replyTo;
  const wire = wireOfTask(task, { task_id: id, reply_to: replyTo, ...awaited(spot) }, freezing);
  return { wire, result: { id } };
}

export function idOf({ options }: Task, { id, place }: Spot, { idAt }: Freezing): string {
  return options.taskId ?? id ?? idAt(place);
}

function freezeChain({ first, rest }: Chain, spot: Spot, freezing: Freezing): Frozen {
  const start = freeze(first, { place: `${spot.place}/0` }, freezing);
  const { wires, result } = freezeRest(rest, spot, freezing);
  const wire = wireOfMany(
    { kind: 'chain' },
    { tasks: [start.wire, ...wires] },
    { task_id: result.id },
  );
  return { wire, result };
}

/** What follows the first task of a chain; the last stands for the whole wherever its result is awaited. */
export function freezeRest(
  rest: Chain['rest'],
  spot: Spot,
  freezing: Freezing,
): { wires: Wire[]; result: Result } {
  const frozen = rest.map((step, i) => {
    const place = `${spot.place}/${i + 1}`;
    return freeze(step, i === rest.length - 1 ? { ...spot, place } : { place }, freezing);
  });
  return { wires: frozen.map(({ wire }) => wire), result: frozen.at(-1)!.result };
}

function freezeGroup({ id, tasks }: Group, spot: Spot, freezing: Freezing): Frozen {
  const groupId = id ?? spot.id ?? freezing.idAt(spot.place);
  const frozen = tasks.map((task, i) => {
    const place = `${spot.place}/${i}`;
    // Until a chord waits for them, they are given their group by the worker that starts it.
    const whole = spot.chord && { groupId: spot.groupId, chord: spot.chord };
    return freeze(task, { place, groupIndex: i, ...whole }, freezing);
  });
  const options = { task_id: groupId, ...awaited(spot), root_id: null, parent_id: null };
  const wire = wireOfMany({ kind: 'group' }, { tasks: frozen.map((part) => part.wire) }, options);
  return { wire, result: { id: groupId, nodes: frozen.map(({ result }) => result) } };
}

function freezeChord({ header, body }: Chord, spot: Spot, freezing: Freezing): Frozen {
  const id = freezing.idAt(`${spot.place}/header`);
  const after = freeze(body, { ...spot, place: `${spot.place}/body` }, freezing);
  const group: Group = { kind: 'group', id, tasks: header };
  const before = freeze(group, { place: `${spot.place}/header`, chord: after.wire }, freezing);
  const kwargs = { kwargs: {}, header: before.wire, body: after.wire };
  return { wire: wireOfMany({ kind: 'chord' }, kwargs, { task_id: id }), result: after.result };
}

function awaited({ groupId, chord, groupIndex }: Spot): Record<string, unknown> {
  return {
    ...(groupId !== undefined && { group_id: groupId }),
    ...(chord && { chord }),
    ...(groupIndex !== undefined && { group_index: groupIndex }),
  };
}
