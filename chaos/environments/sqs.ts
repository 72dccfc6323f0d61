import { setTimeout as delay } from 'node:timers/promises';
import { PYTHONS } from '../../test/support/celery-pythons.ts';
import { Proxy } from '../../test/support/proxy.ts';
import { consumeSqsQueue } from '../../test/support/queues.ts';
import { RedisServer } from '../../test/support/redis.ts';
import { SqsServer, type SqsFault } from '../../test/support/sqs.ts';
import type { Environment, EnvironmentType } from './environment.ts';
import { NETWORK_FAULT_DURATIONS, NETWORK_FAULTS } from './network-faults.ts';
import { freeze, restart } from './server-faults.ts';

/** What SQS answers during a fault. With `executes` it has done what was asked, so that the repeat is a repeat. */
const SQS_FAULTS: Readonly<Record<string, SqsFault>> = {
  'SQS answers 500': { status: 500, type: 'InternalFailure' },
  'SQS answers 503 after the work': { status: 503, executes: true },
  'SQS throttles': { status: 400, type: 'ThrottlingException', message: 'Rate exceeded' },
  'SQS drops answers': { drops: true, executes: true },
  'SQS is slow': { delay: 700 },
};

/** Of ten requests so many meet the fault: beat has to repeat some parts of a batch, and others not. */
const PER_TEN = 7;

/**
 * An emulator of SQS behind a proxy that answers in its place, a network proxy for each instance, and a Redis for lock,
 * ledger and outbox. The emulator is in memory, so it is not killed: Amazon does not lose messages either.
 */
export const sqsEnvironment: EnvironmentType = {
  faults: {
    ...NETWORK_FAULT_DURATIONS,
    ...Object.fromEntries(Object.keys(SQS_FAULTS).map((kind) => [kind, [300, 3_000] as const])),
    'ledger restarted': [0, 2_500],
    'ledger frozen': [200, 2_500],
  },
  mayRepeat: true,
  overlap: [],

  async open(instances): Promise<Environment> {
    const broker = await SqsServer.start(PYTHONS.newest[0]);
    const ledger = await RedisServer.start({ appendOnly: true });
    const proxies = await Promise.all(Array.from({ length: instances }, () => Proxy.to(broker.port)));
    return {
      config: { brokerUrl: broker.url(), stateUrl: ledger.url() },
      urlFor: (slot) => broker.url(undefined, proxies[slot]!.port),
      affects: (kind) => (kind in NETWORK_FAULTS ? 'instance' : 'server'),
      async inject(kind, slot, duration) {
        const fault = SQS_FAULTS[kind];
        if (kind === 'ledger restarted') await restart(ledger, duration);
        else if (kind === 'ledger frozen') await freeze(ledger, duration);
        else if (fault) {
          let requests = 0;
          broker.fault = () => (requests++ % 10 < PER_TEN ? fault : null);
          await delay(duration);
          broker.fault = () => null;
        } else await NETWORK_FAULTS[kind]!(proxies[slot]!, duration);
      },
      readQueue: (queue) => consumeSqsQueue(broker, queue),
      async [Symbol.asyncDispose]() {
        await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
        await Promise.all([broker.stop(), ledger.stop()]);
      },
    };
  },
};
