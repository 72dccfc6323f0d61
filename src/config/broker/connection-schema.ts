import { z } from 'zod';
import { LOGIN_METHODS } from '../../broker/connection-settings.ts';
import { duration, name } from '../values/scalars.ts';
import { useSsl } from './tls-schema.ts';
import { transportSchema } from './transport-schema.ts';

const LOGINS = `one of ${LOGIN_METHODS.join(', ')}`;

const url = () => name().describe('For example redis://localhost:6379/0');
const URLS = 'a URL, or a list of URLs';
const urls = () => z.union([name(), z.array(name(), URLS).min(1, URLS)], URLS);

/** Where messages and state go, and how the connections to it are kept. */
export const brokersShape = {
  brokerUrl: urls().optional().describe('Default sqla+sqlite:///beat.sqlite'),
  brokerWriteUrl: urls().optional().describe('Where messages go, if not to brokerUrl.'),
  stateUrl: url().optional().describe('Where lock and ledger are. Default: the broker, if it can.'),
  lockUrls: z
    .array(name(), 'a list of URLs')
    .optional()
    .describe('Independent Redis servers: who has the lock of most of them leads.'),
  brokerUseSsl: useSsl(),
  brokerLoginMethod: z.enum(LOGIN_METHODS, LOGINS).optional().describe('AMQP. Default PLAIN.'),
  brokerFailoverStrategy: z
    .enum(['round-robin', 'shuffle'], "'round-robin' or 'shuffle'")
    .optional(),
  brokerHeartbeat: duration().optional().describe('AMQP: whole seconds, 0 for none. Default 10.'),
  brokerConnectionTimeout: duration().optional().describe('AMQP. Default 4.'),
  brokerNativeDelayedDeliveryQueueType: z
    .enum(['classic', 'quorum'], "'classic' or 'quorum'")
    .optional()
    .describe('AMQP: of the queues in which tasks wait for their ETA. Default quorum.'),
  brokerTransportOptions: transportSchema.optional(),
};
