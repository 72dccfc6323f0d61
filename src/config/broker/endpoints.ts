import { troubleWith } from '../../broker/url.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { findDriver, findSchemes } from '../../drivers/table.ts';
import { maskUrl } from '../../util/mask.ts';
import type { Path, Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';
import { joinUrls, schemeOf, splitUrls } from '../../broker/url-list.ts';

const EMBEDDED_URL = 'sqla+sqlite:///beat.sqlite';

/** Where tasks, state and lock are: URLs that may hold passwords. */
export interface Places {
  readonly brokerUrl: string;
  readonly stateUrl: string;
  readonly lockUrls: readonly string[];
}

/** Each is that of a setting, or what a flag or a variable says instead of it. */
export function placesOf({ brokerUrl, stateUrl, lockUrls }: TopSettings): Places {
  const broker = joinUrls(brokerUrl ?? EMBEDDED_URL);
  const own = findDriver(broker)?.load ? broker : EMBEDDED_URL;
  return { brokerUrl: broker, stateUrl: stateUrl ?? own, lockUrls: lockUrls ?? [] };
}

const BROKER_SCHEMES = findSchemes(() => true);
const STATE_SCHEMES = findSchemes(({ load }) => load !== null);
const LOCK_SCHEMES = findSchemes(({ locks }) => locks);

/** Reports URLs that lead to no broker, and a list of several where one broker cannot take over. */
export function checkBrokerUrl(
  given: string | readonly string[],
  report: Report,
  key = 'brokerUrl',
): void {
  const urls = splitUrls(joinUrls(given));
  const pathOf = (i: number): Path => (typeof given === 'string' ? [key] : [key, i]);
  urls.forEach((url, i) => checkScheme(pathOf(i), url, 'broker', BROKER_SCHEMES, report));
  if (urls.length === 1) return;
  const first = findDriver(urls[0]!);
  const stranger = urls.find((url) => !first?.failover || findDriver(url) !== first);
  if (stranger === undefined || !findDriver(stranger)) return;
  const why = first?.failover
    ? `${schemeOf(stranger)}:// cannot stand in for ${schemeOf(urls[0]!)}://`
    : `${schemeOf(urls[0]!)}:// takes one URL`;
  report([key], `${why}; several are for a cluster of RabbitMQ (amqp://) or for sentinels`);
}

/** Reports a URL that leads to no place where lock and ledger can be. */
export function checkStateUrl(given: string, report: Report): void {
  for (const url of splitUrls(given)) {
    checkScheme(['stateUrl'], url, 'state', STATE_SCHEMES, report);
  }
}

/** Reports lock URLs that are not Redis, and such as have no use beside this ledger. */
export function checkLockUrls({ lockUrls, stateUrl }: Places, report: Report): void {
  lockUrls.forEach((url, i) => {
    checkScheme(['lockUrls', i], url, 'lock', LOCK_SCHEMES, report);
    if (lockUrls.indexOf(url) < i) report(['lockUrls', i], 'the same server again counts as one');
  });
  if (lockUrls.length > 0 && lockUrls.length % 2 === 0) {
    const message = `${lockUrls.length} servers; an odd number is wanted, for a majority of it`;
    report(['lockUrls'], message);
  }
  const state = findDriver(stateUrl);
  if (lockUrls.length > 0 && state?.load && !state.lockElsewhere) {
    const where = maskUrl(stateUrl);
    report(['lockUrls'], `of no use where the ledger is ${where}; name a Redis for it in stateUrl`);
  }
}

/** The URL is shown masked, if at all. */
function checkScheme(
  path: Path,
  url: string,
  role: 'broker' | 'state' | 'lock',
  schemes: readonly string[],
  report: Report,
): void {
  const scheme = schemeOf(url);
  const isUrl = schemes.includes(scheme) || /^[^:]+:\/\//.test(url);
  if (scheme === '' || !isUrl) {
    // It may be the content of a file or variable that holds a password alone.
    report(
      path,
      'expected a URL such as redis://localhost:6379/0, got text that is none (not shown)',
    );
  } else if (!schemes.includes(scheme)) {
    const allowed = schemes.map((name) => `${name}://`).join(', ');
    const hint = schemeHint(scheme) ?? didYouMean(scheme, schemes);
    report(path, `no ${role} for the scheme "${scheme}" (there are ${allowed})${hint}`);
  } else {
    const parameters = findDriver(url)?.parameters ?? null;
    const trouble = parameters && troubleWith(url, parameters);
    if (trouble !== null) report(path, trouble);
  }
}

const SENTINELS =
  '; sentinels are written sentinel://host:26379/0;sentinel://…, with masterName in brokerTransportOptions';

/** What people mean by schemes that others know. */
function schemeHint(scheme: string): string | null {
  if (/^redis[-+]sentinel$/.test(scheme)) return SENTINELS;
  if (/^sentinels$|^sentinel\+|^rediss[-+]sentinel$/.test(scheme)) {
    return `${SENTINELS}; ?ssl_cert_reqs=required or brokerUseSsl encrypts what is said to the master`;
  }
  if (/^redis[-+]cluster$/.test(scheme)) return "; Celery's workers know no cluster of Redis";
  if (scheme === 'rediss+socket')
    return '; a socket of this host needs no encryption: redis+socket://';
  return null;
}
