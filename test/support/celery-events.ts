import { setTimeout as delay } from 'node:timers/promises';
import { NEWEST, findCelery, type Celery } from './celery.ts';
import { Child } from './child.ts';
import { Journal } from './journal.ts';
import { freePort } from './redis.ts';

/** A monitor of Celery tasks. */
export interface Viewer extends AsyncDisposable {
  /** Waits until it receives the first task event. */
  waitForEvents(): Promise<void>;
  /** Waits until it shows the task as sent; returns what it shows. */
  waitForTask(taskId: string): Promise<string>;
}

/** `celery events --dump`, which prints a line for every event. */
export class EventDump extends Child implements Viewer {
  readonly lines: Journal<string>;

  constructor(celery: Celery, brokerUrl: string) {
    const lines = new Journal<string>();
    const addLine = (line: string) => {
      lines.add(line);
    };
    const dump = ['-m', 'celery', '-b', brokerUrl, 'events', '--dump'];
    super(findCelery(celery)!.python, dump, {
      env: { PYTHONDONTWRITEBYTECODE: '1' },
      lines: { 1: addLine, 2: addLine },
    });
    this.lines = lines;
    void this.exited.then(() => lines.end('celery events ended'));
  }

  async waitForEvents(): Promise<void> {
    await this.lines.first('an event', (line) => /task.sent/.test(line));
  }

  async waitForTask(taskId: string): Promise<string> {
    const matches = (line: string) => line.includes(`root_id=${taskId}`) && /task.sent/.test(line);
    return this.lines.first(`the event of ${taskId}`, matches);
  }
}

/** Whether Flower is installed. It is optional. */
export function hasFlower(): boolean {
  return findCelery(NEWEST, 'flower') !== null;
}

/** Flower, a web monitor for Celery. */
export class Flower extends Child implements Viewer {
  readonly #page: string;
  readonly #output: string[];

  private constructor(brokerUrl: string, port: number) {
    const output: string[] = [];
    const addLine = (line: string) => output.push(line);
    const listen = [`--port=${port}`, '--address=127.0.0.1', '--persistent=False'];
    super(findCelery(NEWEST)!.python, ['-m', 'celery', '-b', brokerUrl, 'flower', ...listen], {
      env: { PYTHONDONTWRITEBYTECODE: '1', FLOWER_UNAUTHENTICATED_API: 'true' },
      lines: { 1: addLine, 2: addLine },
    });
    this.#page = `http://127.0.0.1:${port}`;
    this.#output = output;
  }

  static async start(brokerUrl: string): Promise<Flower> {
    return new Flower(brokerUrl, await freePort());
  }

  async waitForEvents(): Promise<void> {
    await this.#poll('tasks', (text) => text !== '{}');
  }

  async waitForTask(taskId: string): Promise<string> {
    return this.#poll(`task/info/${taskId}`, () => true);
  }

  async #poll(path: string, isIt: (text: string) => boolean): Promise<string> {
    for (;;) {
      if (!this.alive) throw new Error(`Flower ended:\n${this.#output.join('\n')}`);
      const answer = await fetch(`${this.#page}/api/${path}`).catch(() => null);
      const text = await answer?.text();
      if (answer?.ok && text !== undefined && isIt(text)) return text;
      await delay(50);
    }
  }
}
