// Removes the clients of brokers and stores that an image does not support, with the packages that only they
// need: `node scripts/image/omit-clients.ts redis,amqp` keeps the clients of Redis and RabbitMQ. Installs those that
// are optional, in the versions of package-lock.json. Rewrites package.json, so that the list of packages in the image
// is true.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The npm packages of each driver. SQLite is part of Node. */
const CLIENTS: Record<string, readonly string[]> = {
  redis: ['ioredis', 'redlock'],
  amqp: ['amqplib'],
  postgresql: ['pg'],
  mysql: ['mysql2'],
  sqs: ['@aws-sdk/client-sqs'],
  mongodb: ['mongodb'],
};

/** The clients that `npm ci` does not install. */
const OPTIONAL = ['@aws-sdk/client-sqs', 'mongodb'];

const [list = ''] = process.argv.slice(2);
const drivers = list.split(/[\s,]+/).filter((name) => name !== '');
const unknown = drivers.filter((name) => !(name in CLIENTS) && name !== 'sqlite');
if (unknown.length > 0) {
  const allowed = ['sqlite', ...Object.keys(CLIENTS)].join(', ');
  console.error(`DRIVERS: unknown driver ${unknown.join(', ')}; allowed: ${allowed}`);
  process.exit(2);
}

const FLAGS = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { readonly version: string } | undefined>;
};
const listClients = (isListed: boolean) =>
  Object.keys(CLIENTS)
    .filter((name) => drivers.includes(name) === isListed)
    .flatMap((name) => CLIENTS[name]!);
const omitted = listClients(false).filter((name) => !OPTIONAL.includes(name));
const added = listClients(true)
  .filter((name) => OPTIONAL.includes(name))
  .map((name) => `${name}@${lock.packages[`node_modules/${name}`]!.version}`);
for (const [command, names] of [
  ['uninstall', omitted],
  ['install', added.length > 0 ? ['--save-prod', ...added] : []],
] as const) {
  if (names.length === 0) continue;
  const { status } = spawnSync('npm', [command, ...FLAGS, ...names], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
