import { Random } from '../chaos/random.ts';
import type { Settings } from '../src/config/settings.ts';
import type { BeatEvents } from '../src/contracts/events/beat-events.ts';
import { Events } from '../src/contracts/events/events.ts';
import type { Store } from '../src/contracts/store/store.ts';
import { runInstance } from '../src/leader/instance/run-instance.ts';
import { withOutbox } from '../src/leader/outbox/open-store.ts';
import { emitOutboxEvents } from '../src/leader/outbox/outbox-events.ts';
import { LiveSettings } from '../src/leader/reload/live-settings.ts';
import { Reloader, type SettingsSource } from '../src/leader/reload/reloader.ts';
import { Liveness } from '../src/observe/liveness.ts';
import { Stop } from '../src/util/grace-period.ts';
import { Wakeup } from '../src/util/wakeup.ts';
import type { BrokerServer } from './broker-server.ts';
import { connectBroker, connectResults, connectStore, type Wiring } from './connect.ts';
import type { Process } from './machine.ts';
import type { Workers } from './workers.ts';

export interface InstanceOptions extends Wiring {
  readonly process: Process;
  readonly settings: Settings;
  readonly source: SettingsSource;
  readonly workers: Workers;
  /** `null` where the store is the broker. */
  readonly broker: BrokerServer | null;
  /** Decides the pauses between attempts. */
  readonly seed: number;
}

/** A running instance: everything that `beat` runs, in a simulated process. */
export interface RunningInstance {
  readonly process: Process;
  readonly events: Events;
  readonly live: LiveSettings;
  /** The fencing token of its term, as the instance believes; `null` for a follower. */
  readonly term: number | null;
  /** Asks it to stop, as SIGTERM does. */
  stop(): void;
  /** Resolves when it has stopped; never for one that is killed. */
  readonly stopped: Promise<void>;
}

export function startInstance(options: InstanceOptions): RunningInstance {
  const { process, settings, source, network, workers, broker, seed } = options;
  const { clock } = process;
  const random = new Random(seed);
  const events = new Events();
  const liveness = new Liveness(clock);
  const wakeup = new Wakeup();
  const live = new LiveSettings(settings, {
    origin: `gen${seed % 100_000}@${process.host.name}`,
    replyTo: `reply-${seed}`,
  });
  const shared = { live, clock, random: () => random.next(), events, liveness, wakeup };
  const state = connectStore(process, options);
  const store: Store =
    broker === null
      ? state
      : withOutbox(
          state,
          { broker: connectBroker(process, network, broker) },
          {
            clock,
            findPolicies: live.findPolicies,
            reports: emitOutboxEvents(events, liveness),
          },
        );
  const connections = {
    store,
    reader: settings.outcomes ? connectResults(process, network, workers) : null,
    eventStream: null,
    results: () => Promise.resolve(null),
    close: () => store.close(),
  };
  const reloader = new Reloader({ ...shared, source, prepare: () => Promise.resolve() });
  const stop = new AbortController();
  let term: number | null = null;
  events.on('leading', (event: BeatEvents['leading'][0]) => (term = event.term));
  events.on('following', () => (term = null));
  const stopped = runInstance({ ...shared, connections, reloader }, stop.signal);
  return {
    process,
    events,
    live,
    get term() {
      return term;
    },
    stop: () => {
      process.deliver(() => stop.abort(new Stop(clock.monotonic())));
    },
    stopped,
  };
}
