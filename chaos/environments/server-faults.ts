import { setTimeout as delay } from 'node:timers/promises';

/** A server that can be killed and started again. */
export interface Server {
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Injects a fault into a server; resolves when it is healed. */
export type ServerFault = (server: Server, duration: number) => Promise<void>;

/** Kills the server and starts it again after the duration. */
export const restart: ServerFault = async (server, duration) => {
  await server.kill();
  await delay(duration);
  await server.start();
};

/** Stops the server with SIGSTOP: its connections stay open and are not answered. */
export const freeze: ServerFault = async (server, duration) => {
  server.freeze();
  await delay(duration);
  server.thaw();
};
