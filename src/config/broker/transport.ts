import { verifyOf, type TlsSettings } from '../../broker/tls.ts';
import { parseDuration } from '../values/duration.ts';
import type { Level } from '../keys/key-schema.ts';
import type { Merged } from '../merge.ts';
import { parse, type Report } from '../validate.ts';
import { tlsSchema, type TlsInput } from './tls-schema.ts';
import type { TransportInput } from './transport-schema.ts';
import {
  DEFAULT_TRANSPORT,
  type SentinelLogin,
  type TransportOptions,
} from '../../broker/connection-settings.ts';
import { findDriver } from '../../drivers/table.ts';

/** `note` takes what is asked for, and is otherwise here. */
export function readTransport(
  input: TransportInput = {},
  note: Report = () => {},
): TransportOptions {
  const { prioritySteps, socketTimeout, socketConnectTimeout, ...given } = input;
  const say = (key: string, message: string) => {
    note(['brokerTransportOptions', key], message);
  };
  if (given.confirmPublish === false) {
    say('confirmPublish', 'beat has RabbitMQ confirm every message all the same');
  }
  if (given.minOtherSentinels !== undefined && given.minOtherSentinels > 0) {
    say('minOtherSentinels', 'not looked at: beat believes the first sentinel that names a master');
  }
  return {
    globalKeyprefix: given.globalKeyprefix ?? DEFAULT_TRANSPORT.globalKeyprefix,
    sep: given.sep ?? DEFAULT_TRANSPORT.sep,
    prioritySteps: prioritySteps
      ? [...new Set(prioritySteps)].sort((a, b) => a - b)
      : DEFAULT_TRANSPORT.prioritySteps,
    fanoutPrefix: prefixOf(given.fanoutPrefix ?? true),
    fanoutPatterns: given.fanoutPatterns ?? DEFAULT_TRANSPORT.fanoutPatterns,
    masterName: given.masterName ?? DEFAULT_TRANSPORT.masterName,
    sentinelKwargs: given.sentinelKwargs
      ? sentinelLogin(given.sentinelKwargs)
      : DEFAULT_TRANSPORT.sentinelKwargs,
    socketTimeout: parseDuration(socketTimeout),
    socketConnectTimeout: parseDuration(socketConnectTimeout),
    keepAlive: keepAlive(given),
    clientName: given.clientName ?? DEFAULT_TRANSPORT.clientName,
    clientProperties: given.clientProperties ?? DEFAULT_TRANSPORT.clientProperties,
  };
}

/** kombu's switch for the prefix, or another prefix. */
function prefixOf(given: boolean | string): string {
  if (typeof given === 'string') return given;
  return given ? DEFAULT_TRANSPORT.fanoutPrefix : '';
}

/** Of Python's socket options, whose names are numbers there, the one that Node can set. */
const IDLE = ['TCP_KEEPIDLE', 'tcp_keepidle', '4'];

function keepAlive({ socketKeepalive, socketKeepaliveOptions }: TransportInput): number | null {
  if (socketKeepalive === false) return null;
  const seconds = IDLE.map((name) => socketKeepaliveOptions?.[name]).find((value) => value);
  return typeof seconds === 'number' ? seconds * 1_000 : DEFAULT_TRANSPORT.keepAlive;
}

export function sentinelLogin(given: NonNullable<TransportInput['sentinelKwargs']>): SentinelLogin {
  const { username, password, ssl, socketTimeout } = given;
  const timeout = parseDuration(socketTimeout);
  const tls = tlsSettings(given, given.sslPassword);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(timeout !== null && { timeout }),
  };
}

/** `broker_use_ssl` and its like: a switch, or a map; `null` for no encryption. */
export function readTls(
  key: 'brokerUseSsl' | 'redisBackendUseSsl',
  { settings, reportOf }: Pick<Merged, 'settings' | 'reportOf'>,
  level: Level,
): TlsSettings | null {
  const given = settings[key];
  if (given === undefined || given === false) return null;
  const around = { path: [key], level: level.inside.get(key), report: reportOf(key) };
  const map = given === true ? {} : parse(tlsSchema, given, around);
  return map ? tlsSettings(map, map.sslPassword ?? map.password) : null;
}

/** Reports a wish for encryption that would not be heard: kombu, too, looks for it in a database's URL. */
export function checkTlsOf(brokerUrl: string, tls: TlsSettings | null, report: Report): void {
  const driver = findDriver(brokerUrl);
  if (tls === null || !driver?.remote || driver.useSsl) return;
  const way = 'write ?sslmode=verify-full (PostgreSQL) or ?ssl_ca=PATH (MySQL) into the URL';
  report(['brokerUseSsl'], `has no effect on a database; ${way}`);
}

function tlsSettings(given: TlsInput, password: string | undefined): TlsSettings {
  const reqs = given.sslCertReqs === undefined ? given.certReqs : given.sslCertReqs;
  const settings: TlsSettings = {
    // Python's None is CERT_NONE.
    verify: reqs === undefined ? undefined : reqs !== null && verifyOf(reqs) === true,
    checkHostname: given.sslCheckHostname ?? given.checkHostname,
    serverHostname: given.serverHostname,
    caCerts: given.sslCaCerts ?? given.caCerts,
    caData: given.sslCaData,
    certfile: given.sslCertfile ?? given.certfile,
    keyfile: given.sslKeyfile ?? given.keyfile,
    password,
    ciphers: given.sslCiphers ?? given.ciphers,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
