import type { Events } from '../../contracts/events/events.ts';
import type { Liveness } from '../../observe/liveness.ts';
import type { Clock, Random } from '../../util/clock.ts';
import type { Wakeup } from '../../util/wakeup.ts';
import type { LiveSettings } from '../reload/live-settings.ts';

export interface InstanceParts {
  readonly live: LiveSettings;
  readonly liveness: Liveness;
  /** Called by everything that gives the leader work before its next tick is due. */
  readonly wakeup: Wakeup;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
}
