import { z } from 'zod';
import { mapOf, option, whole, type ShapeOutput } from '../values/option.ts';

const DEFAULT_MEGABYTES = 64;

const FORMS = 'false, or a map such as {megabytes: 64}';

const preparation = mapOf(
  'PrepareAheadConfig',
  {
    megabytes: option(
      whole(1, 1_000_000, 'a whole number from 1 on; to prepare nothing, write prepareAhead: false'),
      'The most memory for prepared messages.',
      { default: DEFAULT_MEGABYTES, example: 256 },
    ),
  },
  { allowed: FORMS },
);

export const preparationShape = {
  prepareAhead: option(
    z.union([z.literal(false), preparation], FORMS),
    'Messages of runs are prepared in the 3 seconds before they are due, so that many that are due together are published sooner; `false` for none.',
    { example: { megabytes: 256 } },
  ),
};

export function readPreparation({ prepareAhead = {} }: ShapeOutput<typeof preparationShape>): number {
  return prepareAhead === false ? 0 : (prepareAhead.megabytes ?? DEFAULT_MEGABYTES) * 1_000_000;
}
