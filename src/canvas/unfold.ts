import type { Arguments, MessageOptions } from '../message/message.ts';
import type { Embed } from '../message/payload.ts';
import { pythonJson } from '../message/python-json.ts';
import type { ChordSize } from '../message/run.ts';
import type { Canvas, Chord, Task } from './canvas.ts';
import { freeze, freezeRest, idOf, type Freezing, type Result, type Spot } from './freeze.ts';
import { marked } from './marked.ts';
import { argumentsOf, linksOf, type Wire } from './wire.ts';

/** One task to be sent, with all that workers are to do after it. */
export interface Call {
  readonly task: Task;
  /** Of this occurrence. */
  readonly given: Arguments;
  readonly id: string;
  /** The task's own, with its place in its group. */
  readonly options: MessageOptions;
  readonly embed: Embed;
}

export interface Unfolded {
  /** Where the result of the whole will be. */
  readonly id: string;
  /** In the order of sending. */
  readonly calls: readonly Call[];
  readonly chords: readonly ChordSize[];
}

/** What an occurrence sends for it: Celery's `apply_async`, without the sending. `id` is that of the result. */
export function unfold(canvas: Canvas, id: string, freezing: Freezing): Unfolded {
  const calls: Call[] = [];
  const chords: ChordSize[] = [];
  const result = start(canvas, { place: '', id }, { ...freezing, calls, chords });
  return { id: result.id, calls, chords };
}

interface Unfolding extends Freezing {
  readonly calls: Call[];
  readonly chords: ChordSize[];
}

function start(canvas: Canvas, spot: Spot, unfolding: Unfolding): Result {
  switch (canvas.kind) {
    case 'task': {
      const id = idOf(canvas, spot, unfolding);
      return { id: call(canvas, { ...spot, id }, null, unfolding) };
    }
    case 'chain': {
      const { wires, result } = freezeRest(canvas.rest, spot, unfolding);
      // The worker takes the next step from the end.
      call(canvas.first, { place: `${spot.place}/0` }, wires.toReversed(), unfolding);
      return result;
    }
    case 'group': {
      const groupId = canvas.id ?? spot.id ?? unfolding.idAt(spot.place);
      return { id: groupId, nodes: startAll(canvas.tasks, { ...spot, groupId }, unfolding) };
    }
    case 'chord':
      return startChord(canvas, spot, unfolding);
  }
}

function startAll(tasks: readonly Canvas[], spot: Spot, unfolding: Unfolding): Result[] {
  const { place, groupId, chord } = spot;
  return tasks.map((task, groupIndex) =>
    start(task, { place: `${place}/${groupIndex}`, groupId, groupIndex, chord }, unfolding),
  );
}

function startChord({ header, body }: Chord, spot: Spot, unfolding: Unfolding): Result {
  const place = `${spot.place}/header`;
  const groupId = unfolding.idAt(place);
  const bodySpot = { ...spot, place: `${spot.place}/body`, groupId: spot.groupId ?? groupId };
  const { wire, result } = freeze(marked(body), bodySpot, unfolding);
  const nodes = startAll(header, { place, groupId, chord: wire }, unfolding);
  const size = header.reduce((sum, task) => sum + sizeOf(task), 0);
  unfolding.chords.push({ groupId, size, results: resultsOf(groupId, nodes) });
  return result;
}

function call(task: Task, spot: Spot, chain: Wire[] | null, unfolding: Unfolding): string {
  const { link, errback } = linksOf(task.links, unfolding);
  const id = idOf(task, spot, unfolding);
  const { groupId = task.options.groupId, groupIndex = task.options.groupIndex } = spot;
  unfolding.calls.push({
    task,
    given: argumentsOf(task, unfolding),
    id,
    options: { ...task.options, groupId, groupIndex },
    embed: { callbacks: link, errbacks: errback, chain, chord: spot.chord ?? null },
  });
  return id;
}

/** How many results the body of a chord is to wait for, on account of this part of its header. */
function sizeOf(canvas: Canvas): number {
  switch (canvas.kind) {
    case 'task':
      return 1;
    case 'chain':
      return sizeOf(canvas.rest.at(-1)!);
    case 'group':
      return canvas.tasks.reduce((sum, task) => sum + sizeOf(task), 0);
    case 'chord':
      return sizeOf(canvas.body);
  }
}

/** As Celery's `GroupResult.save` writes them; ancestors, which nobody asks for here, are left out. */
function resultsOf(groupId: string, nodes: readonly Result[]): string | null {
  if (nodes.every((node) => node.nodes === undefined)) return null;
  return pythonJson({ result: tupleOf({ id: groupId, nodes }) });
}

function tupleOf({ id, nodes }: Result): unknown {
  return [[id, null], nodes?.map(tupleOf) ?? null];
}
