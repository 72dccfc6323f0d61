import { z } from 'zod';
import { findUrlError } from '../../drivers/connection/url.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { explainForeignScheme } from '../../drivers/foreign-schemes.ts';
import { parseEndpoint, type EndpointServer } from '../../drivers/endpoint.ts';
import { isOwnDriver, type OwnDriver } from '../../contracts/broker/own-driver.ts';
import { toDriver } from '../../drivers/define-driver.ts';
import { findSchemes } from '../../drivers/table.ts';
import type { Settings } from '../settings.ts';
import type { Path, Report } from '../validate.ts';
import { named, option, type ShapeOutput, name } from '../values/option.ts';

const EMBEDDED_URL = 'sqla+sqlite:///beat.sqlite';

const URLS = 'a URL, or a list of URLs';
const urls = () => z.union([name(), z.array(name(), URLS).min(1, URLS)], URLS);

const DRIVERS = 'a list of drivers made by defineDriver()';

export const endpointsShape = {
  brokerUrl: option(
    urls(),
    'The broker that tasks are published to. Several URLs, as a list or separated by `;`, are tried ' +
      'in turn: nodes of one RabbitMQ cluster, or sentinels.',
    { default: EMBEDDED_URL, example: 'redis://localhost:6379/0' },
  ),
  brokerWriteUrl: option(
    urls(),
    "Celery's name for a broker URL that is used for publishing only; it wins over `brokerUrl`.",
    { otherwise: '`brokerUrl`', example: 'amqp://rabbit.internal' },
  ),
  drivers: option(
    z.array(
      named(z.custom<OwnDriver>(isOwnDriver, 'a driver made by defineDriver()'), 'OwnDriver', {
        from: 'contracts/broker/own-driver.ts',
      }),
      DRIVERS,
    ),
    'Brokers that beat does not have, made by `defineDriver` in a configuration in code.',
    { otherwise: 'none', example: [] },
  ),
  stateUrl: option.nonEmpty(
    'Where lock and ledger are: Redis, Sentinel, PostgreSQL, MariaDB, MySQL or an SQLite file.',
    {
      otherwise: `the broker if it can store state, else \`${EMBEDDED_URL}\`, which one host alone can open`,
      example: 'redis://localhost:6379/1',
    },
  ),
  lockUrls: option(
    z.array(name(), 'a list of URLs'),
    'Independent Redis servers, an odd number of them: the instance that holds the lock on most of them leads.',
    { otherwise: 'the lock is where the ledger is', example: ['redis://a:6379', 'redis://b:6379', 'redis://c:6379'] },
  ),
};

export type Endpoints = Pick<Settings, 'broker' | 'state' | 'locks'>;

/** Completes the URLs with defaults. */
export function resolveEndpoints(given: ShapeOutput<typeof endpointsShape>): Endpoints {
  const { brokerUrl, stateUrl, lockUrls, drivers = [] } = given;
  const broker = parseEndpoint(brokerUrl ?? EMBEDDED_URL, drivers.map(toDriver));
  const own = broker.driver?.load ? broker.url : EMBEDDED_URL;
  const state = parseEndpoint(stateUrl ?? own);
  return { broker, state, locks: (lockUrls ?? []).map((url) => parseEndpoint(url)) };
}

const BROKER_SCHEMES = findSchemes(() => true);
const STATE_SCHEMES = findSchemes(({ load }) => load !== undefined);
const LOCK_SCHEMES = findSchemes(({ locks }) => locks);

/** Reports URLs that are not a broker's, and lists of brokers that cannot replace one another. */
export function checkBrokerUrl(
  given: string | readonly string[],
  report: Report,
  key = 'brokerUrl',
  drivers: readonly OwnDriver[] = [],
): void {
  const { servers } = parseEndpoint(given, drivers.map(toDriver));
  const pathTo = (i: number): Path => (typeof given === 'string' ? [key] : [key, i]);
  const schemes = [...BROKER_SCHEMES, ...drivers.flatMap(({ schemes: own }) => own)];
  servers.forEach((each, i) => checkScheme(pathTo(i), each, 'broker', schemes, report));
  const [first, ...others] = servers;
  if (!first) return;
  const canFailOver = first.driver?.failover;
  // A server that cannot replace the first one.
  const stranger = canFailOver ? others.find(({ driver }) => driver !== first.driver) : others[0] && first;
  if (!stranger?.driver) return;
  const why = canFailOver
    ? `${stranger.scheme}:// cannot take over from ${first.scheme}://`
    : `${first.scheme}:// takes one URL`;
  report([key], `${why}; several URLs are for a RabbitMQ cluster (amqp://) or for sentinels`);
}

export function checkStateUrl(given: string, report: Report): void {
  for (const server of parseEndpoint(given).servers) {
    checkScheme(['stateUrl'], server, 'state', STATE_SCHEMES, report);
  }
}

/** Reports lock URLs that are not Redis, and lock URLs beside a ledger that is not in Redis. */
export function checkLockUrls({ locks, state }: Endpoints, report: Report): void {
  const urls = locks.map(({ url }) => url);
  locks.forEach((each, i) => {
    checkScheme(['lockUrls', i], each, 'lock', LOCK_SCHEMES, report);
    if (urls.indexOf(each.url) < i) report(['lockUrls', i], 'the same server again counts as one');
  });
  if (locks.length > 0 && locks.length % 2 === 0) {
    report(['lockUrls'], `${locks.length} servers; expected an odd number, so that there is a majority`);
  }
  const { driver, masked } = state;
  if (locks.length > 0 && driver?.load && !driver.lockElsewhere) {
    report(['lockUrls'], `has no effect with the ledger in ${masked}; put the ledger into Redis with stateUrl`);
  }
}

/** Reports a URL of another scheme. The URL is not shown, because it may contain a password. */
function checkScheme(
  path: Path,
  { url, scheme, driver }: EndpointServer,
  role: 'broker' | 'state' | 'lock',
  schemes: readonly string[],
  report: Report,
): void {
  const isUrl = schemes.includes(scheme) || /^[^:]+:\/\//.test(url);
  if (scheme === '' || !isUrl) {
    // The text may be a password, from a variable or a file.
    report(path, 'expected a URL such as redis://localhost:6379/0, got text that is not a URL (not shown)');
  } else if (!schemes.includes(scheme)) {
    const allowed = schemes.map((name) => `${name}://`).join(', ');
    const hint = explainForeignScheme(scheme) ?? didYouMean(scheme, schemes);
    report(path, `unsupported URL scheme "${scheme}" for the ${role} (allowed: ${allowed})${hint}`);
  } else {
    const parameters = driver?.parameters ?? null;
    const error = parameters && findUrlError(url, parameters);
    if (error !== null) report(path, error);
  }
}
