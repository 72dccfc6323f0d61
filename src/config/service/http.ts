import { isIP } from 'node:net';
import { z } from 'zod';
import { expected, type Report } from '../validate.ts';
import { option, type ShapeOutput, whole, mapOf } from '../values/option.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8040;
const SHORTEST_TOKEN = 16;

const PORT = 'a port from 0 to 65535 (0: a free one)';
const TOKEN = `a text of ${SHORTEST_TOKEN} or more characters, without spaces`;
const PROXIES = 'a list of IP addresses and CIDR ranges, such as 10.0.0.0/8';

const token = () => z.string(TOKEN).refine(isToken, TOKEN);

const http = mapOf(
  'HttpConfig',
  {
    host: option.nonEmpty('The address to listen on.', { default: DEFAULT_HOST, example: '0.0.0.0' }),
    port: option(whole(0, 65_535, PORT), 'The port to listen on.', { default: DEFAULT_PORT, example: 80 }),
    readToken: option(token(), 'The token that may read.', {
      otherwise: 'reading needs no token, which is allowed on loopback addresses only',
      example: 'yWv3…',
    }),
    changeToken: option(token(), 'The token that may also send commands.', {
      otherwise: 'without one, HTTP sends no commands',
      example: 'kQ9b…',
    }),
    trustedUserHeader: option.nonEmpty(
      'The header in which an authenticating proxy names the user. Such a user may read and send commands.',
      { example: 'X-Forwarded-User' },
    ),
    trustedProxies: option(
      z.array(z.string(PROXIES).refine(isRange, PROXIES), PROXIES),
      'The proxies whose headers are trusted: IP addresses, and ranges in CIDR notation.',
      { otherwise: 'none', example: ['10.1.0.0/16'] },
    ),
  },
  { description: 'The HTTP server. Each token may also come from the environment: see docs/http.md.' },
);

export const httpShape = {
  http: option(http, 'Serves dashboard, API, metrics and health checks over HTTP; off unless set.', {
    example: { port: 8040 },
  }),
};

/** A token is `null` if reading needs none, or if none may send commands. */
export type HttpSettings = NonNullable<ReturnType<typeof readHttp>>;

export interface HttpOverrides {
  /** `[HOST:]PORT` of `--http`. */
  readonly listen?: string | undefined;
  readonly readToken?: string | undefined;
  readonly changeToken?: string | undefined;
}

/** The settings of the HTTP server; `null` when it is off. Tokens alone do not switch it on. */
export function readHttp(
  { http: given }: ShapeOutput<typeof httpShape>,
  { listen, ...overrides }: HttpOverrides,
  report: Report,
) {
  const address = listen === undefined ? {} : parseListen(listen);
  if (!address) report([], `--http: ${expected('[HOST:]PORT, such as 8040 or 0.0.0.0:8040', listen)}`);
  if (!address || (given === undefined && listen === undefined)) return null;
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, trustedUserHeader = null, trustedProxies = [] } = given ?? {};
  const settings = {
    host: address.host ?? host,
    port: address.port ?? port,
    trustedUserHeader,
    trustedProxies,
    readToken: overrides.readToken ?? given?.readToken ?? null,
    changeToken: overrides.changeToken ?? given?.changeToken ?? null,
  };
  for (const key of ['readToken', 'changeToken'] as const) {
    const override = overrides[key];
    if (override !== undefined && !isToken(override)) {
      report(['http', key], `the environment has a value that is not allowed; expected ${TOKEN}`);
    }
  }
  if (settings.readToken !== null && settings.readToken === settings.changeToken) {
    report(['http', 'changeToken'], 'must differ from readToken, which may only read');
  }
  if (settings.trustedUserHeader !== null && settings.trustedProxies.length === 0) {
    report(['http', 'trustedUserHeader'], 'requires trustedProxies: any client could send the header');
  }
  return settings;
}

/** Why the server must not start with these settings; `null` if it may. */
export function unprotectedError({ host, readToken, trustedUserHeader }: HttpSettings): string | null {
  if (isLoopback(host) || readToken !== null || trustedUserHeader !== null) return null;
  return (
    `${host} can be reached from other hosts, so reading needs a token: set http.readToken, ` +
    'BEAT_HTTP_READ_TOKEN or BEAT_HTTP_READ_TOKEN_FILE, or listen on 127.0.0.1'
  );
}

/** Whether only processes of this host reach the address. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const kind = isIP(host);
  if (kind === 4) return host.startsWith('127.');
  return kind === 6 && (host === '::1' || /^::ffff:127\./i.test(host));
}

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const kind = isIP(address);
  if (kind === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
}

function isToken(text: string): boolean {
  return text.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(text);
}

/** `8040`, `0.0.0.0:8040`, `[::1]:8040`. */
function parseListen(text: string): { readonly host?: string | undefined; readonly port?: number } | null {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return digits === '' || port > 65_535 ? null : { host: bracketed ?? plain, port };
}

const metrics = mapOf('MetricsConfig', {
  perEntry: option(
    whole(0, 1_000),
    'How many entries have time series of their own: the first ones of the configuration. All others share the label `other`.',
    { default: 0, example: 50 },
  ),
});

export const metricsShape = { metrics: option(metrics, 'The metrics for Prometheus.', { example: { perEntry: 50 } }) };
