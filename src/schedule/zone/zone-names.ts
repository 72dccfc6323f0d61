import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import { quote } from '../text.ts';

/**
 * All names of the tz database without a slash, except "Factory", which is not a place. Other names without a
 * slash that `Intl` accepts are abbreviations of ICU, often for another place than the user means: its BST is
 * in Dhaka. The database no longer adds names without a slash.
 */
const WITHOUT_SLASH = new Set(
  (
    'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong ' +
    'Iceland Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT ' +
    'Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU WET Zulu'
  ).split(' '),
);

/** Names of UTC, which need no lookup of offsets. */
const UTC_NAMES = ['UTC', 'Etc/UTC', 'Etc/UCT', 'Etc/Zulu', 'Etc/GMT', 'GMT', 'UCT', 'Zulu'];

/** The zone that users of an abbreviation most likely mean. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  ACDT: 'Australia/Adelaide',
  ACST: 'Australia/Adelaide',
  ADT: 'America/Halifax',
  AEDT: 'Australia/Sydney',
  AEST: 'Australia/Sydney',
  AET: 'Australia/Sydney',
  AKDT: 'America/Anchorage',
  AKST: 'America/Anchorage',
  ART: 'America/Argentina/Buenos_Aires',
  AST: 'America/Halifax',
  AWST: 'Australia/Perth',
  BRT: 'America/Sao_Paulo',
  BST: 'Europe/London',
  CAT: 'Africa/Maputo',
  CDT: 'America/Chicago',
  CEST: 'Europe/Berlin',
  CST: 'America/Chicago',
  CT: 'America/Chicago',
  EAT: 'Africa/Nairobi',
  ECT: 'America/Guayaquil',
  EDT: 'America/New_York',
  EEST: 'Europe/Athens',
  ET: 'America/New_York',
  GST: 'Asia/Dubai',
  HKT: 'Asia/Hong_Kong',
  ICT: 'Asia/Bangkok',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  KST: 'Asia/Seoul',
  MDT: 'America/Denver',
  MSK: 'Europe/Moscow',
  MT: 'America/Denver',
  NDT: 'America/St_Johns',
  NST: 'America/St_Johns',
  NZDT: 'Pacific/Auckland',
  NZST: 'Pacific/Auckland',
  PDT: 'America/Los_Angeles',
  PHT: 'Asia/Manila',
  PKT: 'Asia/Karachi',
  PST: 'America/Los_Angeles',
  PT: 'America/Los_Angeles',
  SAST: 'Africa/Johannesburg',
  SGT: 'Asia/Singapore',
  SST: 'Pacific/Pago_Pago',
  WAT: 'Africa/Lagos',
  WEST: 'Europe/Lisbon',
  WIB: 'Asia/Jakarta',
  Z: 'UTC',
};

/**
 * Returns the canonical spelling of an IANA zone name: `Europe/Oslo` for `europe/oslo`. Links of the tz database
 * such as `US/Eastern` are valid names. Throws a `ConfigError` at `timezone` for anything else, such as
 * abbreviations, and offsets such as `+02:00`, which have no summer time.
 */
export function checkZone(name: unknown): string {
  const known = typeof name === 'string' ? findSpelling(name) : undefined;
  if (known !== undefined) return known;
  const why = `${quote(name)} is not the name of an IANA time zone`;
  throw new ConfigError([errorAt(['timezone'], why + suggest(name))]);
}

/** Whether a name that `checkZone` returned is a name of UTC. */
export function isUtc(name: string): boolean {
  return UTC_NAMES.includes(name);
}

function findSpelling(name: string): string | undefined {
  const listed = spellings().get(name.toLowerCase());
  if (listed !== undefined) return listed;
  // Intl lists one name per zone: it may list `Asia/Calcutta` and not `Asia/Kolkata`.
  return /^(?!SystemV\/)[a-z]+\/[a-z]/i.test(name) && isKnown(name) ? name : undefined;
}

function suggest(name: unknown): string {
  if (typeof name !== 'string') return '';
  const letters = name.toUpperCase();
  const meant = Object.hasOwn(ABBREVIATIONS, letters) ? ABBREVIATIONS[letters] : undefined;
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  return didYouMean(name, (suggestable ??= [...spellings().values()]));
}

function isKnown(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

let known: ReadonlyMap<string, string> | undefined;

let suggestable: readonly string[] | undefined;

/** Zone names by lower-case name. */
function spellings(): ReadonlyMap<string, string> {
  const names = () => [...UTC_NAMES, ...WITHOUT_SLASH, ...Intl.supportedValuesOf('timeZone')];
  return (known ??= new Map(names().map((name) => [name.toLowerCase(), name])));
}
