// Removes the clients of brokers and stores that an image does not support, with the packages that only they
// need: `node scripts/image/omit-clients.ts redis,amqp` keeps the clients of Redis and RabbitMQ. Rewrites
// package.json, so that the list of packages in the image is true.
import { spawnSync } from 'node:child_process';

/** The npm packages of each driver. SQLite is part of Node. */
const CLIENTS: Record<string, readonly string[]> = {
  redis: ['ioredis', 'redlock'],
  amqp: ['amqplib'],
  postgresql: ['pg'],
  mysql: ['mysql2'],
};

const [list = ''] = process.argv.slice(2);
const drivers = list.split(/[\s,]+/).filter((name) => name !== '');
const unknown = drivers.filter((name) => !(name in CLIENTS) && name !== 'sqlite');
if (unknown.length > 0) {
  const allowed = ['sqlite', ...Object.keys(CLIENTS)].join(', ');
  console.error(`DRIVERS: unknown driver ${unknown.join(', ')}; allowed: ${allowed}`);
  process.exit(2);
}

const omitted = Object.keys(CLIENTS)
  .filter((name) => !drivers.includes(name))
  .flatMap((name) => CLIENTS[name]!);
if (omitted.length > 0) {
  const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', ['uninstall', ...flags, ...omitted], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
