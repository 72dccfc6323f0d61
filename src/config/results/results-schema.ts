import { brokersShape } from '../broker/connection-schema.ts';
import { z } from 'zod';
import { duration, flag, map, MAP, name } from '../values/scalars.ts';
import { useSsl } from '../broker/tls-schema.ts';

const { masterName, sentinelKwargs } = brokersShape.brokerTransportOptions.unwrap().shape;

/** Where workers keep what tasks return. beat writes there only what a chord needs. */
export const resultsShape = {
  resultBackend: name()
    .optional()
    .describe("Celery's, such as redis://localhost/1. Default: none."),
  resultExpires: duration()
    .nullable()
    .optional()
    .describe('How long results are kept. Default 1d; null or 0: for ever.'),
  redisBackendUseSsl: useSsl(),
  resultBackendTransportOptions: z
    .strictObject(
      {
        globalKeyprefix: z.string('text').optional(),
        masterName,
        sentinelKwargs,
        minOtherSentinels: z.unknown().optional(),
        resultChordOrdered: flag().optional(),
        retryPolicy: map().optional(),
        visibilityTimeout: z.unknown().optional(),
      },
      MAP,
    )
    .optional(),
};
