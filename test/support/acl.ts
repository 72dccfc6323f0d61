import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisServer } from './redis.ts';

const DOC = ['redis-rights', 'remote-control']
  .map((name) => readFileSync(join(import.meta.dirname, `../../docs/${name}.md`), 'utf8'))
  .join('\n');

/** A Redis user created with the ACL line that the documentation gives for it. */
export class AclUser {
  readonly name: string;
  /** Such as `+get`. */
  readonly commands: readonly string[];
  /** Those that the documentation adds for commands and stored entries. */
  readonly optionalCommands: readonly string[];
  readonly #server: RedisServer;
  readonly #rules: readonly string[];

  constructor(server: RedisServer, name: string) {
    const lines = DOC.split('\n').filter((each) => each.startsWith(`ACL SETUSER ${name} `));
    const [rules, optional = []] = lines.map((line) => line.split(' ').slice(3));
    if (!rules) throw new Error(`the documentation has no line for the user ${name}`);
    this.name = name;
    this.#server = server;
    this.#rules = rules;
    this.commands = rules.filter((rule) => rule.startsWith('+'));
    this.optionalCommands = optional;
  }

  /** Creates or resets the user as documented, with further rules. */
  async set(...rules: readonly string[]): Promise<void> {
    await this.#server.client.call('ACL', 'SETUSER', this.name, 'reset', ...this.#rules, ...rules);
  }

  url(db = 0): string {
    return this.#server.url(db).replace('redis://', `redis://${this.name}:PASSWORD@`);
  }
}
