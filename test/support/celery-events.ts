import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { CELERIES, findCelery, type Celery } from './celery.ts';
import { Child } from './child.ts';
import { Journal } from './journal.ts';
import { freePort } from './redis.ts';

/** Whoever shows what becomes of tasks. */
export interface Viewer extends AsyncDisposable {
  /** Waits until it hears of tasks at all. */
  waitForEvents(): Promise<void>;
  /** Waits until it shows that this task was sent; answers what it shows of it. */
  waitForTask(taskId: string): Promise<string>;
}

/** `celery events --dump`: a line for every event. */
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
    const isOf = (line: string) => line.includes(`root_id=${taskId}`) && /task.sent/.test(line);
    return this.lines.first(`the event of ${taskId}`, isOf);
  }
}

const HAS_FLOWER = 'import importlib.util as u, sys; u.find_spec("flower") or sys.exit(1)';

/** Whether Flower is there; nobody misses anything where it is not. */
export function hasFlower(): boolean {
  const python = findCelery(CELERIES[1]!)?.python;
  return python !== undefined && spawnSync(python, ['-c', HAS_FLOWER]).status === 0;
}

/** Flower, the web page that most people watch their workers on. */
export class Flower extends Child implements Viewer {
  readonly #page: string;
  readonly #output: string[];

  private constructor(brokerUrl: string, port: number) {
    const output: string[] = [];
    const addLine = (line: string) => output.push(line);
    const listen = [`--port=${port}`, '--address=127.0.0.1', '--persistent=False'];
    super(
      findCelery(CELERIES[1]!)!.python,
      ['-m', 'celery', '-b', brokerUrl, 'flower', ...listen],
      {
        env: {
          PYTHONDONTWRITEBYTECODE: '1',
          FLOWER_UNAUTHENTICATED_API: 'true',
        },
        lines: { 1: addLine, 2: addLine },
      },
    );
    this.#page = `http://127.0.0.1:${port}`;
    this.#output = output;
  }

  static async start(brokerUrl: string): Promise<Flower> {
    return new Flower(brokerUrl, await freePort());
  }

  async waitForEvents(): Promise<void> {
    await this.#answers('tasks', (text) => text !== '{}');
  }

  async waitForTask(taskId: string): Promise<string> {
    return this.#answers(`task/info/${taskId}`, () => true);
  }

  async #answers(path: string, isIt: (text: string) => boolean): Promise<string> {
    for (;;) {
      if (!this.alive) throw new Error(`Flower ended:\n${this.#output.join('\n')}`);
      const answer = await fetch(`${this.#page}/api/${path}`).catch(() => null);
      const text = await answer?.text();
      if (answer?.ok && text !== undefined && isIt(text)) return text;
      await delay(50);
    }
  }
}
