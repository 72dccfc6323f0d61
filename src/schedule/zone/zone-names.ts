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

/** The abbreviations for which users most likely mean a zone. */
const ABBREVIATIONS: ReadonlyMap<string, readonly string[]> = new Map(
  (
    'Africa/Johannesburg=SAST Africa/Lagos=WAT Africa/Maputo=CAT Africa/Nairobi=EAT ' +
    'America/Anchorage=AKDT,AKST America/Argentina/Buenos_Aires=ART America/Chicago=CDT,CST,CT ' +
    'America/Denver=MDT,MT America/Guayaquil=ECT America/Halifax=ADT,AST America/Los_Angeles=PDT,PST,PT ' +
    'America/New_York=EDT,ET America/Sao_Paulo=BRT America/St_Johns=NDT,NST Asia/Bangkok=ICT ' +
    'Asia/Dubai=GST Asia/Hong_Kong=HKT Asia/Jakarta=WIB Asia/Karachi=PKT Asia/Kolkata=IST Asia/Manila=PHT ' +
    'Asia/Seoul=KST Asia/Singapore=SGT Asia/Tokyo=JST Australia/Adelaide=ACDT,ACST Australia/Perth=AWST ' +
    'Australia/Sydney=AEDT,AEST,AET Europe/Athens=EEST Europe/Berlin=CEST Europe/Lisbon=WEST ' +
    'Europe/London=BST Europe/Moscow=MSK Pacific/Auckland=NZDT,NZST Pacific/Pago_Pago=SST UTC=Z'
  )
    .split(' ')
    .map((each) => each.split('='))
    .map(([zone = '', abbreviations = '']) => [zone, abbreviations.split(',')]),
);

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
  if (isUtc(name)) return name;
  const listed = spellings().get(name.toLowerCase());
  if (listed !== undefined) return listed;
  // Intl lists one name per zone: it may list `Asia/Calcutta` and not `Asia/Kolkata`.
  return /^(?!SystemV\/)[a-z]+\/[a-z]/i.test(name) && isKnown(name) ? name : undefined;
}

function suggest(name: unknown): string {
  if (typeof name !== 'string') return '';
  const meant = [...ABBREVIATIONS].find(([, abbreviations]) => abbreviations.includes(name.toUpperCase()));
  if (meant) return `; did you mean "${meant[0]}"?`;
  return didYouMean(name, [...spellings().values()]);
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

function spellings(): ReadonlyMap<string, string> {
  const names = () => [...UTC_NAMES, ...WITHOUT_SLASH, ...Intl.supportedValuesOf('timeZone')];
  return (known ??= new Map(names().map((name) => [name.toLowerCase(), name])));
}
