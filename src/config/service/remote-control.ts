import type { Endpoint } from '../../drivers/endpoint.ts';
import type { Report } from '../validate.ts';
import { parseDuration } from '../values/duration.ts';
import { option, type ShapeOutput } from '../values/option.ts';
import { duration, flag, name } from '../values/scalars.ts';

/** Seconds: from then on `beat healthcheck` too counts the loop as stuck. */
const DEFAULT_MAX_AGE = 60;
const DEFAULT_EXCHANGE = 'celery';

/** Celery's remote control, named as in Celery 5.7. */
export const remoteControlShape = {
  beatEnableRemoteControl: option(
    flag(),
    'Answers `celery inspect ping` as `celerybeat@HOST`, on Redis and RabbitMQ.',
    { default: false, example: true },
  ),
  beatRemoteControlMaxTickAge: option(
    duration(),
    'From how long without progress of the loop on beat does not answer any more; 0 for never.',
    { default: `${DEFAULT_MAX_AGE}s`, example: '2m' },
  ),
  controlExchange: option(
    name(),
    'The first part of the name of the exchange for remote control, as for the workers.',
    { default: DEFAULT_EXCHANGE, example: 'shop' },
  ),
};

export interface RemoteControlSettings {
  readonly enabled: boolean;
  /** Milliseconds; 0 for never. */
  readonly maxTickAge: number;
  /** Such as `celery`, for the exchange `celery.pidbox`. */
  readonly namespace: string;
}

/** A broker that cannot carry remote control is a warning: Celery's beat runs without it too. */
export function readRemoteControl(
  settings: ShapeOutput<typeof remoteControlShape>,
  override: boolean | undefined,
  { driver, scheme }: Endpoint,
  warn: Report,
): RemoteControlSettings {
  const { beatEnableRemoteControl, beatRemoteControlMaxTickAge = DEFAULT_MAX_AGE } = settings;
  const asked = override ?? beatEnableRemoteControl ?? false;
  const isPossible = driver?.fanoutExchanges === true && driver.loadMailbox !== undefined;
  if (asked && !isPossible) {
    const text = `beat does not answer: a broker at ${scheme}:// has no fanout exchanges`;
    warn(['beatEnableRemoteControl'], text);
  }
  return {
    enabled: asked && isPossible,
    maxTickAge: parseDuration(beatRemoteControlMaxTickAge) ?? 0,
    namespace: settings.controlExchange ?? DEFAULT_EXCHANGE,
  };
}
