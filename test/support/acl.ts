import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisServer } from './redis.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../docs/redis-rights.md'), 'utf8');

/** A Redis user created with the ACL line that the documentation gives for it. */
export class AclUser {
  readonly name: string;
  /** Such as `+get`. */
  readonly commands: readonly string[];
  readonly #server: RedisServer;
  readonly #rules: readonly string[];

  constructor(server: RedisServer, name: string) {
    const line = DOC.split('\n').find((each) => each.startsWith(`ACL SETUSER ${name} `));
    if (!line) throw new Error(`docs/redis-rights.md has no line for the user ${name}`);
    this.name = name;
    this.#server = server;
    this.#rules = line.split(' ').slice(3);
    this.commands = this.#rules.filter((rule) => rule.startsWith('+'));
  }

  /** Creates or resets the user as documented, with further rules. */
  async set(...rules: string[]): Promise<void> {
    await this.#server.client.call('ACL', 'SETUSER', this.name, 'reset', ...this.#rules, ...rules);
  }

  url(db = 0): string {
    return this.#server.url(db).replace('redis://', `redis://${this.name}:PASSWORD@`);
  }
}
